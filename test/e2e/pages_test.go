package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// hasPasswordField reports whether a page has a password field.
func hasPasswordField(page harness.Page) bool {
	_, err := page.FormWith("password")
	return err == nil
}

// wantPage checks that a response is one of our pages with all of these texts.
func wantPage(t *testing.T, what string, page harness.Page, status int, texts ...string) {
	t.Helper()
	want(t, "status of "+what, page.Status, status)
	for _, text := range texts {
		if !strings.Contains(page.Body, text) {
			t.Errorf("%s does not say %q:\n%s", what, text, page.Body)
		}
	}
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
	must(t, errs[0])
	must(t, errs[1])
	return responses
}

// readOnlyJar is a cookie jar that stores no more cookies.
type readOnlyJar struct{ http.CookieJar }

func (readOnlyJar) SetCookies(*url.URL, []*http.Cookie) {}

// TestFault_A1_ADoubleClickReachesTheApp with a code that can be redeemed, fifty times out of
// fifty, whichever of the two responses the browser follows; both carry the same code.
func TestFault_A1_ADoubleClickReachesTheApp(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for i := range 50 {
			page, err := b.Consent(harness.Request{})
			must(t, err)
			responses := doubleClick(t, b, page, "approve", []time.Duration{0, time.Millisecond, 20 * time.Millisecond}[i%3])
			code := responses[0].Query().Get("code")
			for n, response := range responses {
				if response.Status != http.StatusSeeOther || response.Query().Get("code") == "" || response.Query().Get("code") != code ||
					!strings.HasPrefix(response.Location(), harness.CallbackURI+"?") {
					t.Fatalf("round %d, click %d leads to %d %q", i, n, response.Status, response.Location())
				}
			}
			a, err := d.Exchange(code, harness.Request{})
			must(t, err)
			want(t, "status of redeeming the code", a.Status, http.StatusOK)
			if i > 0 {
				continue
			}
			// A browser that never received the response is sent to a page, now that the client has
			// its tokens: the used code would revoke them.
			third, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
			must(t, err)
			wantPage(t, "the third click", third, 200, "You allowed this request", "The app has received its access.", "Acme Studio")
			wantActive(t, d, a.Text("access_token"), true)
		}
		page, err := b.Consent(harness.Request{})
		must(t, err)
		for _, response := range doubleClick(t, b, page, "deny", 0) {
			want(t, "the error of a denial that was clicked twice", response.Query().Get("error"), "access_denied")
		}
	})
}

// TestFault_A1_AClickAfterTheRedemptionBringsAnotherCode, and the redeemed code is still recorded
// as used.
func TestFault_A1_AClickAfterTheRedemptionBringsAnotherCode(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{})
		must(t, err)
		redeem := func() (string, string) {
			response, err := b.Decide(page, "ws_acme", "approve")
			must(t, err)
			a, err := d.Exchange(response.Query().Get("code"), harness.Request{})
			must(t, err)
			wantTokens(t, a, fullScope)
			return response.Query().Get("code"), a.Text("access_token")
		}
		code, token := redeem()
		other, _ := redeem()
		if code == other {
			t.Error("the client receives a used code again")
		}
		wantActive(t, d, token, true)
		replay, err := d.Exchange(code, harness.Request{})
		must(t, err)
		wantFailure(t, replay, http.StatusUnauthorized, "authentication_error", badCode)
		wantActive(t, d, token, false)
	})
}

// TestFault_A1_AFormSentAgainReplacesTheCode: a browser that was redirected once may have delivered
// the first code, so the second response has a new one, and the first can no longer be redeemed.
func TestFault_A1_AFormSentAgainReplacesTheCode(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{})
		must(t, err)
		first, err := b.Decide(page, "ws_acme", "approve")
		must(t, err)
		second, err := b.Decide(page, "ws_acme", "approve")
		must(t, err)
		if second.Query().Get("code") == first.Query().Get("code") {
			t.Error("the code is the same")
		}
		a, err := d.Exchange(first.Query().Get("code"), harness.Request{})
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badCode)
		a, err = d.Exchange(second.Query().Get("code"), harness.Request{})
		must(t, err)
		wantTokens(t, a, fullScope)
	})
}

