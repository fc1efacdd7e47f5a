package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestCase25_ADecisionNeedsItsOwnForm: the form of this browser, this session and this
// authorization request.
func TestCase25_ADecisionNeedsItsOwnForm(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		older, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		page, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		form, err := page.FormWith("workspace_id")
		expect.NoError(t, err)
		olderForm, err := older.FormWith("workspace_id")
		expect.NoError(t, err)
		esther, err := d.NewBrowser().Consent(harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		estherForm, err := esther.FormWith("workspace_id")
		expect.NoError(t, err)
		fields := func(token string) string {
			return url.Values{
				"decision": {"approve"}, "workspace_id": {"ws_acme"}, "request": {form.Values.Get("request")}, "csrf_token": {token},
			}.Encode()
		}
		good := form.Values.Get("csrf_token")
		for name, c := range map[string]harness.CrossSite{
			"no token":                    {Body: fields("")},
			"another person's token":      {Body: fields(estherForm.Values.Get("csrf_token"))},
			"an older request's token":    {Body: fields(olderForm.Values.Get("csrf_token"))},
			"another origin":              {Body: fields(good), Headers: map[string]string{"Origin": "https://evil.test"}},
			"JSON":                        {Body: `{"decision":"approve"}`, ContentType: "application/json"},
			"JSON that calls itself text": {Body: `{"decision":"approve"}`, ContentType: "text/plain"},
		} {
			response := expect.Posted(t, b, "/consent/decision", c)
			again := strings.HasSuffix(name, "token") && response.Location() == d.PublicURL+"/consent?request="+form.Values.Get("request")
			if (response.Status < 400 || response.Status >= 500 || response.Location() != "") && !again {
				t.Errorf("%s: status %d, location %q", name, response.Status, response.Location())
			}
		}
		// The unchanged form still works: none of the requests above has closed the authorization
		// request.
		response, err := b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		if response.Query().Get("code") == "" {
			t.Errorf("the right form led to %d %q", response.Status, response.Location())
		}
	})
}

// TestCase28_ADecisionIsMadeOnce: deny after approve and the reverse, two concurrent decisions, and
// a decision after another user signed in.
func TestCase28_ADecisionIsMadeOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for first, other := range map[string]string{"deny": "approve", "approve": "deny"} {
			page, err := b.Consent(harness.Request{})
			expect.NoError(t, err)
			response, err := b.Decide(page, "ws_acme", first)
			expect.NoError(t, err)
			expect.Equal(t, "status of the first decision", response.Status, http.StatusSeeOther)
			response, err = b.Follow(b.Decide(page, "ws_acme", other))
			expect.NoError(t, err)
			expect.Page(t, other+" after "+first, response, 200, map[string]string{"deny": "You denied", "approve": "You allowed"}[first])
		}

		page, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		codes := make(chan string, 2)
		harness.Race(2, func(int) {
			response, err := b.Decide(page, "ws_acme", "approve")
			if err != nil || response.Status >= http.StatusInternalServerError {
				t.Errorf("deciding: status %d, %v", response.Status, err)
			}
			if code := response.Query().Get("code"); code != "" {
				codes <- code
			}
		})
		close(codes)
		redeemed := 0
		for code := range codes {
			a, err := d.Exchange(code, harness.Request{})
			expect.NoError(t, err)
			if a.Status == http.StatusOK {
				redeemed++
			}
		}
		expect.Equal(t, "number of codes from two approvals at once that redeem", redeemed, 1)

		page, err = b.Consent(harness.Request{})
		expect.NoError(t, err)
		form, err := page.FormWith("request")
		expect.NoError(t, err)
		again, err := b.Follow(b.Submit(page, form, map[string]string{"decision": "switch"}))
		expect.NoError(t, err)
		_, err = b.SignIn(again, harness.EstherEmail, harness.UserPassword)
		expect.NoError(t, err)
		response, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "another user's approval", response, 200, "Please confirm once more.", harness.EstherEmail)
	})
}

// TestCase29_EveryRequestShowsTheConsentScreen: every authorization request shows the consent
// screen, with exactly the requested scopes.
func TestCase29_EveryRequestShowsTheConsentScreen(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		_, err := d.Issue(b, harness.Request{Scope: "videos:read"})
		expect.NoError(t, err)
		for _, r := range []harness.Request{
			{Scope: "videos:read"}, {Scope: "videos:read export:write"}, {Scope: "videos:read", ClientID: harness.PublicID, Verifier: harness.NewVerifier()},
		} {
			page, err := b.Consent(r)
			expect.NoError(t, err)
			for _, scope := range strings.Fields(r.Scope) {
				if !strings.Contains(page.Body, "<code>"+scope+"</code>") {
					t.Errorf("the consent screen does not show %s", scope)
				}
			}
		}
	})
}

// TestWire5_AWorkspaceOfSomebodyElseIsRefused, and without a workspace the consent screen is shown
// again.
func TestWire5_AWorkspaceOfSomebodyElseIsRefused(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		if strings.Contains(page.Body, "ws_doe") {
			t.Error("the page offers a workspace of which the user is not a member")
		}
		response, err := b.Follow(b.Decide(page, "ws_doe", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "another user's workspace", response, 200, "You are not a member of that workspace any more.")
		response, err = b.Follow(b.Decide(page, "", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "no workspace", response, 200, "Choose a workspace.")
		if _, err := response.FormWith("workspace_id"); err != nil {
			t.Errorf("the consent screen is not shown again: %v", err)
		}
		response, err = b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		if response.Query().Get("code") == "" {
			t.Errorf("the right workspace led to %d %q", response.Status, response.Location())
		}
	})
}

// TestWire5_TheRequestIsBoundToItsBrowser: its identifier is refused in another browser.
func TestWire5_TheRequestIsBoundToItsBrowser(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		started, err := d.NewBrowser().Get(harness.Request{}.Path())
		expect.NoError(t, err)
		signedIn := expect.SignedIn(t, d, harness.JohnEmail)
		page, err := signedIn.Get("/consent?request=" + started.Query().Get("request"))
		expect.NoError(t, err)
		expect.ErrorPage(t, "another browser's request", page)
	})
}
