package flow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// wrongRequests are refused with an error code after the client and the redirect URI are known.
func wrongRequests() []row {
	return []row{
		{"a repeated parameter", also(stranger(), "scope=x"), "invalid_request"},
		{"a request object", stranger("request", "x"), "request_not_supported"},
		{"a response mode", stranger("response_mode", "fragment"), "invalid_request"},
		{"a response type", stranger("response_type", "token"), "unsupported_response_type"},
		{"no response type", stranger("response_type", ""), "invalid_request"},
		{"an unknown scope", stranger("scope", "videos:raed"), "invalid_scope"},
		{"a scope of others", stranger("scope", "export:write"), "invalid_scope"},
		{"a tab", stranger("scope", "videos:read\tanalyze:write"), "invalid_scope"},
		{"no challenge", stranger("code_challenge", "", "code_challenge_method", ""), "invalid_request"},
		{"none and login", stranger("prompt", "none login"), "invalid_request"},
		{"prompt twice", also(stranger("prompt", "none"), "prompt=none"), "invalid_request"},
		{"max_age", stranger("max_age", "x"), "invalid_request"},
	}
}

func TestRFC9700_4_11_2_AnErrorOfAnUnverifiedClientDoesNotRedirect(t *testing.T) {
	for _, r := range wrongRequests() {
		t.Run(r.name, func(t *testing.T) {
			b := newBench(t)
			browser := b.signedOut()
			browser.HTTPRequestID = "the refused one"
			step := b.start(t, r.query, browser)
			if step.Kind != flow.SignIn || !step.Location.IsZero() || step.Refusal.Cause == "" || step.Refusal.ClientID != authztest.Unverified {
				t.Fatalf("signed out: %+v, want the sign-in", step)
			}
			if found := b.lookUp(t, step.RequestID, b.signedOut()); found.Status != flow.Open || found.Next.Kind != flow.SignIn || !found.ReturnLocation.IsZero() || found.Fault != "" {
				t.Errorf("before the sign-in: %+v", found)
			}
			resumed, err := b.Resume(t.Context(), step.RequestID, b.signedIn())
			if err != nil || resumed.Kind != flow.ReturnPage || resumed.RequestID != step.RequestID {
				t.Errorf("after the sign-in: %+v, %v", resumed, err)
			}
			found := b.lookUp(t, step.RequestID, b.signedIn())
			got := parseResponse(t, found.ReturnLocation, authztest.Callback)
			logged := step.Refusal
			logged.LoggedAs = "the refused one"
			if found.Status != flow.Refused || found.ClientName == "" || found.Origin != "https://app.test" || got.Get("error") != r.want ||
				got.Get("state") != "a state" || got.Get("iss") != issuer || found.Next.Refusal != logged {
				t.Errorf("the page: %+v, returns %v", found, got)
			}
			if got.Get("error_description") != found.Fault || found.Fault == "" {
				t.Errorf("the page says %q, the client gets %q", found.Fault, got.Get("error_description"))
			}
			if direct := b.start(t, r.query, b.signedIn()); direct.Kind != flow.ReturnPage || !direct.Location.IsZero() {
				t.Errorf("signed in: %+v, want the page", direct)
			}
		})
	}
}

// The log says what was expected also where no redirect does.
func TestARefusalOfAnUnverifiedClientHasWhatWasExpected(t *testing.T) {
	for name, want := range map[string]string{"scope": "export:write", "resource": "https://elsewhere.test/"} {
		b := newBench(t)
		step := b.start(t, stranger(name, want), b.signedOut())
		if step.Kind != flow.SignIn || step.Refusal.Parameter != name || step.Refusal.Expected == "" {
			t.Errorf("%s: %+v", name, step)
		}
	}
	b := newBench(t)
	for _, name := range []string{"state", "prompt", "client_id", "redirect_uri"} {
		if step := b.start(t, also(stranger("prompt", "login"), name+"=x"), b.signedIn()); step.Refusal.Parameter != name || step.Refusal.Expected != "" {
			t.Errorf("%s twice: %+v", name, step.Refusal)
		}
	}
	for _, name := range []string{"response_type", "client_id", "redirect_uri"} {
		if step := b.start(t, stranger(name, ""), b.signedIn()); step.Refusal.Parameter != name {
			t.Errorf("without %s: %+v", name, step.Refusal)
		}
	}
}

// The page is the browser's that began the request, and there is nothing to decide.
func TestARefusedRequestCannotBeDecided(t *testing.T) {
	b := newBench(t)
	epoch := int64(7)
	for _, r := range wrongRequests() {
		id := b.start(t, r.query, b.signedIn()).RequestID
		for what, d := range map[string]flow.Decision{"an approval": b.approve(id), "a denial": b.deny(id)} {
			d.Epoch = &epoch
			b.refuses(t, what+" of "+r.name, d, pending.ErrDecided)
		}
		if found := b.lookUp(t, id, flow.Browser{Token: secret.NewCode()}); found.Status != flow.OtherBrowser || !found.ReturnLocation.IsZero() {
			t.Errorf("in another browser: %+v", found)
		}
	}
	for _, key := range b.entries.Keys() {
		value, _ := b.entries.Kept(key)
		if !strings.Contains(string(value), `"deadline":0,`) {
			t.Fatalf("release 0.1 takes a refused request for an open one: %s", value)
		}
	}
	b.clock.Advance(time.Hour)
	if found := b.lookUp(t, b.start(t, wrongRequests()[0].query, b.signedIn()).RequestID, b.signedIn()); found.Status != flow.Refused {
		t.Errorf("a fresh one: %+v", found)
	}
}