// TestFault_A1_OneOfManyDifferentDecisionsCounts, and the other responses show which one.
func TestFault_A1_OneOfManyDifferentDecisionsCounts(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for range 10 {
			page, err := b.Consent(harness.Request{})
			must(t, err)
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
					must(t, err)
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
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for decision, text := range map[string]string{"approve": "You allowed this request", "deny": "You denied this request"} {
			page, err := b.Consent(harness.Request{})
			must(t, err)
			address := page.URL
			_, err = b.Decide(page, "ws_acme", decision)
			must(t, err)
			for _, again := range []string{address, strings.Replace(address, "/consent", "/signin", 1)} {
				page, err = b.Follow(b.Get(again))
				must(t, err)
				wantPage(t, again, page, 200, text, "Example App")
				if strings.Contains(page.Body, "othing was shared") != (decision == "deny") {
					t.Errorf("after %s, the sentence that nothing was shared is shown or missing by mistake: %s", decision, page.Body)
				}
			}
			if decision == "deny" {
				continue
			}
			wantPage(t, "before the app has redeemed", page, 200, "The app has not received its access yet.")
			form, err := page.FormWith("workspace_id")
			must(t, err)
			next, err := b.Submit(page, form, map[string]string{"decision": "approve"})
			must(t, err)
			a, err := d.Exchange(next.Query().Get("code"), harness.Request{})
			must(t, err)
			wantTokens(t, a, fullScope)
			_, err = b.Disconnect(harness.ConfidentialID)
			must(t, err)
			page, err = b.Get(address)
			must(t, err)
			if len(page.Forms) > 0 {
				t.Error("an approval whose grant was revoked links to the client")
			}
			wantPage(t, "after disconnecting", page, 200, text)
		}
	})
}

// TestFault_A3_A4_SigningInNeverLosesTheRequest: two wrong passwords and the right one, where each
// step has an address that can be opened again.
func TestFault_A3_A4_SigningInNeverLosesTheRequest(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Follow(b.Get(harness.Request{}.Path()))
		must(t, err)
		address := page.URL
		wantPage(t, "the sign-in page", page, 200, "to continue to", "Example App", "https://yourapp.com")
		for _, password := range []string{"wrong", "", "wrong again"} {
			form, err := page.FormWith("password")
			must(t, err)
			response, err := b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": password})
			must(t, err)
			want(t, "status of a wrong password", response.Status, http.StatusSeeOther)
			want(t, "where it leads", response.Location(), address)
			page, err = b.Get(address)
			must(t, err)
			wantPage(t, "the page", page, 200, `role="alert"`, harness.JohnEmail)
		}
		page, err = b.Get(address) // Enter in the address bar
		must(t, err)
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		must(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Fatal(err)
		}
		page, err = b.Follow(b.Get(address)) // the Back button
		must(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Errorf("Back after signing in: %v", err)
		}
	})
}

