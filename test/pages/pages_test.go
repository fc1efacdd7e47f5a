package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// hasPasswordField reports whether a page has a password field.
func hasPasswordField(page harness.Page) bool {
	_, err := page.FormWith("password")
	return err == nil
}

// doubleClick submits a decision twice, the second time after a delay, as a browser does that
// discards the first response for the second click: the cookie of the first is not kept. It returns
// both responses.
func doubleClick(t *testing.T, b *harness.Browser, page harness.Page, decision string, later time.Duration) [2]harness.Page {
	t.Helper()
	var responses [2]harness.Page
	var errs [2]error
	harness.Race(len(responses), func(i int) {
		other, client := *b, *b.Client
		client.Jar = readOnlyJar{b.Client.Jar}
		other.Client = &client
		if i == 1 {
			<-time.After(later)
		}
		responses[i], errs[i] = other.Decide(page, "ws_acme", decision)
	})
	expect.NoError(t, errs[0])
	expect.NoError(t, errs[1])
	return responses
}

// readOnlyJar is a cookie jar that stores no more cookies.
type readOnlyJar struct{ http.CookieJar }

func (readOnlyJar) SetCookies(*url.URL, []*http.Cookie) {}

// TestFault_A1_ADoubleClickReachesTheApp with a code that can be redeemed, fifty times out of
// fifty, whichever of the two responses the browser follows; both carry the same code.
func TestFault_A1_ADoubleClickReachesTheApp(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for i := range 50 {
			page, err := b.Consent(harness.Request{})
			expect.NoError(t, err)
			responses := doubleClick(t, b, page, "approve", []time.Duration{0, time.Millisecond, 20 * time.Millisecond}[i%3])
			code := responses[0].Query().Get("code")
			for n, response := range responses {
				if response.Status != http.StatusSeeOther || response.Query().Get("code") == "" || response.Query().Get("code") != code ||
					!strings.HasPrefix(response.Location(), harness.CallbackURI+"?") {
					t.Fatalf("round %d, click %d leads to %d %q", i, n, response.Status, response.Location())
				}
			}
			a, err := d.Exchange(code, harness.Request{})
			expect.NoError(t, err)
			expect.Equal(t, "status of redeeming the code", a.Status, http.StatusOK)
			if i > 0 {
				continue
			}
			// A browser that never received the response is sent to a page, now that the client has
			// its tokens: the used code would revoke them.
			third, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
			expect.NoError(t, err)
			expect.Page(t, "the third click", third, 200, "You allowed this request", "The app has received its access.", "Acme Studio")
			expect.Active(t, d, a.Text("access_token"), true)
		}
		page, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		for _, response := range doubleClick(t, b, page, "deny", 0) {
			expect.Equal(t, "the error of a denial that was clicked twice", response.Query().Get("error"), "access_denied")
		}
	})
}

// TestFault_A1_AClickAfterTheRedemptionBringsAnotherCode, and the redeemed code is still recorded
// as used.
func TestFault_A1_AClickAfterTheRedemptionBringsAnotherCode(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		redeem := func() (string, string) {
			response, err := b.Decide(page, "ws_acme", "approve")
			expect.NoError(t, err)
			a, err := d.Exchange(response.Query().Get("code"), harness.Request{})
			expect.NoError(t, err)
			expect.Tokens(t, a, harness.FullScope)
			return response.Query().Get("code"), a.Text("access_token")
		}
		code, token := redeem()
		other, _ := redeem()
		if code == other {
			t.Error("the client receives a used code again")
		}
		expect.Active(t, d, token, true)
		replay, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, replay, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		expect.Active(t, d, token, false)
	})
}

