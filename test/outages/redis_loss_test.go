package outages

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestRedisLosesItsData: docs/operations.md names what is gone and what stays.
func TestRedisLosesItsData(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := shared.OwnProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	ended, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	a, err := d.JSON("/oauth/revoke", map[string]any{"token": ended.Refresh})
	expect.NoError(t, err)
	expect.Equal(t, "status of the revocation", a.Status, http.StatusOK)
	used, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	a, err = d.Exchange(used, harness.Request{})
	expect.NoError(t, err)
	expect.Tokens(t, a, harness.FullScope)
	pending, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	expect.Equal(t, "signed in before", accountStatus(t, b), http.StatusOK)

	expect.NoError(t, servers.Redis().FlushDB(t.Context()).Err())

	expect.Equal(t, "signed in after", accountStatus(t, b), http.StatusOK)
	for name, code := range map[string]string{"a code in flight": pending, "a used code": used} {
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		if a.Status == http.StatusOK {
			t.Errorf("%s was redeemed", name)
		}
	}
	expect.Active(t, d, tokens.Access, true)
	expect.Active(t, d, ended.Access, false)
	a, err = d.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	expect.Tokens(t, a, harness.FullScope)
	a, err = d.Refresh(ended.Refresh)
	expect.NoError(t, err)
	if a.Status == http.StatusOK {
		t.Error("a revoked refresh token was used")
	}
	_, err = d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
}

// accountStatus opens a page that only signed-in browsers see; others are sent to sign in.
func accountStatus(t *testing.T, b *harness.Browser) int {
	t.Helper()
	page, err := b.Get("/account")
	expect.NoError(t, err)
	return page.Status
}