// TestFault_A5_TwoTabsGoOn: after a sign-in, after signing out twice, and after signing out in the
// other tab.
func TestFault_A5_TwoTabsGoOn(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tab, err := b.Follow(b.Get(harness.Request{}.Path()))
		must(t, err)
		consent, err := b.SignIn(tab, harness.JohnEmail, harness.UserPassword)
		must(t, err)
		page, err := b.SignIn(tab, harness.JohnEmail, harness.UserPassword)
		must(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Errorf("the second tab: %v", err)
		}

		account, err := b.Get("/account/connected-apps")
		must(t, err)
		var out harness.Form
		for _, form := range account.Forms {
			if form.Action == "/signout" {
				out = form
			}
		}
		for range 2 {
			page, err = b.Follow(b.Submit(account, out, nil))
			must(t, err)
			if page.Status != 200 || !hasPasswordField(page) {
				t.Errorf("signing out leads to %d %s", page.Status, page.URL)
			}
		}
		page, err = b.Follow(b.Decide(consent, "ws_acme", "approve"))
		must(t, err)
		if page.Status != 200 || !hasPasswordField(page) {
			t.Fatalf("allowing after signing out leads to %d %s", page.Status, page.URL)
		}
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		must(t, err)
		// The form belongs to the previous session.
		page, err = b.Follow(b.Decide(consent, "ws_acme", "approve"))
		must(t, err)
		wantPage(t, "the form of before", page, 200, "Please confirm once more.")
		response, err := b.Decide(page, "ws_acme", "approve")
		must(t, err)
		if !response.Query().Has("code") {
			t.Errorf("confirmed once more: %d %q", response.Status, response.Location())
		}
	})
}

// TestFault_A7_ARequestIsLookedUpBeforeThePasswordPage.
func TestFault_A7_ARequestIsLookedUpBeforeThePasswordPage(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		started, err := d.NewBrowser().Get(harness.Request{}.Path())
		must(t, err)
		b := d.NewBrowser()
		for id, text := range map[string]string{
			started.Query().Get("request"): "begun in another browser", secret.NewCode().Reveal(): "There is no such request", "x": "There is no such request",
		} {
			page, err := b.Follow(b.Get("/signin?request=" + id))
			must(t, err)
			wantPage(t, id, page, 400, text, "Reference: <code>")
			if hasPasswordField(page) || strings.Contains(page.Body, "othing was shared") {
				t.Errorf("%s: the page has a password field, or says that nothing was shared: %s", text, page.Body)
			}
		}
		bare := d.NewBrowser()
		bare.Client.Jar = readOnlyJar{bare.Client.Jar}
		page, err := bare.Follow(bare.Get(harness.Request{}.Path()))
		must(t, err)
		wantPage(t, "without cookies", page, 400, "Cookies are needed")
	})
}

// TestFault_A8_AnotherPersonGoesOnWithTheRequest, which then belongs to that user alone.
func TestFault_A8_AnotherPersonGoesOnWithTheRequest(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		john, err := b.Consent(harness.Request{})
		must(t, err)
		form, err := john.FormWith("request")
		must(t, err)
		page, err := b.Follow(b.Submit(john, form, map[string]string{"decision": "switch"}))
		must(t, err)
		want(t, "session after “Not you?”", cookie(t, d, b, sessionCookie), "")
		page, err = b.SignIn(page, harness.EstherEmail, harness.UserPassword)
		must(t, err)
		wantPage(t, "the page", page, 200, harness.EstherEmail)
		response, err := b.Decide(page, "ws_acme", "approve")
		must(t, err)
		a, err := d.Exchange(response.Query().Get("code"), harness.Request{})
		must(t, err)
		wantTokens(t, a, fullScope)
		facts, err := d.JSON("/oauth/introspect", map[string]any{
			"token": a.Text("access_token"), "client_id": harness.ResourceID, "client_secret": harness.ResourcePW,
		})
		must(t, err)
		if facts.Text("sub") == "" || strings.Contains(facts.Raw, "John") {
			t.Errorf("the token is %s", facts.Raw)
		}
		_, err = b.Follow(b.Get("/account/connected-apps"))
		must(t, err)
	})
}