// TestFault_A1_AFormSentAgainReplacesTheCode: a browser that was redirected once may have delivered
// the first code, so the second response has a new one, and the first can no longer be redeemed.
func TestFault_A1_AFormSentAgainReplacesTheCode(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		first, err := b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		second, err := b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		if second.Query().Get("code") == first.Query().Get("code") {
			t.Error("the code is the same")
		}
		a, err := d.Exchange(first.Query().Get("code"), harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		a, err = d.Exchange(second.Query().Get("code"), harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// TestFault_A1_OneOfManyDifferentDecisionsCounts, and the other responses show which one.
func TestFault_A1_OneOfManyDifferentDecisionsCounts(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for range 10 {
			page, err := b.Consent(harness.Request{})
			expect.NoError(t, err)
			responses := make([]harness.Page, 8)
			harness.Race(len(responses), func(i int) {
				response, err := b.Decide(page, "ws_acme", []string{"approve", "deny"}[i%2])
				if err != nil {
					t.Error(err)
				}
				responses[i] = response
			})
			approved, denied := 0, 0
			for _, response := range responses {
				switch {
				case response.Query().Has("code"):
					approved++
				case response.Query().Get("error") == "access_denied":
					denied++
				default:
					followed, err := b.Follow(response, nil)
					expect.NoError(t, err)
					if followed.Status != 200 || !strings.Contains(followed.Body, "You allowed this request") && !strings.Contains(followed.Body, "You denied this request") {
						t.Errorf("another decision's page is %d %s", followed.Status, followed.Body)
					}
				}
			}
			if approved+denied == 0 || approved > 0 && denied > 0 {
				t.Fatalf("%d responses have a code, and %d are a denial", approved, denied)
			}
		}
	})
}

// TestFault_A2_BackAfterADecisionShowsIt: the page shows the decision and links to the client.
func TestFault_A2_BackAfterADecisionShowsIt(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for decision, text := range map[string]string{"approve": "You allowed this request", "deny": "You denied this request"} {
			page, err := b.Consent(harness.Request{})
			expect.NoError(t, err)
			address := page.URL
			_, err = b.Decide(page, "ws_acme", decision)
			expect.NoError(t, err)
			for _, again := range []string{address, strings.Replace(address, "/consent", "/signin", 1)} {
				page, err = b.Follow(b.Get(again))
				expect.NoError(t, err)
				expect.Page(t, again, page, 200, text, "Example App")
				if strings.Contains(page.Body, "othing was shared") != (decision == "deny") {
					t.Errorf("after %s, the sentence that nothing was shared is shown or missing by mistake: %s", decision, page.Body)
				}
			}
			if decision == "deny" {
				continue
			}
			expect.Page(t, "before the app has redeemed", page, 200, "The app has not received its access yet.")
			form, err := page.FormWith("workspace_id")
			expect.NoError(t, err)
			next, err := b.Submit(page, form, map[string]string{"decision": "approve"})
			expect.NoError(t, err)
			a, err := d.Exchange(next.Query().Get("code"), harness.Request{})
			expect.NoError(t, err)
			expect.Tokens(t, a, harness.FullScope)
			_, err = b.Disconnect(harness.ConfidentialID)
			expect.NoError(t, err)
			page, err = b.Get(address)
			expect.NoError(t, err)
			if len(page.Forms) > 0 {
				t.Error("an approval whose grant was revoked links to the client")
			}
			expect.Page(t, "after disconnecting", page, 200, text)
		}
	})
}

// TestFault_A3_A4_SigningInNeverLosesTheRequest: two wrong passwords and the right one, where each
// step has an address that can be opened again.
func TestFault_A3_A4_SigningInNeverLosesTheRequest(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Follow(b.Get(harness.Request{}.Path()))
		expect.NoError(t, err)
		address := page.URL
		expect.Page(t, "the sign-in page", page, 200, "to continue to", "Example App", "https://yourapp.com")
		for _, password := range []string{"wrong", "", "wrong again"} {
			form, err := page.FormWith("password")
			expect.NoError(t, err)
			response, err := b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": password})
			expect.NoError(t, err)
			expect.Equal(t, "status of a wrong password", response.Status, http.StatusSeeOther)
			expect.Equal(t, "where it leads", response.Location(), address)
			page, err = b.Get(address)
			expect.NoError(t, err)
			expect.Page(t, "the page", page, 200, `role="alert"`, harness.JohnEmail)
		}
		page, err = b.Get(address) // Enter in the address bar
		expect.NoError(t, err)
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Fatal(err)
		}
		page, err = b.Follow(b.Get(address)) // the Back button
		expect.NoError(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Errorf("Back after signing in: %v", err)
		}
	})
}

// TestFault_A5_TwoTabsGoOn: after a sign-in, after signing out twice, and after signing out in the
// other tab.
func TestFault_A5_TwoTabsGoOn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tab, err := b.Follow(b.Get(harness.Request{}.Path()))
		expect.NoError(t, err)
		consent, err := b.SignIn(tab, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		page, err := b.SignIn(tab, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Errorf("the second tab: %v", err)
		}

		account, err := b.Get("/account/connected-apps")
		expect.NoError(t, err)
		var out harness.Form
		for _, form := range account.Forms {
			if form.Action == "/signout" {
				out = form
			}
		}
		for range 2 {
			page, err = b.Follow(b.Submit(account, out, nil))
			expect.NoError(t, err)
			if page.Status != 200 || !hasPasswordField(page) {
				t.Errorf("signing out leads to %d %s", page.Status, page.URL)
			}
		}
		page, err = b.Follow(b.Decide(consent, "ws_acme", "approve"))
		expect.NoError(t, err)
		if page.Status != 200 || !hasPasswordField(page) {
			t.Fatalf("allowing after signing out leads to %d %s", page.Status, page.URL)
		}
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		// The form belongs to the previous session.
		page, err = b.Follow(b.Decide(consent, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "the form of before", page, 200, "Please confirm once more.")
		response, err := b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		if !response.Query().Has("code") {
			t.Errorf("confirmed once more: %d %q", response.Status, response.Location())
		}
	})
}

