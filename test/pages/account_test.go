package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestWire7_ConnectedAppsListsOneRowAnApp: the row shows the app's workspaces, its scopes, and when
// it was approved and last used.
func TestWire7_ConnectedAppsListsOneRowAnApp(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		_, err := d.Issue(b, harness.Request{Scope: "videos:read"})
		expect.NoError(t, err)
		_, err = d.Issue(b, harness.Request{Scope: "jobs:read", Workspace: "ws_doe"})
		expect.NoError(t, err)
		page, err := b.Get("/account/connected-apps")
		expect.NoError(t, err)
		expect.Equal(t, "rows of the app", strings.Count(page.Body, "<h2><bdi>Example App</bdi></h2>"), 1)
		for _, shown := range []string{"Acme Studio", "Doe Family", "videos:read", "jobs:read", "<dt>Approved</dt><dd><time", "<dt>Last used</dt><dd><time", harness.JohnEmail} {
			if !strings.Contains(page.Body, shown) {
				t.Errorf("the page does not show %q", shown)
			}
		}
		page, err = expect.SignedIn(t, d, harness.EstherEmail).Get("/account/connected-apps")
		expect.NoError(t, err)
		if strings.Contains(page.Body, "Doe Family") {
			t.Error("another user sees it")
		}
	})
}

// TestCase33_DisconnectingIsCompleteAndImmediate: every grant of the user with that client is
// revoked, and no other grant.
func TestCase33_DisconnectingIsCompleteAndImmediate(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		acme, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		doe, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		open, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		other, err := d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
		expect.NoError(t, err)
		esther, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)

		done, err := b.Disconnect(harness.ConfidentialID)
		expect.NoError(t, err)
		expect.Equal(t, "status of the button", done.Status, http.StatusSeeOther)
		for _, token := range []string{acme.Access, doe.Access} {
			expect.Active(t, d, token, false)
		}
		for _, token := range []string{acme.Refresh, doe.Refresh} {
			a, err := d.Refresh(token)
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		}
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		stale, err := b.Follow(b.Decide(open, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.ErrorPage(t, "a consent page that was open", stale)
		expect.Active(t, d, other.Access, true)
		expect.Active(t, d, esther.Access, true)
		page, err := b.Follow(done, nil)
		expect.NoError(t, err)
		if strings.Contains(page.Body, "<h2><bdi>Example App</bdi>") || !strings.Contains(page.Body, "<bdi>Example App</bdi> is disconnected") {
			t.Error("the page still lists the app, or does not report the disconnection")
		}
		// The user may approve the client again.
		again, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		expect.Active(t, d, again.Access, true)
		expect.Active(t, d, acme.Access, false)
	})
}

// TestCase33_DisconnectingNeedsOurFormAndAnAppOfOnesOwn: 403 for a cross-site request; a client
// that the user has not connected is not found.
func TestCase33_DisconnectingNeedsOurFormAndAnAppOfOnesOwn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		page, err := b.Get("/account/connected-apps")
		expect.NoError(t, err)
		form, err := page.FormWith("client_id")
		expect.NoError(t, err)
		fields := url.Values{"client_id": {harness.ConfidentialID}, "csrf_token": {form.Values.Get("csrf_token")}}
		for name, c := range map[string]harness.CrossSite{
			"another origin": {Body: fields.Encode(), Headers: map[string]string{"Origin": "https://evil.test"}},
			"no token":       {Body: "client_id=" + harness.ConfidentialID},
		} {
			expect.Equal(t, name, expect.Posted(t, b, "/account/connected-apps/disconnect", c).Status, http.StatusForbidden)
		}
		expect.Active(t, d, tokens.Access, true)
		for _, id := range []string{"vdo_client_nobody", harness.ResourceID, "", strings.Repeat("x", 5000)} {
			response, err := b.Follow(b.Submit(page, form, map[string]string{"client_id": id}))
			expect.NoError(t, err)
			expect.Page(t, "an app that is not connected", response, 200, "There is no such connected app.")
		}
		expect.Active(t, d, tokens.Access, true)
	})
}
