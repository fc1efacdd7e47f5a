package openid

import (
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestOIDCBasic_PromptLogin: oidcc-prompt-login. The user signs in once more, and goes on; Back and a
// second tab do not get around it.
func TestOIDCBasic_PromptLogin(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, demand := range [][]string{{"prompt", "login"}, {"max_age", "0"}} {
			r := newRP(d)
			first := r.login(t)
			for time.Now().Unix() <= first.number("auth_time") {
				time.Sleep(50 * time.Millisecond)
			}
			page := r.open(t, r.params(demand...))
			if !signsIn(page) {
				t.Fatalf("%v leads to %s", demand, page.URL)
			}
			// The consent page of the request, by its address, redirects to the sign-in.
			request := page.URL[len(d.PublicURL+"/signin"):]
			around, err := r.browser.Follow(r.browser.Get("/consent" + request))
			expect.NoError(t, err)
			if !signsIn(around) {
				t.Errorf("%v: the consent page shows without a new sign-in", demand)
			}
			continueSession(t, d, r.browser)
			around, err = r.browser.Follow(r.browser.Get("/consent" + request))
			expect.NoError(t, err)
			if !signsIn(around) {
				t.Errorf("%v: a session that continues the one before gets around it: %s", demand, around.URL)
			}
			again, err := r.browser.SignIn(around, harness.JohnEmail, harness.UserPassword)
			expect.NoError(t, err)
			if !asks(again) {
				t.Fatalf("%v: after the sign-in %s", demand, again.URL)
			}
			a := r.exchange(t, r.finish(t, again).Get("code"))
			if a.number("auth_time") <= first.number("auth_time") || a.text("sub") != first.text("sub") {
				t.Errorf("%v: auth_time was %d, and is %d", demand, first.number("auth_time"), a.number("auth_time"))
			}
		}
	})
}

// continueSession signs every other device out, after which the browser has another session without a sign-in.
func continueSession(t *testing.T, d *harness.Deployment, b *harness.Browser) {
	t.Helper()
	before := b.Cookie(harness.SessionCookie)
	expect.SignedIn(t, d, harness.JohnEmail) // elsewhere, so that the page has the form
	page, err := b.Get("/account/devices")
	expect.NoError(t, err)
	for _, form := range page.Forms {
		if strings.HasSuffix(form.Action, "/end-others") {
			_, err = b.Submit(page, form, nil)
			expect.NoError(t, err)
		}
	}
	if b.Cookie(harness.SessionCookie) == before {
		t.Fatal("the browser has its session of before")
	}
}

// TestOIDCBasic_PromptNoneNotLoggedIn: oidcc-prompt-none-not-logged-in.
func TestOIDCBasic_PromptNoneNotLoggedIn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		if back := r.open(t, r.params("prompt", "none")).Query(); back.Get("error") != "login_required" || back.Get("state") != "st" {
			t.Errorf("the response is %v", back)
		}
		if back := r.open(t, r.params("prompt", "none login")).Query(); back.Get("error") != "invalid_request" {
			t.Errorf("none with another value: %v", back)
		}
	})
}

// TestOIDCBasic_PromptNoneLoggedIn: oidcc-prompt-none-logged-in, and each reason for which it fails.
func TestOIDCBasic_PromptNoneLoggedIn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		expect.NoError(t, r.browser.SignInAs(harness.EstherEmail))
		if back := r.open(t, r.params("prompt", "none", "scope", "openid usage:read")).Query(); back.Get("error") != "consent_required" {
			t.Errorf("before any approval: %v", back)
		}
		r = newRP(d)
		_, err := r.browser.Disconnect(harness.ConfidentialID)
		_ = err // John is not signed in yet
		expect.NoError(t, r.browser.SignInAs(harness.JohnEmail))
		if _, err := r.browser.Disconnect(r.id); err != nil {
			t.Log(err) // nothing is connected
		}
		first := r.login(t, "scope", "openid usage:read")
		back := r.open(t, r.params("prompt", "none", "scope", "openid usage:read", "max_age", "10000")).Query()
		if back.Get("code") == "" {
			t.Fatalf("after it: %v", back)
		}
		a := r.exchange(t, back.Get("code"))
		for _, claim := range []string{"sub", "auth_time", "sid", "https://vidocu.ai/claims/workspace"} {
			if a.claims[claim] != first.claims[claim] {
				t.Errorf("%s was %v, and is %v", claim, first.claims[claim], a.claims[claim])
			}
		}
		if back := r.open(t, r.params("prompt", "none", "scope", "openid usage:read jobs:read")).Query(); back.Get("error") != "consent_required" {
			t.Errorf("for more scopes: %v", back)
		}
		r.approveIn(t, "ws_doe", "openid usage:read")
		if back := r.open(t, r.params("prompt", "none", "scope", "openid usage:read")).Query(); back.Get("error") != "interaction_required" {
			t.Errorf("with two workspaces: %v", back)
		}
		if _, err := r.browser.Disconnect(r.id); err != nil {
			t.Fatal(err)
		}
		if back := r.open(t, r.params("prompt", "none", "scope", "openid usage:read")).Query(); back.Get("error") != "consent_required" {
			t.Errorf("after the user disconnected the app: %v", back)
		}
	})
}

