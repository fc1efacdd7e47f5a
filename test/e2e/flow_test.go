package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestDocument000_TheWholeFlow is document 000 (docs/wire-contract.md) from the first step to the
// last, for a confidential client.
func TestDocument000_TheWholeFlow(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		consent, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		for _, shown := range []string{"Example App", "View videos in the workspace", "Analyze videos", "View job status", "Acme Studio", "Doe Family"} {
			if !strings.Contains(consent.Body, shown) {
				t.Errorf("the consent screen does not show %q", shown)
			}
		}
		page, err := b.Decide(consent, "ws_acme", "approve")
		expect.NoError(t, err)
		expect.Equal(t, "status after approving", page.Status, http.StatusSeeOther)
		if !strings.HasPrefix(page.Location(), harness.CallbackURI+"?") {
			t.Fatalf("approving led to %s", page.Location())
		}
		q := page.Query()
		expect.Equal(t, "state", q.Get("state"), "random_csrf_token")
		expect.Equal(t, "iss (RFC 9207)", q.Get("iss"), d.PublicURL)

		a, err := d.Exchange(q.Get("code"), harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, "videos:read analyze:write jobs:read")
		expect.Active(t, d, a.Text("access_token"), true)

		next, err := d.Refresh(a.Text("refresh_token"))
		expect.NoError(t, err)
		expect.Tokens(t, next, "videos:read analyze:write jobs:read")
		if next.Text("refresh_token") == a.Text("refresh_token") || next.Text("access_token") == a.Text("access_token") {
			t.Error("a refresh must issue a new token pair")
		}
		revoked, err := d.JSON("/oauth/revoke", map[string]any{"token": next.Text("access_token"), "token_type_hint": "access_token"})
		expect.NoError(t, err)
		expect.Equal(t, "status of the revocation", revoked.Status, http.StatusOK)
		if diff := cmp.Diff(map[string]any{}, revoked.Body); diff != "" {
			t.Errorf("revocation body: %s", diff)
		}
		expect.Active(t, d, next.Text("access_token"), false)
	})
}

// TestDocument000_PublicClientWithPKCE is the same flow for a public client.
func TestDocument000_PublicClientWithPKCE(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()}
		tokens, err := d.Issue(d.NewBrowser(), r)
		expect.NoError(t, err)
		expect.Active(t, d, tokens.Access, true)
		a, err := d.JSON("/oauth/token", map[string]any{
			"grant_type": "refresh_token", "refresh_token": tokens.Refresh, "client_id": harness.PublicID,
		})
		expect.NoError(t, err)
		expect.Tokens(t, a, "videos:read analyze:write jobs:read")
	})
}

// TestDocument000_Denial is step 3 when the user denies.
func TestDocument000_Denial(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		consent, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		page, err := b.Decide(consent, "ws_acme", "deny")
		expect.NoError(t, err)
		expect.Equal(t, "status", page.Status, http.StatusSeeOther)
		got := page.Query()
		got.Del("error_description")
		if diff := cmp.Diff(url.Values{"error": {"access_denied"}, "state": {"random_csrf_token"}, "iss": {d.PublicURL}}, got); diff != "" {
			t.Error(diff)
		}
	})
}
