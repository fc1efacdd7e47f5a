package doctor

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/test/harness"
)

func TestACertificatesTimeIsJudged(t *testing.T) {
	t.Chdir(t.TempDir())
	authority, err := harness.NewAuthority(".")
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Issue("operator"); err != nil {
		t.Fatal(err)
	}
	files := mtls.Config{CertFile: "operator.pem", KeyFile: "operator.key", CAFile: "ca.pem", TrustDomain: harness.TrustDomain}
	own, err := mtls.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	ends := own.Ends
	for name, c := range map[string]struct {
		now   time.Time
		state State
		fix   string
	}{
		"not valid yet": {own.Begins.Add(-time.Minute), Wrong, "clock"},
		"expires soon":  {ends.Add(-time.Minute), Warning, "replace the certificate"},
		"expired":       {ends.Add(time.Minute), Wrong, "replace the certificate"},
	} {
		if f := validate(own, files, c.now); f.State != c.state || !strings.Contains(f.Fix, c.fix) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if err := os.Mkdir("other", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := harness.NewAuthority("other"); err != nil {
		t.Fatal(err)
	}
	files.CAFile = "other/ca.pem"
	if own, err = mtls.Read(files); err != nil {
		t.Fatal(err)
	}
	if f := validate(own, files, time.Now()); f.State != Wrong || !strings.Contains(f.Fix, "tls.ca_file") {
		t.Errorf("signed by another authority: %+v", f)
	}
}

func TestAnAuthorityThatExpiresSoonIsAWarning(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := harness.NewAuthority("."); err != nil {
		t.Fatal(err)
	}
	settings := run.Default()
	settings.TLS.CAFile = "ca.pem"
	target := Target{Settings: &settings}
	first, err := mtls.Authority("ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	ends := first.NotAfter // it is valid for 25 hours
	for name, c := range map[string]struct {
		now   time.Time
		state State
		fix   string
	}{
		"long before": {ends.Add(-3 * time.Hour), OK, ""},
		"soon":        {ends.Add(-2 * time.Hour), Warning, "Rotation"},
		"after":       {ends.Add(time.Second), Wrong, "tls.ca_file"},
	} {
		if f := target.authority(c.now); f.State != c.state || !strings.Contains(f.Fix, c.fix) || !strings.Contains(f.Text, ends.UTC().Format(time.RFC3339)) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAClockThatIsOffIsWrong(t *testing.T) {
	for off, want := range map[time.Duration]State{0: OK, time.Second: OK, time.Hour: Wrong, -time.Hour: Wrong} {
		f := clock(t.Context(), "redis clock", "Redis", func(context.Context) (time.Time, error) { return time.Now().Add(off), nil })
		if f.State != want || (want == Wrong) != strings.Contains(f.Fix, "NTP") {
			t.Errorf("off by %s: %+v", off, f)
		}
	}
	failing := func(context.Context) (time.Time, error) { return time.Time{}, errors.New("no response") }
	if f := clock(t.Context(), "redis clock", "Redis", failing); f.State != Wrong || !strings.Contains(f.Text, "no response") {
		t.Errorf("without a response: %+v", f)
	}
}
