package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// asks wants a page with a password field, and answers whether it has one.
func asks(page harness.Page) bool {
	_, err := page.FormWith("password")
	return err == nil
}

// wantPage wants a page of ours that says all of these.
func wantPage(t *testing.T, what string, page harness.Page, status int, texts ...string) {
	t.Helper()
	want(t, "status of "+what, page.Status, status)
	for _, text := range texts {
		if !strings.Contains(page.Body, text) {
			t.Errorf("%s does not say %q:\n%s", what, text, page.Body)
		}
	}
}

// clicks decides twice, the second time that much later, as a browser does that drops the first answer for the second click: the
// cookie of the first is not kept. It answers where both lead.
func clicks(t *testing.T, b *harness.Browser, page harness.Page, decision string, later time.Duration) [2]harness.Page {
	t.Helper()
	var answers [2]harness.Page
	var errs [2]error
	var both sync.WaitGroup
	start := make(chan struct{})
	for i := range answers {
		other := *b
		client := *b.Client
		client.Jar = frozen{b.Client.Jar}
		other.Client = &client
		both.Go(func() {
			<-start
			if i == 1 {
				<-time.After(later)
			}
			answers[i], errs[i] = other.Decide(page, "ws_acme", decision)
		})
	}
	close(start)
	both.Wait()
	must(t, errs[0])
	must(t, errs[1])
	return answers
}

// frozen is a jar that takes no more cookies.
type frozen struct{ http.CookieJar }

func (frozen) SetCookies(*url.URL, []*http.Cookie) {}

// TestFault_A1_ADoubleClickReachesTheApp with a code that can be redeemed, fifty times out of fifty, whichever of the two answers
// the browser goes after; and of the two no more than one code comes.
func TestFault_A1_ADoubleClickReachesTheApp(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for i := range 50 {
			page, err := b.Consent(harness.Request{})
			must(t, err)
			answers := clicks(t, b, page, "approve", []time.Duration{0, time.Millisecond, 20 * time.Millisecond}[i%3])
			code := answers[0].Query().Get("code")
			for n, answer := range answers {
				if answer.Status != http.StatusSeeOther || answer.Query().Get("code") == "" || answer.Query().Get("code") != code ||
					!strings.HasPrefix(answer.Location(), harness.CallbackURI+"?") {
					t.Fatalf("round %d, click %d leads to %d %q", i, n, answer.Status, answer.Location())
				}
			}
			a, err := d.Exchange(code, harness.Request{})
			must(t, err)
			want(t, "status of redeeming the code", a.Status, http.StatusOK)
			if i > 0 {
				continue
			}
			// A browser that never got the answer is told, now that the app has its tokens: the used code would end them.
			third, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
			must(t, err)
			wantPage(t, "the third click", third, 200, "You allowed this request", "The app has received its access.", "Acme Studio")
			wantActive(t, d, a.Text("access_token"), true)
		}
		page, err := b.Consent(harness.Request{})
		must(t, err)
		for _, answer := range clicks(t, b, page, "deny", 0) {
			want(t, "the error of a denial that was clicked twice", answer.Query().Get("error"), "access_denied")
		}
	})
}

// TestFault_A1_AClickAfterTheRedemptionBringsAnotherCode, and the redeemed one stays known as used.
func TestFault_A1_AClickAfterTheRedemptionBringsAnotherCode(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{})
		must(t, err)
		redeem := func() (string, string) {
			answer, err := b.Decide(page, "ws_acme", "approve")
			must(t, err)
			a, err := d.Exchange(answer.Query().Get("code"), harness.Request{})
			must(t, err)
			wantTokens(t, a, fullScope)
			return answer.Query().Get("code"), a.Text("access_token")
		}
		code, token := redeem()
		other, _ := redeem()
		if code == other {
			t.Error("a used code is sent to the app again")
		}
		wantActive(t, d, token, true)
		replay, err := d.Exchange(code, harness.Request{})
		must(t, err)
		wantFailure(t, replay, http.StatusUnauthorized, "authentication_error", badCode)
		wantActive(t, d, token, false)
	})
}

// TestFault_A1_AFormSentAgainReplacesTheCode: a browser that went to the app once may have brought it the first code, so the
// second answer has a fresh one, and the first redeems no more.
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