// TestFault_A7_ARequestIsLookedUpBeforeThePasswordPage.
func TestFault_A7_ARequestIsLookedUpBeforeThePasswordPage(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		started, err := d.NewBrowser().Get(harness.Request{}.Path())
		expect.NoError(t, err)
		b := d.NewBrowser()
		for id, text := range map[string]string{
			started.Query().Get("request"): "begun in another browser", secret.NewCode().Reveal(): "There is no such request", "x": "There is no such request",
		} {
			page, err := b.Follow(b.Get("/signin?request=" + id))
			expect.NoError(t, err)
			expect.Page(t, id, page, 400, text, "Reference: <code>")
			if hasPasswordField(page) || strings.Contains(page.Body, "othing was shared") {
				t.Errorf("%s: the page has a password field, or says that nothing was shared: %s", text, page.Body)
			}
		}
		bare := d.NewBrowser()
		bare.Client.Jar = readOnlyJar{bare.Client.Jar}
		page, err := bare.Follow(bare.Get(harness.Request{}.Path()))
		expect.NoError(t, err)
		expect.Page(t, "without cookies", page, 400, "Cookies are needed")
	})
}

// TestFault_A8_AnotherPersonGoesOnWithTheRequest, which then belongs to that user alone.
func TestFault_A8_AnotherPersonGoesOnWithTheRequest(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		john, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		form, err := john.FormWith("request")
		expect.NoError(t, err)
		page, err := b.Follow(b.Submit(john, form, map[string]string{"decision": "switch"}))
		expect.NoError(t, err)
		expect.Equal(t, "session after “Not you?”", b.Cookie(harness.SessionCookie), "")
		page, err = b.SignIn(page, harness.EstherEmail, harness.UserPassword)
		expect.NoError(t, err)
		expect.Page(t, "the page", page, 200, harness.EstherEmail)
		response, err := b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		a, err := d.Exchange(response.Query().Get("code"), harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
		facts, err := d.JSON("/oauth/introspect", map[string]any{
			"token": a.Text("access_token"), "client_id": harness.ResourceID, "client_secret": harness.ResourcePW,
		})
		expect.NoError(t, err)
		if facts.Text("sub") == "" || strings.Contains(facts.Raw, "John") {
			t.Errorf("the token is %s", facts.Raw)
		}
		_, err = b.Follow(b.Get("/account/connected-apps"))
		expect.NoError(t, err)
	})
}

// TestFault_A8_TheAppAsksForANewSignIn, and gets one; and a user who does not want to sign in is
// sent back to the client.
func TestFault_A8_TheAppAsksForANewSignIn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := expect.SignedIn(t, d, harness.JohnEmail)
		for _, extra := range []string{"prompt=login", "max_age=0", "prompt=select_account"} {
			page, err := b.Follow(b.Get(harness.Request{}.Path() + "&" + extra + "&login_hint=" + url.QueryEscape(harness.EstherEmail)))
			expect.NoError(t, err)
			if !hasPasswordField(page) || !strings.Contains(page.Body, `value="`+harness.EstherEmail+`"`) {
				t.Fatalf("%s leads to %d %s", extra, page.Status, page.Body)
			}
			id := page.URL[strings.Index(page.URL, "=")+1:]
			around, err := b.Follow(b.Get("/consent?request=" + id))
			expect.NoError(t, err)
			if !hasPasswordField(around) {
				t.Errorf("%s: the consent page shows without the sign-in", extra)
			}
			if extra == "prompt=select_account" {
				form, err := page.FormWith("request")
				expect.NoError(t, err)
				page, err = b.Follow(b.Submit(page, form, map[string]string{"decision": "continue"}))
				expect.NoError(t, err)
			} else {
				page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
				expect.NoError(t, err)
			}
			if _, err := page.FormWith("workspace_id"); err != nil {
				t.Errorf("%s, afterwards: %v", extra, err)
			}
		}
		for _, extra := range []string{"prompt=consent", "max_age=3600", "prompt=later"} {
			page, err := b.Follow(b.Get(harness.Request{}.Path() + "&" + extra))
			expect.NoError(t, err)
			if _, err := page.FormWith("workspace_id"); err != nil {
				t.Errorf("%s: %v", extra, err)
			}
		}
		anonymous := d.NewBrowser()
		page, err := anonymous.Follow(anonymous.Get(harness.Request{}.Path()))
		expect.NoError(t, err)
		form, err := page.FormWith("password")
		expect.NoError(t, err)
		response, err := anonymous.Submit(page, form, map[string]string{"decision": "deny"})
		expect.NoError(t, err)
		expect.Equal(t, "the error sent to the client", response.Query().Get("error"), "access_denied")
		expect.Equal(t, "the client's state", response.Query().Get("state"), "random_csrf_token")
	})
}

// TestFault_A9_AWorkspaceIsShown: the page shows its plan and the user's role in it.
func TestFault_A9_AWorkspaceIsShown(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		page, err := d.NewBrowser().Consent(harness.Request{})
		expect.NoError(t, err)
		expect.Page(t, "the consent page", page, 200, "Pro plan · you administer it · <code>ws_acme</code>", "Free plan", "<code>ws_doe</code>")
	})
}
