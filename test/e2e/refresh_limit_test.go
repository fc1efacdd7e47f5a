package e2e

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_E4_RefreshesBeyondTheLimitAre429 in both dialects (docs/wire-contract.md §4), and the
// refresh token stays valid.
func TestFault_E4_RefreshesBeyondTheLimitAre429(t *testing.T) {
	t.Parallel() // it has its own server
	d := shared.OwnAllInOne(t, map[string]string{"USHER_TOKEN_REFRESH_LIMIT": "2", "USHER_TOKEN_REFRESH_WINDOW": "1h"})
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	current := tokens.Refresh
	for range 2 {
		a, err := d.Refresh(current)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
		current = a.Text("refresh_token")
	}
	documented, err := d.Refresh(current)
	expect.NoError(t, err)
	expect.Failure(t, documented, http.StatusTooManyRequests, "rate_limited", "")
	form, err := d.Form("/oauth/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {current}, "client_id": {harness.ConfidentialID}, "client_secret": {harness.ConfidentialPW},
	})
	expect.NoError(t, err)
	expect.Equal(t, "status", form.Status, http.StatusTooManyRequests)
	expect.Equal(t, "error", form.Text("error"), "temporarily_unavailable")
	for _, a := range []harness.Response{documented, form} {
		if after, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || after <= 0 || after > 1800 {
			t.Errorf("Retry-After is %q, want the rest of half an hour", a.Header.Get("Retry-After"))
		}
	}
	expect.Active(t, d, tokens.Access, true)
}