// TestFault_A1_OneOfManyDifferentDecisionsCounts, and the others read which one.
func TestFault_A1_OneOfManyDifferentDecisionsCounts(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for range 10 {
			page, err := b.Consent(harness.Request{})
			must(t, err)
			answers := make([]harness.Page, 8)
			start := make(chan struct{})
			var done sync.WaitGroup
			for i := range answers {
				done.Go(func() {
					<-start
					answer, err := b.Decide(page, "ws_acme", []string{"approve", "deny"}[i%2])
					if err != nil {
						t.Error(err)
					}
					answers[i] = answer
				})
			}
			close(start)
			done.Wait()
			approved, denied := 0, 0
			for _, answer := range answers {
				switch {
				case answer.Query().Has("code"):
					approved++
				case answer.Query().Get("error") == "access_denied":
					denied++
				default:
					told, err := b.Follow(answer, nil)
					must(t, err)
					if told.Status != 200 || !strings.Contains(told.Body, "You allowed this request") && !strings.Contains(told.Body, "You denied this request") {
						t.Errorf("the others read %d %s", told.Status, told.Body)
					}
				}
			}
			if approved+denied == 0 || approved > 0 && denied > 0 {
				t.Fatalf("%d are told that they approved, and %d that they denied", approved, denied)
			}
		}
	})
}

// TestFault_A2_BackAfterADecisionTellsIt, and leads on.
func TestFault_A2_BackAfterADecisionTellsIt(t *testing.T) {
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
					t.Errorf("after %s, the page says that nothing was shared, or does not: %s", decision, page.Body)
				}
			}
			if decision == "deny" {
				continue
			}
			wantPage(t, "before the app has redeemed", page, 200, "The app has not received its access yet.")
			form, err := page.FormWith("workspace_id")
			must(t, err)
			on, err := b.Submit(page, form, map[string]string{"decision": "approve"})
			must(t, err)
			a, err := d.Exchange(on.Query().Get("code"), harness.Request{})
			must(t, err)
			wantTokens(t, a, fullScope)
			_, err = b.Disconnect(harness.ConfidentialID)
			must(t, err)
			page, err = b.Get(address)
			must(t, err)
			if len(page.Forms) > 0 {
				t.Error("an approval whose access was ended leads on to the app")
			}
			wantPage(t, "after disconnecting", page, 200, text)
		}
	})
}

// TestFault_A3_A4_SigningInNeverLosesTheRequest: wrong, wrong, right, and each step is an address that can be opened again.
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
			answer, err := b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": password})
			must(t, err)
			want(t, "status of a wrong password", answer.Status, http.StatusSeeOther)
			want(t, "where it leads", answer.Location(), address)
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
		page, err = b.Follow(b.Get(address)) // Back
		must(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Errorf("Back after signing in: %v", err)
		}
	})
}

// TestFault_A5_TwoTabsGoOn: at sign-in, signing out twice, and allowing after signing out elsewhere.
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
			if page.Status != 200 || !asks(page) {
				t.Errorf("signing out leads to %d %s", page.Status, page.URL)
			}
		}
		page, err = b.Follow(b.Decide(consent, "ws_acme", "approve"))
		must(t, err)
		if page.Status != 200 || !asks(page) {
			t.Fatalf("allowing after signing out leads to %d %s", page.Status, page.URL)
		}
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		must(t, err)
		// The form of before came in another session.
		page, err = b.Follow(b.Decide(consent, "ws_acme", "approve"))
		must(t, err)
		wantPage(t, "the form of before", page, 200, "Please confirm once more.")
		answer, err := b.Decide(page, "ws_acme", "approve")
		must(t, err)
		if !answer.Query().Has("code") {
			t.Errorf("confirmed once more: %d %q", answer.Status, answer.Location())
		}
	})
}