// TestFault_A8_TheAppAsksForANewSignIn, and gets one; and a user who does not want to sign in is
// sent back to the client.
func TestFault_A8_TheAppAsksForANewSignIn(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := signIn(t, d, harness.JohnEmail)
		for _, extra := range []string{"prompt=login", "max_age=0", "prompt=select_account"} {
			page, err := b.Follow(b.Get(harness.Request{}.Path() + "&" + extra + "&login_hint=" + url.QueryEscape(harness.EstherEmail)))
			must(t, err)
			if !hasPasswordField(page) || !strings.Contains(page.Body, `value="`+harness.EstherEmail+`"`) {
				t.Fatalf("%s leads to %d %s", extra, page.Status, page.Body)
			}
			id := page.URL[strings.Index(page.URL, "=")+1:]
			around, err := b.Follow(b.Get("/consent?request=" + id))
			must(t, err)
			if !hasPasswordField(around) {
				t.Errorf("%s: the consent page shows without the sign-in", extra)
			}
			if extra == "prompt=select_account" {
				form, err := page.FormWith("request")
				must(t, err)
				page, err = b.Follow(b.Submit(page, form, map[string]string{"decision": "continue"}))
				must(t, err)
			} else {
				page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
				must(t, err)
			}
			if _, err := page.FormWith("workspace_id"); err != nil {
				t.Errorf("%s, afterwards: %v", extra, err)
			}
		}
		for _, extra := range []string{"prompt=consent", "max_age=3600", "prompt=later"} {
			page, err := b.Follow(b.Get(harness.Request{}.Path() + "&" + extra))
			must(t, err)
			if _, err := page.FormWith("workspace_id"); err != nil {
				t.Errorf("%s: %v", extra, err)
			}
		}
		anonymous := d.NewBrowser()
		page, err := anonymous.Follow(anonymous.Get(harness.Request{}.Path()))
		must(t, err)
		form, err := page.FormWith("password")
		must(t, err)
		response, err := anonymous.Submit(page, form, map[string]string{"decision": "deny"})
		must(t, err)
		want(t, "the error sent to the client", response.Query().Get("error"), "access_denied")
		want(t, "the client's state", response.Query().Get("state"), "random_csrf_token")
	})
}

// TestFault_A9_AWorkspaceIsShown: the page shows its plan and the user's role in it.
func TestFault_A9_AWorkspaceIsShown(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		page, err := d.NewBrowser().Consent(harness.Request{})
		must(t, err)
		wantPage(t, "the consent page", page, 200, "Pro plan · you administer it · <code>ws_acme</code>", "Free plan", "<code>ws_doe</code>")
	})
}

// TestFault_A7_ARequestThatExpiredSaysSo, and a decided one still shows its decision after its code
// has expired.
func TestFault_A7_ARequestThatExpiredSaysSo(t *testing.T) {
	t.Parallel() // it has its own servers
	d, _ := ownFiveProcesses(t, nil)
	b := signIn(t, d, harness.JohnEmail)
	open, err := b.Consent(harness.Request{})
	must(t, err)
	decided, err := b.Consent(harness.Request{})
	must(t, err)
	_, err = b.Decide(decided, "ws_acme", "approve")
	must(t, err)

	d.Set("USHER_CLOCK_OFFSET", "11m")
	restart(t, d)
	page, err := b.Get(decided.URL)
	must(t, err)
	wantPage(t, "a decision whose code has expired", page, 200, "You allowed this request", "Acme Studio")
	if len(page.Forms) > 0 {
		t.Error("the page links to the client with an expired code")
	}
	followed, err := b.Follow(b.Decide(decided, "ws_acme", "approve"))
	must(t, err)
	wantPage(t, "the decision again", followed, 200, "You allowed this request")

	d.Set("USHER_CLOCK_OFFSET", "31m")
	restart(t, d)
	for _, address := range []string{open.URL, strings.Replace(open.URL, "/consent", "/signin", 1)} {
		page, err = b.Follow(b.Get(address))
		must(t, err)
		wantPage(t, address, page, 400, "This request has expired", "Example App", "nothing was shared")
		if hasPasswordField(page) {
			t.Error("the page has a password field")
		}
	}
	followed, err = b.Follow(b.Decide(open, "ws_acme", "approve"))
	must(t, err)
	wantPage(t, "a decision that comes too late", followed, 400, "This request has expired")
}