// approveIn approves a request for a workspace.
func (r *rp) approveIn(t *testing.T, workspace, scope string) {
	t.Helper()
	page, err := r.browser.Decide(r.open(t, r.params("scope", scope)), workspace, "approve")
	expect.NoError(t, err)
	if page.Query().Get("code") == "" {
		t.Fatalf("%s leads to %q", page.URL, page.Location())
	}
}

// TestRFC8252_8_6_PromptNoneNeedsAnIdentifiedClient: any program on a device can receive a code at a
// loopback address.
func TestRFC8252_8_6_PromptNoneNeedsAnIdentifiedClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		r.id = harness.PublicID
		verifier := harness.NewVerifier()
		native := []string{
			"redirect_uri", "http://127.0.0.1:4711/callback", "code_challenge", harness.Challenge(verifier), "code_challenge_method", "S256",
		}
		expect.NoError(t, r.browser.SignInAs(harness.JohnEmail))
		page, err := r.browser.Decide(r.open(t, r.params(native...)), "ws_acme", "approve")
		expect.NoError(t, err)
		if page.Query().Get("code") == "" {
			t.Fatalf("%q", page.Location())
		}
		if back := r.open(t, r.params(append(native, "prompt", "none")...)).Query(); back.Get("error") != "consent_required" {
			t.Errorf("to a loopback address: %v", back)
		}
		native[1] = harness.CallbackURI
		if back := r.open(t, r.params(append(native, "prompt", "none")...)).Query(); back.Get("code") == "" {
			t.Errorf("to a web address: %v", back)
		}
	})
}

// TestOIDCBasic_IDTokenHint: oidcc-id-token-hint. The hint of another user requires another sign-in, and
// never to a code for the user who is signed in.
func TestOIDCBasic_IDTokenHint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		expect.NoError(t, r.browser.SignInAs(harness.JohnEmail))
		if _, err := r.browser.Disconnect(r.id); err != nil {
			t.Log(err)
		}
		hint := r.login(t).Text("id_token")
		back := r.open(t, r.params("prompt", "none", "id_token_hint", hint)).Query()
		if back.Get("code") == "" {
			t.Errorf("the user of the hint: %v", back)
		}
		if page := r.open(t, r.params("id_token_hint", hint)); !asks(page) {
			t.Errorf("with a page, the user of the hint is led to %s", page.URL)
		}
		esther := newRP(d)
		expect.NoError(t, esther.browser.SignInAs(harness.EstherEmail))
		if back := esther.open(t, esther.params("prompt", "none", "id_token_hint", hint)).Query(); back.Get("error") != "login_required" {
			t.Errorf("another user: %v", back)
		}
		page := esther.open(t, esther.params("id_token_hint", hint))
		if !signsIn(page) {
			t.Fatalf("another user is led to %s", page.URL)
		}
		request := page.URL[len(d.PublicURL+"/signin"):]
		around, err := esther.browser.Follow(esther.browser.Get("/consent" + request))
		expect.NoError(t, err)
		if asks(around) {
			if page, err = esther.browser.Decide(around, "ws_acme", "approve"); err != nil || page.Query().Get("code") != "" {
				t.Errorf("another user gets a code: %q, %v", page.Location(), err)
			}
		}
		a := esther.exchange(t, esther.finish(t, page).Get("code")) // as John
		if john, _ := r.verify(t, hint); a.text("sub") != john["sub"] {
			t.Errorf("the code is for %q", a.text("sub"))
		}
	})
}
