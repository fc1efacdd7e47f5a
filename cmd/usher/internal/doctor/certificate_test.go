package doctor

import (
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/mtls"
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
	pair, err := tls.LoadX509KeyPair("operator.pem", "operator.key")
	if err != nil {
		t.Fatal(err)
	}
	files := mtls.Config{CAFile: "ca.pem", TrustDomain: harness.TrustDomain}
	ends := pair.Leaf.NotAfter
	for name, c := range map[string]struct {
		now   time.Time
		state State
		fix   string
	}{
		"before its time": {pair.Leaf.NotBefore.Add(-time.Minute), Wrong, "clock"},
		"near its end":    {ends.Add(-time.Minute), Warning, "new certificate"},
		"after its end":   {ends.Add(time.Minute), Wrong, "new certificate"},
	} {
		if f := judge(pair, files, c.now); f.State != c.state || !strings.Contains(f.Fix, c.fix) {
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
	if f := judge(pair, files, time.Now()); f.State != Wrong || !strings.Contains(f.Fix, "tls.ca_file") {
		t.Errorf("signed by nobody we know: %+v", f)
	}
}
