package outages

import (
	"crypto/tls"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestEverySecretIsRotatedWithoutARestart changes the token service's database password, the Redis
// password and every certificate under the running processes, and closes the existing connections.
func TestEverySecretIsRotatedWithoutARestart(t *testing.T) {
	t.Parallel() // it has its own servers
	dir := t.TempDir()
	servers, err := harness.StartOwnServers(t.Context(), dir)
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, servers.Close()) })
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		expect.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
		return path
	}
	database, err := url.Parse(servers.Databases["token"])
	expect.NoError(t, err)
	as := func(password string) string {
		u := *database
		u.User = url.UserPassword("token_app", password)
		return u.String()
	}
	expect.NoError(t, servers.SQL(t.Context(), "", "CREATE ROLE token_app LOGIN PASSWORD 'database-first'",
		"ALTER DATABASE "+strings.TrimPrefix(database.Path, "/")+" OWNER TO token_app"))
	expect.NoError(t, servers.DemandPassword("token_app"))
	redis := func(args ...any) {
		t.Helper()
		expect.NoError(t, servers.Redis().Do(t.Context(), args...).Err())
	}
	redis("ACL", "SETUSER", "usher", "on", ">redis-first", "~*", "+@all")

	others := servers.Servers
	others.Databases = maps.Clone(servers.Databases)
	delete(others.Databases, "token")
	d, err := harness.Processes(shared.Bins, dir, others, map[string]string{
		"USHER_TOKEN_DATABASE_URL_FILE": write("token-url", as("database-first")),
		"USHER_REDIS_USERNAME":          "usher", "USHER_REDIS_PASSWORD_FILE": write("redis-password", "redis-first"),
	})
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	before := d.Pids()
	for name := range before {
		out, err := d.CheckConfig(name)
		if err != nil || !strings.Contains(out, "configuration of "+name+" is fine") || strings.Contains(out, "-first") {
			t.Errorf("%s --check-config: %v\n%s", name, err, out)
		}
	}
	wantTokensOf := func(when string) {
		t.Helper()
		expect.Eventually(t, when, func() bool {
			tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
			if err != nil {
				return false
			}
			a, err := d.Refresh(tokens.Refresh)
			return err == nil && a.Status == http.StatusOK
		})
	}
	wantTokensOf("at first")

	write("token-url", as("database-second"))
	expect.NoError(t, servers.SQL(t.Context(), "", "ALTER ROLE token_app PASSWORD 'database-second'",
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'token_app'"))
	wantTokensOf("with the second password of the database")

	redis("ACL", "SETUSER", "usher", ">redis-second")
	write("redis-password", "redis-second")
	redis("ACL", "SETUSER", "usher", "<redis-first")
	redis("CLIENT", "KILL", "USER", "usher")
	wantTokensOf("with the second password of Redis")

	shown := serialOf(t, d)
	expect.NoError(t, d.Reissue())
	if again := serialOf(t, d); again == shown {
		t.Error("the token service shows the previous certificate")
	}
	wantTokensOf("with new certificates")
	if after := d.Pids(); !maps.Equal(before, after) {
		t.Errorf("the process ids were %v and are %v", before, after)
	}
}

// serialOf returns the serial number of the certificate that the token service presents to a new
// connection.
func serialOf(t *testing.T, d *harness.Deployment) string {
	t.Helper()
	config, err := d.TLS("video-api", "token")
	expect.NoError(t, err)
	conn, err := tls.Dial("tcp", d.TokenAddr, config)
	expect.NoError(t, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}
