package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestWire7_ConnectedAppsListsOneRowAnApp: the row shows the app's workspaces, its scopes, and when
// it was approved and last used.
func TestWire7_ConnectedAppsListsOneRowAnApp(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		_, err := d.Issue(b, harness.Request{Scope: "videos:read"})
		must(t, err)
		_, err = d.Issue(b, harness.Request{Scope: "jobs:read", Workspace: "ws_doe"})
		must(t, err)
		page, err := b.Get("/account/connected-apps")
		must(t, err)
		want(t, "rows of the app", strings.Count(page.Body, "<h2><bdi>Example App</bdi></h2>"), 1)
		for _, shown := range []string{"Acme Studio", "Doe Family", "videos:read", "jobs:read", "<dt>Approved</dt><dd><time", "<dt>Last used</dt><dd><time", harness.JohnEmail} {
			if !strings.Contains(page.Body, shown) {
				t.Errorf("the page does not show %q", shown)
			}
		}
		page, err = signIn(t, d, harness.EstherEmail).Get("/account/connected-apps")
		must(t, err)
		if strings.Contains(page.Body, "Doe Family") {
			t.Error("another user sees it")
		}
	})
}

// TestCase33_DisconnectingIsCompleteAndImmediate: every grant of the user with that client is
// revoked, and no other grant.
func TestCase33_DisconnectingIsCompleteAndImmediate(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		acme, err := d.Issue(b, harness.Request{})
		must(t, err)
		doe, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		must(t, err)
		code, err := b.Approve(harness.Request{})
		must(t, err)
		open, err := b.Consent(harness.Request{})
		must(t, err)
		other, err := d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
		must(t, err)
		esther, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		must(t, err)

		done, err := b.Disconnect(harness.ConfidentialID)
		must(t, err)
		want(t, "status of the button", done.Status, http.StatusSeeOther)
		for _, token := range []string{acme.Access, doe.Access} {
			wantActive(t, d, token, false)
		}
		for _, token := range []string{acme.Refresh, doe.Refresh} {
			a, err := d.Refresh(token)
			must(t, err)
			wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badRefresh)
		}
		a, err := d.Exchange(code, harness.Request{})
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badCode)
		stale, err := b.Follow(b.Decide(open, "ws_acme", "approve"))
		must(t, err)
		wantErrorPage(t, "a consent page that was open", stale)
		wantActive(t, d, other.Access, true)
		wantActive(t, d, esther.Access, true)
		page, err := b.Follow(done, nil)
		must(t, err)
		if strings.Contains(page.Body, "<bdi>Example App</bdi>") || !strings.Contains(page.Body, "is disconnected") {
			t.Error("the page still lists the app, or does not report the disconnection")
		}
		// The user may approve the client again.
		again, err := d.Issue(b, harness.Request{})
		must(t, err)
		wantActive(t, d, again.Access, true)
		wantActive(t, d, acme.Access, false)
	})
}

// TestCase33_DisconnectingNeedsOurFormAndAnAppOfOnesOwn: 403 for a cross-site request; a client
// that the user has not connected is not found.
func TestCase33_DisconnectingNeedsOurFormAndAnAppOfOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		page, err := b.Get("/account/connected-apps")
		must(t, err)
		form, err := page.FormWith("client_id")
		must(t, err)
		fields := url.Values{"client_id": {harness.ConfidentialID}, "csrf_token": {form.Values.Get("csrf_token")}}
		for name, c := range map[string]crossSiteRequest{
			"another origin": {body: fields.Encode(), headers: map[string]string{"Origin": "https://evil.test"}},
			"no token":       {body: "client_id=" + harness.ConfidentialID},
		} {
			want(t, name, postCrossSite(t, b, d, "/account/connected-apps/disconnect", c).Status, http.StatusForbidden)
		}
		wantActive(t, d, tokens.Access, true)
		for _, id := range []string{"vdo_client_nobody", harness.ResourceID, "", strings.Repeat("x", 5000)} {
			response, err := b.Follow(b.Submit(page, form, map[string]string{"client_id": id}))
			must(t, err)
			wantPage(t, "an app that is not connected", response, 200, "There is no such connected app.")
		}
		wantActive(t, d, tokens.Access, true)
	})
}
