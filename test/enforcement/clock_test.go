package enforcement

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestCase110_ReplicasWhoseClocksDifferAgree: the first replica of each service is two minutes
// ahead and the second two behind, in the process's clock and in the clock that it takes for the
// database's. No replica refuses a token as not yet valid, and a revoked token is inactive at every
// replica. internal/arch checks that only the database's clock decides expiry.
func TestCase110_ReplicasWhoseClocksDifferAgree(t *testing.T) {
	servers, err := harness.NewServers(t.Context())
	expect.NoError(t, err)
	d, err := harness.Replicated(shared.bins, t.TempDir(), servers, 2, harness.WithLongTimeouts(nil))
	expect.NoError(t, err)
	d.Own = servers
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	for _, name := range d.Names() {
		offset := 2 * time.Minute
		if strings.HasSuffix(name, "-2") {
			offset = -offset
		}
		d.SetOne(name, "USHER_CLOCK_OFFSET", offset.String())
		_, err := d.StopOne(name)
		expect.NoError(t, err)
		expect.NoError(t, d.StartOne(name))
	}
	for range 10 { // calls are load balanced: each step uses one clock or the other
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		a, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		wantStatus(t, a, http.StatusOK)
		access := a.Text("access_token")
		wantEverywhere(t, d, access, true)
		a, err = d.JSON("/oauth/revoke", map[string]any{"token": a.Text("refresh_token")})
		expect.NoError(t, err)
		wantStatus(t, a, http.StatusOK)
		wantEverywhere(t, d, access, false)
	}
}

func wantEverywhere(t *testing.T, d *harness.Deployment, token string, want bool) {
	t.Helper()
	for i, addr := range d.TokenAddrs {
		conn, err := d.DialAt("video-api", "token", addr)
		expect.NoError(t, err)
		if got := introspect(t, conn, token); got != want {
			t.Errorf("replica %d returns %t, want %t", i, got, want)
		}
		expect.NoError(t, conn.Close())
	}
}