func TestACancelledRefusalReturnsItsError(t *testing.T) {
	b := newBench(t)
	for _, q := range []string{stranger("scope", "videos:raed"), stranger("code_challenge", "", "code_challenge_method", "")} {
		id := b.start(t, q, b.signedOut()).RequestID
		for range 2 {
			step, err := b.Cancel(t.Context(), id, b.token)
			if err != nil || step.Kind != flow.ReturnPage || !step.Location.IsZero() {
				t.Fatalf("Cancel: %+v, %v", step, err)
			}
		}
		found := b.lookUp(t, id, b.signedOut())
		if code := parseResponse(t, found.ReturnLocation, authztest.Callback).Get("error"); found.Status != flow.Denied || !strings.HasPrefix(code, "invalid_") {
			t.Errorf("cancelled: %+v, %s", found, code)
		}
	}
}

func TestRFC9700_4_11_2_ADenialOfAnUnverifiedClientIsReturnedByTheUser(t *testing.T) {
	b := newBench(t)
	denied, cancelled := b.bound(t, stranger()), b.start(t, stranger(), b.signedOut()).RequestID
	b.complete(t, b.deny(denied))
	if step, err := b.Cancel(t.Context(), cancelled, b.token); err != nil || step.Kind != flow.ReturnPage {
		t.Fatalf("Cancel: %+v, %v", step, err)
	}
	for id, browser := range map[string]flow.Browser{denied: b.signedIn(), cancelled: b.signedOut()} {
		found := b.lookUp(t, id, browser)
		if got := parseResponse(t, found.ReturnLocation, authztest.Callback); found.Status != flow.Denied || got.Get("error") != "access_denied" {
			t.Errorf("%+v returns %v", found, got)
		}
	}
	if found := b.lookUp(t, denied, b.as("esther")); found.Status != flow.OtherUser || !found.ReturnLocation.IsZero() {
		t.Errorf("another user: %+v", found)
	}
	approved := b.bound(t, stranger())
	if got := parseResponse(t, b.complete(t, b.approve(approved)), authztest.Callback); !got.Has("code") {
		t.Errorf("an approval does not redirect: %v", got)
	}
	if found := b.lookUp(t, approved, b.signedIn()); !found.ReturnLocation.IsZero() {
		t.Errorf("an approval has a way back without its code: %+v", found)
	}
	verified := b.bound(t, query())
	b.complete(t, b.deny(verified))
	if found := b.lookUp(t, verified, b.signedIn()); found.Status != flow.Denied || !found.ReturnLocation.IsZero() {
		t.Errorf("a verified client: %+v", found)
	}
}

func TestAClientWhoseAddressIsWithdrawnIsNotReturnedTo(t *testing.T) {
	b := newBench(t)
	id := b.start(t, stranger("scope", "videos:raed"), b.signedIn()).RequestID
	b.change(t, authztest.Unverified, func(r *client.Registration) { r.RedirectURIs = []string{"https://other.test/"} })
	if found := b.lookUp(t, id, b.signedIn()); found.Status != flow.Refused || !found.ReturnLocation.IsZero() {
		t.Errorf("%+v", found)
	}
}

// prompt=none must not show a page, so that the error redirects (OpenID Connect Core §3.1.2.6).
func TestAnUnverifiedClientThatAsksForNoPageIsRedirected(t *testing.T) {
	b := newBench(t)
	for _, r := range []row{
		{"signed out", stranger("prompt", "none"), "login_required"},
		{"with a wrong scope", stranger("prompt", " none ", "scope", "bogus"), "invalid_scope"},
	} {
		wantRefusal(t, b.start(t, r.query, b.signedOut()), r)
	}
	wantRefusal(t, b.start(t, stranger("prompt", "none"), b.signedIn()), row{query: stranger(), want: "consent_required"})
	wantPage(t, b.start(t, stranger("prompt", "none", "redirect_uri", "https://evil.test"), b.signedIn()))
	wantPage(t, b.start(t, stranger("scope", "bogus", "redirect_uri", "https://evil.test"), b.signedIn()))
	if kept := b.entries.Keys(); len(kept) != 0 {
		t.Errorf("%d requests are stored", len(kept))
	}
}

// A refused request that is stored counts as one that was started.
func TestRefusedRequestsOfUnverifiedClientsAreLimited(t *testing.T) {
	b := newBench(t)
	b.Starts = flow.StartLimit{
		Budgets: ratelimit.NewPrepaid(&ratelimit.Limiter{Entries: shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now}), Prefix: "start:", Now: b.clock.Now}),
		Source:  ratelimit.Budget{Limit: 3, Window: time.Minute},
	}
	browser, limited := b.signedOut(), 0
	browser.Source = "192.0.2.1"
	for range 20 {
		_, err := b.Start(t.Context(), stranger("scope", "bogus"), browser)
		var over *ratelimit.LimitedError
		if errors.As(err, &over) {
			limited++
		}
	}
	if limited != 17 {
		t.Errorf("%d of 20 requests are refused, want 17", limited)
	}
}