// TestFault_A7_ARequestIsLookedUpBeforeAPasswordIsAsked.
func TestFault_A7_ARequestIsLookedUpBeforeAPasswordIsAsked(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		begun, err := d.NewBrowser().Get(harness.Request{}.Path())
		must(t, err)
		b := d.NewBrowser()
		for id, text := range map[string]string{
			begun.Query().Get("request"): "begun in another browser", secret.NewCode().Reveal(): "There is no such request", "x": "There is no such request",
		} {
			page, err := b.Follow(b.Get("/signin?request=" + id))
			must(t, err)
			wantPage(t, id, page, 400, text, "Reference: <code>")
			if asks(page) || strings.Contains(page.Body, "othing was shared") {
				t.Errorf("%s: a password is asked for, or the page claims what it does not know: %s", text, page.Body)
			}
		}
		bare := d.NewBrowser()
		bare.Client.Jar = frozen{bare.Client.Jar}
		page, err := bare.Follow(bare.Get(harness.Request{}.Path()))
		must(t, err)
		wantPage(t, "without cookies", page, 400, "Cookies are needed")
	})
}

// TestFault_A8_AnotherPersonGoesOnWithTheRequest, which is theirs alone then.
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
		answer, err := b.Decide(page, "ws_acme", "approve")
		must(t, err)
		a, err := d.Exchange(answer.Query().Get("code"), harness.Request{})
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

// TestFault_A8_TheAppAsksForANewSignIn, and gets one; and a person who does not want to sign in goes back.
func TestFault_A8_TheAppAsksForANewSignIn(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := signIn(t, d, harness.JohnEmail)
		for _, extra := range []string{"prompt=login", "max_age=0", "prompt=select_account"} {
			page, err := b.Follow(b.Get(harness.Request{}.Path() + "&" + extra + "&login_hint=" + url.QueryEscape(harness.EstherEmail)))
			must(t, err)
			if !asks(page) || !strings.Contains(page.Body, `value="`+harness.EstherEmail+`"`) {
				t.Fatalf("%s leads to %d %s", extra, page.Status, page.Body)
			}
			id := page.URL[strings.Index(page.URL, "=")+1:]
			around, err := b.Follow(b.Get("/consent?request=" + id))
			must(t, err)
			if !asks(around) {
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
		nobody := d.NewBrowser()
		page, err := nobody.Follow(nobody.Get(harness.Request{}.Path()))
		must(t, err)
		form, err := page.FormWith("password")
		must(t, err)
		answer, err := nobody.Submit(page, form, map[string]string{"decision": "deny"})
		must(t, err)
		want(t, "the app's answer", answer.Query().Get("error"), "access_denied")
		want(t, "the app's state", answer.Query().Get("state"), "random_csrf_token")
	})
}

// TestFault_A9_AWorkspaceIsTold with its plan and one's role in it.
func TestFault_A9_AWorkspaceIsTold(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		page, err := d.NewBrowser().Consent(harness.Request{})
		must(t, err)
		wantPage(t, "the consent page", page, 200, "pro plan, you are administrator, <code>ws_acme</code>", "free plan", "<code>ws_doe</code>")
	})
}

// TestFault_A7_ARequestThatExpiredSaysSo, and one that was answered still says how, after its code's time is over.
func TestFault_A7_ARequestThatExpiredSaysSo(t *testing.T) {
	t.Parallel() // on servers of its own
	d, _ := own(t, nil)
	b := signIn(t, d, harness.JohnEmail)
	open, err := b.Consent(harness.Request{})
	must(t, err)
	answered, err := b.Consent(harness.Request{})
	must(t, err)
	_, err = b.Decide(answered, "ws_acme", "approve")
	must(t, err)

	d.Set("USHER_CLOCK_OFFSET", "11m")
	restart(t, d)
	page, err := b.Get(answered.URL)
	must(t, err)
	wantPage(t, "an answer whose code is over", page, 200, "You allowed this request", "Acme Studio")
	if len(page.Forms) > 0 {
		t.Error("a code whose time is over is offered again")
	}
	told, err := b.Follow(b.Decide(answered, "ws_acme", "approve"))
	must(t, err)
	wantPage(t, "the decision again", told, 200, "You allowed this request")

	d.Set("USHER_CLOCK_OFFSET", "31m")
	restart(t, d)
	for _, address := range []string{open.URL, strings.Replace(open.URL, "/consent", "/signin", 1)} {
		page, err = b.Follow(b.Get(address))
		must(t, err)
		wantPage(t, address, page, 400, "This request has expired", "Example App", "nothing was shared")
		if asks(page) {
			t.Error("a password is asked for")
		}
	}
	told, err = b.Follow(b.Decide(open, "ws_acme", "approve"))
	must(t, err)
	wantPage(t, "a decision that comes too late", told, 400, "This request has expired")
}
