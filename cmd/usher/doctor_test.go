package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/cmd/usher/internal/doctor"
)

// examine runs the doctor and returns its findings by check.
func examine(t *testing.T, d *console) (map[string]doctor.Finding, result) {
	t.Helper()
	r := d.run("", "doctor", "--output", "json", "--timeout", "2s")
	var printed struct{ Findings []doctor.Finding }
	if err := json.Unmarshal([]byte(r.out), &printed); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	findings := map[string]doctor.Finding{}
	for _, f := range printed.Findings {
		if findings[f.Check].State != doctor.Wrong { // of several, the worst
			findings[f.Check] = f
		}
	}
	return findings, r
}

// healthy has valid settings: certificates, three services, four databases.
func healthy(t *testing.T) *console {
	t.Helper()
	d := newConsole(t)
	d.certified()
	t.Setenv("USHER_PUBLIC_URL", "https://login.test")
	for _, service := range []string{"identity", "authz", "token", "consent"} {
		t.Setenv("USHER_"+strings.ToUpper(service)+"_DATABASE_URL", "sqlite:"+service+".db")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if up := usher(t, here, os.Environ(), "migrate", "up"); up.status != 0 {
		t.Fatalf("migrating: %+v", up)
	}
	return d
}

func TestTheDoctorFindsNothingWrongWhereNothingIs(t *testing.T) {
	findings, r := examine(t, healthy(t))
	if r.status != 0 || r.errors != "" {
		t.Errorf("it ends with %+v", r)
	}
	for _, check := range []string{
		"settings", "certificate", "certificate authority", "catalog", "identity database", "identity clock", "authz database", "token database", "token clock",
		"consent database", "identity service", "authz service", "token service",
	} {
		if f := findings[check]; f.State != doctor.OK || f.Text == "" || f.Fix != "" {
			t.Errorf("%s: %+v", check, f)
		}
	}
	for _, check := range []string{"redis", "consent service"} {
		if f := findings[check]; f.State != doctor.Skipped {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

func TestTheDoctorNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	for _, c := range []struct{ name, value, check, text, fix string }{
		{"USHER_PUBLIC_URL", "http://login.test", "settings", "https", "usher config"},
		{"USHER_IDENTITY_SESSION_LIFETIME", "1s", "settings", "session_lifetime", "usher config"},
		{"USHER_TLS_KEY_FILE", "token.key", "certificate", "key", "key"},
		{"USHER_TLS_CERT_FILE", "none.pem", "certificate", "none.pem", "PEM"},
		{"USHER_TLS_CA_FILE", "none.pem", "certificate authority", "none.pem", "PEM"},
		{"USHER_TRUST_DOMAIN", "elsewhere.test", "certificate", "spiffe://usher.test/operator", "spiffe://elsewhere.test/"},
		{"USHER_CATALOG_FILE", "operator.pem", "catalog", "operator.pem", "usher catalog check"},
		{"USHER_TOKEN_DATABASE_URL", "sqlite:none.db", "token database", "none.db", "token.database_url"},
		{"USHER_TOKEN_DATABASE_URL", "postgres://usher:sentinel@127.0.0.1:1/usher?connect_timeout=1", "token database", "127.0.0.1:1", "token.database_url"},
		{"USHER_REDIS_ADDRS", "127.0.0.1:1", "redis", "unavailable", "redis.addrs"},
		{"USHER_PEERS_CONSENT", "127.0.0.1:1", "consent service", "127.0.0.1:1", "peers.consent"},
	} {
		t.Run(c.check+" "+c.name, func(t *testing.T) {
			d := healthy(t)
			t.Setenv(c.name, c.value)
			findings, r := examine(t, d)
			f := findings[c.check]
			if r.status != 1 || f.State != doctor.Wrong || !strings.Contains(f.Text, c.text) || !strings.Contains(f.Fix, c.fix) {
				t.Errorf("it found %+v and ends with %d", f, r.status)
			}
			if strings.Contains(r.out+r.errors, "sentinel") {
				t.Errorf("it prints a password: %+v", r)
			}
		})
	}
}

func TestTheDoctorFindsPendingMigrationsAndChangesNothing(t *testing.T) {
	d := healthy(t)
	if err := os.WriteFile("fresh.db", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("USHER_TOKEN_DATABASE_URL", "sqlite:fresh.db")
	findings, r := examine(t, d)
	if f := findings["token database"]; r.status != 1 || !strings.Contains(f.Text, "pending") || !strings.Contains(f.Fix, "usher migrate up") {
		t.Errorf("it found %+v", f)
	}
	t.Setenv("USHER_TOKEN_DATABASE_URL", "sqlite:absent.db")
	examine(t, d)
	if left, err := filepath.Glob("absent*"); err != nil || len(left) > 0 {
		t.Errorf("it made %v, %v", left, err)
	}
}

func TestTheDoctorReportsEveryErrorOfTheSettings(t *testing.T) {
	d := healthy(t)
	t.Setenv("USHER_HTTP_ADR", "slip")
	t.Setenv("USHER_GATEWAY_CALL_TIMEOUT", "1ms")
	if err := os.WriteFile("usher.yaml", []byte("token: {lifetime: 1h, database_url: sqlite:inline.db}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := d.run("", "--config", "usher.yaml", "doctor")
	for _, part := range []string{
		"USHER_HTTP_ADR is not a setting: did you mean USHER_HTTP_ADDR?", "gateway.call_timeout is 1ms", "token.lifetime is not a setting",
		"token.database_url is a secret", "to do: ", "token database", // it goes on
	} {
		if r.status != 1 || !strings.Contains(r.out, part) {
			t.Errorf("it does not report %q: %+v", part, r)
		}
	}
}

func TestTheDoctorComparesClocksWithRedisToo(t *testing.T) {
	d := healthy(t)
	t.Setenv("USHER_REDIS_ADDRS", os.Getenv("USHER_TEST_REDIS_ADDR"))
	findings, r := examine(t, d)
	for _, check := range []string{"redis", "redis clock"} {
		if f := findings[check]; r.status != 0 || f.State != doctor.OK {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

// TestFault_C14_TheDoctorNamesAWrongTopology of Redis, and the setting to change.
func TestFault_C14_TheDoctorNamesAWrongTopology(t *testing.T) {
	for variable, says := range map[string]string{
		"USHER_REDIS_CLUSTER=true": "single server", "USHER_REDIS_MASTER_NAME=main": "not a Sentinel",
	} {
		t.Run(variable, func(t *testing.T) {
			d := healthy(t)
			t.Setenv("USHER_REDIS_ADDRS", os.Getenv("USHER_TEST_REDIS_ADDR"))
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
			findings, r := examine(t, d)
			if f := findings["redis"]; r.status != 1 || f.State != doctor.Wrong || !strings.Contains(f.Text, says) || !strings.Contains(f.Fix, "redis.master_name") {
				t.Errorf("it found %+v and ends with %d", f, r.status)
			}
		})
	}
}

// TestFault_E2_TheDoctorWarnsOfAProxyThatIsNotTrusted: behind a public https address there is one.
func TestFault_E2_TheDoctorWarnsOfAProxyThatIsNotTrusted(t *testing.T) {
	d := healthy(t)
	findings, r := examine(t, d)
	if f := findings["trusted proxies"]; r.status != 0 || f.State != doctor.Warning || !strings.Contains(f.Fix, "gateway.trusted_proxies") {
		t.Errorf("without any it found %+v and ends with %d", f, r.status)
	}
	t.Setenv("USHER_GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8")
	if findings, _ := examine(t, d); findings["trusted proxies"].State != doctor.OK {
		t.Errorf("with one it found %+v", findings["trusted proxies"])
	}
}
