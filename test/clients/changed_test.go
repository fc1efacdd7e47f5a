package clients

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const changedNotice = "This app has changed since you approved it"

// TestN5_8_AnAppThatChangedSaysSo: on the account page and on the consent page, until the user
// approves it again.
func TestN5_8_AnAppThatChangedSaysSo(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.113.1"}
		app := r.registered(t, `{"redirect_uris":["http://127.0.0.1/callback"],"client_name":"Before","client_uri":"https://before.test/",`+bothGrants+`}`)
		req := harness.Request{
			ClientID: app.Text("client_id"), RedirectURI: "http://127.0.0.1:51234/callback", Scope: "videos:read", Verifier: harness.NewVerifier(),
		}
		b := d.NewBrowser()
		_, err := d.Issue(b, req)
		expect.NoError(t, err)
		wantNotice := func(what, notice string) {
			t.Helper()
			for _, open := range []func() (harness.Page, error){
				func() (harness.Page, error) { return b.Get("/account/connected-apps") },
				func() (harness.Page, error) { return b.Consent(req) },
			} {
				page, err := open()
				expect.NoError(t, err)
				if page.Status != http.StatusOK || strings.Contains(page.Body, changedNotice) != (notice != "") || !strings.Contains(page.Body, notice) {
					t.Errorf("%s: %s has not the notice %q: %d %s", what, page.URL, notice, page.Status, page.Body)
				}
			}
		}
		wantNotice("an app that is the same", "")
		changed := r.manage(t, http.MethodPut, app, with(t, app, map[string]any{
			"client_name": "After", "redirect_uris": []string{"http://127.0.0.1/callback", "http://localhost/callback"},
		}))
		expect.Equal(t, "status of the update", changed.Status, http.StatusOK)
		wantNotice("an app that changed", changedNotice+": its name, its home page, the sites that your answers go to.")
		req.Verifier = harness.NewVerifier()
		_, err = d.Issue(b, req)
		expect.NoError(t, err)
		wantNotice("an app that was approved again", "")
	})
}

// TestN5_11_OneInstallationIsEndedAlone: on the account page.
func TestN5_11_OneInstallationIsEndedAlone(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.publish(t, "/installations.json")
		button := regexp.MustCompile(`value="` + regexp.QuoteMeta(id) + `">\n<span[^\n]*\n<button class="linky" name="installation_id" value="([^"]+)"`)
		b := d.NewBrowser()
		old, err := d.Issue(b, documentRequest(id))
		expect.NoError(t, err)
		page, _, err := b.DisconnectButton(id)
		expect.NoError(t, err)
		if button.MatchString(page.Body) {
			t.Error("a single installation can be ended apart from its app")
		}
		current, err := d.Issue(b, documentRequest(id))
		expect.NoError(t, err)
		page, form, err := b.DisconnectButton(id)
		expect.NoError(t, err)
		buttons := button.FindAllStringSubmatch(page.Body, -1)
		if len(buttons) != 2 {
			t.Fatalf("%d installations are listed, want 2: %s", len(buttons), page.Body)
		}
		page, err = b.Follow(b.Submit(page, form, map[string]string{"installation_id": buttons[1][1]})) // the newest is first
		expect.NoError(t, err)
		expect.Page(t, "the page afterwards", page, http.StatusOK, "has no access any more. The others go on.", id)
		expect.Active(t, d, old.Access, false)
		expect.Active(t, d, current.Access, true)
		for what, unknown := range map[string]string{"ended before": buttons[1][1], "malformed": "x"} {
			page, err = b.Follow(b.Submit(page, form, map[string]string{"installation_id": unknown}))
			expect.NoError(t, err)
			expect.Equal(t, "status of ending one that is "+what, page.Status, http.StatusOK)
		}
		expect.Active(t, d, current.Access, true)
	})
}
