package run_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/run"
)

// process is a process with a section of its own.
type process struct {
	run.Settings `koanf:",squash"`
	Token        section `koanf:"token"`
}

type section struct {
	Life time.Duration `koanf:"life"`
}

// Validate is a section's validation.
func (s section) Validate() error {
	if s.Life < 0 {
		return fmt.Errorf("life is %s", s.Life)
	}
	return nil
}

func defaults() *process {
	return &process{Settings: run.Default(), Token: section{Life: time.Hour}}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheEnvironmentGoesBeforeTheFileAndTheFileBeforeTheDefaults(t *testing.T) {
	c := defaults()
	path := file(t, "public_url: https://file.test\nhttp_addr: :1\ntoken:\n  life: 2h\nauthz:\n  database_url: not-ours\n")
	loaded, err := run.Load("usher", c, path, []string{"USHER_PUBLIC_URL=https://env.test", "USHER_DRAIN_TIME=7s", "PATH=/bin"})
	if err != nil || loaded.From["public_url"] != "USHER_PUBLIC_URL" || loaded.From["http_addr"] != path {
		t.Fatalf("Load returns %v, %v", loaded, err)
	}
	if c.PublicURL != "https://env.test" || c.HTTPAddr != ":1" || c.Token.Life != 2*time.Hour || c.DrainTime != 7*time.Second || c.AdminAddr != ":8081" {
		t.Errorf("the settings are %+v", c)
	}
}

func TestASettingThatCannotBeUsedIsNamed(t *testing.T) {
	const url = "USHER_PUBLIC_URL=https://login.test"
	for name, row := range map[string]struct {
		environ []string
		names   string
	}{
		"no address":                 {nil, "public_url"},
		"plain http in production":   {[]string{"USHER_PUBLIC_URL=http://login.test"}, "https://"},
		"a path":                     {[]string{"USHER_PUBLIC_URL=https://login.test/usher"}, "public_url"},
		"a slash at the end":         {[]string{"USHER_PUBLIC_URL=https://login.test/"}, "public_url"},
		"a query":                    {[]string{"USHER_PUBLIC_URL=https://login.test?a=b"}, "public_url"},
		"a user":                     {[]string{"USHER_PUBLIC_URL=https://me@login.test"}, "public_url"},
		"no scheme":                  {[]string{"USHER_PUBLIC_URL=login.test"}, "public_url"},
		"another scheme":             {[]string{"USHER_PUBLIC_URL=ftp://login.test"}, "public_url"},
		"plain http for clients":     {[]string{url, "USHER_API_URL=http://api.test"}, "api_url"},
		"a path for clients":         {[]string{url, "USHER_API_URL=https://api.test/v1"}, "api_url"},
		"a moved clock":              {[]string{url, "USHER_CLOCK_OFFSET=1h"}, "clock_offset"},
		"a drain before its time":    {[]string{url, "USHER_DRAIN_TIME=-1s"}, "drain_time"},
		"a drain without end":        {[]string{url, "USHER_DRAIN_TIME=61s"}, "drain_time"},
		"a duration without a unit":  {[]string{url, "USHER_TOKEN_LIFE=soon"}, "USHER_TOKEN_LIFE"},
		"a log level":                {[]string{url, "USHER_LOG_LEVEL=loud"}, "log.level"},
		"a log format":               {[]string{url, "USHER_LOG_FORMAT=xml"}, "log.format"},
		"a secret in two ways":       {[]string{url, "USHER_REDIS_PASSWORD=a", "USHER_REDIS_PASSWORD_FILE=/dev/null"}, "USHER_REDIS_PASSWORD"},
		"a secret's file is missing": {[]string{url, "USHER_REDIS_PASSWORD_FILE=/nowhere/at/all"}, "USHER_REDIS_PASSWORD_FILE"},
	} {
		if _, err := run.Load("usher", defaults(), "", row.environ); err == nil || !strings.Contains(err.Error(), row.names) {
			t.Errorf("%s: %v, want an error with %s", name, err, row.names)
		}
	}
}

func TestDevelopmentMayDoWhatProductionMayNot(t *testing.T) {
	c := defaults()
	_, err := run.Load("usher", c, "", []string{"USHER_DEVELOPMENT=true", "USHER_PUBLIC_URL=http://localhost:8080", "USHER_CLOCK_OFFSET=2h"})
	if err != nil {
		t.Fatal(err)
	}
	if ahead := time.Until(c.Now()); ahead < 2*time.Hour-time.Minute || ahead > 2*time.Hour {
		t.Errorf("the clock is %s ahead, want 2h", ahead)
	}
}

func TestAFileWithAWrongNameIsRefused(t *testing.T) {
	path := file(t, "public_url: https://login.test\nhttp_adr: :1\n")
	if _, err := run.Load("usher", defaults(), path, nil); err == nil || !strings.Contains(err.Error(), "http_adr") || !strings.Contains(err.Error(), path) {
		t.Errorf("a misspelled name: %v", err)
	}
	if _, err := run.Load("usher", defaults(), path+".none", nil); err == nil {
		t.Error("a missing file passes")
	}
}

func TestAVariableThatNobodyReadsIsRefusedAndForeignOnesAreNot(t *testing.T) {
	foreign := []string{
		"USHER_PUBLIC_URL=https://login.test", "OTHER=1",
		"USHER_CONFIG_FILE=x", "USHER_TEST_POSTGRES_URL=x", // read elsewhere
		"USHER_AUTHZ_DATABASE_URL=x", "USHER_CONSENT_DATABASE_URL_FILE=x", // another service's
		"USHER_PORT=tcp://10.0.0.1:80", "USHER_SERVICE_HOST=10.0.0.1", "USHER_PORT_80_TCP_ADDR=10.0.0.1", // Kubernetes'
	}
	if _, err := run.Load("usher", defaults(), "", foreign); err != nil {
		t.Error(err)
	}
	for slip, meant := range map[string]string{"USHER_HTTP_ADR": "USHER_HTTP_ADDR", "USHER_TOKEN_LIEF": "USHER_TOKEN_LIFE", "USHER_REDIS_PASSWORD_FIEL": "USHER_REDIS_PASSWORD_FILE"} {
		_, err := run.Load("usher", defaults(), "", append(slices.Clone(foreign), slip+"=x"))
		if err == nil || !strings.Contains(err.Error(), slip+" is not a setting: did you mean "+meant+"?") {
			t.Errorf("%s: %v", slip, err)
		}
	}
}

func TestEachProcessNamesWhatItCannotDoWithout(t *testing.T) {
	shared := "public_url tls.cert_file tls.key_file tls.ca_file"
	for process, want := range map[string]string{
		"identity": shared + " redis.addrs",
		"authz":    shared + " redis.addrs peers.identity",
		"token":    shared + " peers.identity peers.authz",
		"consent":  shared + " peers.identity peers.authz peers.token",
		"gateway":  shared + " peers.identity peers.authz peers.token peers.consent",
		"usher":    "public_url",
	} {
		_, err := run.Load(process, defaults(), "", nil)
		var missing []string
		for _, fault := range config.Each(err) {
			key, found := strings.CutSuffix(strings.SplitN(fault.Error(), ": ", 2)[0], " is not set")
			if !found {
				t.Errorf("%s: %v", process, fault)
			}
			missing = append(missing, key)
		}
		if got := strings.Join(missing, " "); got != want {
			t.Errorf("%s misses %s, want %s", process, got, want)
		}
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	_, err := run.Load("usher", defaults(), file(t, "nmae: x\ntoken: {life: -1s}\n"), []string{
		"USHER_PUBLIC_URL=http://login.test", "USHER_HTTP_ADR=:1", "USHER_DRAIN_TIME=2m", "USHER_LOG_LEVEL=loud", "USHER_LOG_FORMAT=soon",
	})
	for _, part := range []string{"nmae", "USHER_HTTP_ADR", "public_url", "drain_time", "log.level", "token.life is -1s"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
}
