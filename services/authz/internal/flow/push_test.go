package flow_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/pushed"
)

const thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" // the example of RFC 9449 §6.1

// push pushes a request of Web and returns the query of the browser.
func (b *bench) push(t *testing.T, form string) string {
	t.Helper()
	uri, lifetime, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: form})
	if err != nil {
		t.Fatal(err)
	}
	if lifetime != 90*time.Second {
		t.Errorf("the request_uri lives for %s", lifetime)
	}
	return url.Values{"client_id": {authztest.Web}, "request_uri": {uri.Reveal()}}.Encode()
}

// TestN12_3_ARequestUriIsSpentByADecision, and by nothing before it.
func TestN12_3_ARequestUriIsSpentByADecision(t *testing.T) {
	b := newBench(t)
	address := b.push(t, query())
	first, second := b.bound(t, address), b.bound(t, address)
	done := b.complete(t, b.approve(first))
	if again := b.complete(t, b.approve(first)); again.Reveal() != done.Reveal() {
		t.Error("a repeated decision has another outcome")
	}
	b.refuses(t, "another authorization of the request", b.approve(second), pending.ErrDecided)
	b.refuses(t, "its denial", b.deny(second), pending.ErrDecided)
	if found := b.lookUp(t, second, b.signedIn()); found.Status != flow.Used || found.ClientName == "" {
		t.Errorf("the other authorization is %+v", found)
	}
	if _, err := b.Cancel(t.Context(), second, b.token); !errors.Is(err, pending.ErrDecided) {
		t.Errorf("its cancellation: %v", err)
	}
	if step := b.start(t, address, b.signedIn()); step.Kind != flow.ErrorPage || step.Refusal.Cause != cause.PushedRequestUnknown {
		t.Errorf("the request_uri once more: %+v", step)
	}
}

// TestN12_3_ADecisionInTheMiddleOfAnother: whichever is written first counts.
func TestN12_3_ADecisionInTheMiddleOfAnother(t *testing.T) {
	b := newBench(t)
	address := b.push(t, query())
	first, second := b.bound(t, address), b.bound(t, address)
	b.entries.Before("PutNew", func() { b.complete(t, b.approve(second)) })
	b.refuses(t, "the decision that came second", b.approve(first), pending.ErrDecided)
}

func TestN12_3_AnExpiredRequestUriIsRefused(t *testing.T) {
	b := newBench(t)
	address := b.push(t, query())
	b.clock.Advance(89 * time.Second)
	id := b.bound(t, address)
	b.clock.Advance(2 * time.Second)
	step := b.start(t, address, b.signedIn())
	if step.Kind != flow.ErrorPage || step.Refusal.Cause != cause.PushedRequestExpired {
		t.Errorf("an expired request_uri: %+v", step)
	}
	b.complete(t, b.approve(id)) // a page that was open in time may be decided on later
}

// TestN12_1_EveryCheckOfTheAuthorizationEndpointIsMade, in its order.
func TestN12_1_EveryCheckOfTheAuthorizationEndpointIsMade(t *testing.T) {
	b := newBench(t)
	for _, w := range wrongs()[1:] {
		q := query(w.name, w.value)
		if w.name == "response_mode" {
			q = also(q, "response_mode=twice")
		}
		_, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: q})
		var refused *flow.RequestError
		want := strings.TrimPrefix(w.want, page)
		if want == "" {
			want = "invalid_request"
		}
		if !errors.As(err, &refused) || refused.Code != want || refused.Cause == "" || refused.Text == "" {
			t.Errorf("%s: %v, want %s", w.name, err, want)
		}
	}
	for form, want := range map[string]string{
		strings.Repeat("x", 17<<10): "the parameters cannot be read: too long: at most 16 KiB",
		strings.Repeat("a&", 100):   "the parameters cannot be read: more than 100",
		"a=%zz":                     "the parameters cannot be read: malformed percent-encoding",
		"a=1;b=2":                   "the parameters cannot be read: a semicolon must be sent as %3B",
		"a=%ff":                     "the parameters cannot be read: not UTF-8",
	} {
		var refused *flow.RequestError
		if _, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: form}); !errors.As(err, &refused) || refused.Code != "invalid_request" || refused.Text != want {
			t.Errorf("%.20s: %v, want %s", form, err, want)
		}
	}
}

// TestOnlyWhatIsReadOfAPushIsStored: neither a secret nor an assertion, nor what a client invents: 8,000
// requests with 15 KB of it filled Redis.
func TestOnlyWhatIsReadOfAPushIsStored(t *testing.T) {
	b := newBench(t)
	b.push(t, query("client_secret", "SECRET", "client_assertion", "ASSERTION", "client_assertion_type", "TYPE", "more", "MORE",
		"login_hint", "HINT"+strings.Repeat("x", 10000)))
	for _, key := range b.entries.Keys() {
		value, ttl := b.entries.Kept(key)
		if text := string(value); strings.Contains(text, "SECRET") || strings.Contains(text, "ASSERTION") || strings.Contains(text, "TYPE") ||
			strings.Contains(text, "MORE") || strings.Contains(text, "HINT") || ttl <= 0 {
			t.Errorf("%s is %s", key, text)
		}
	}
}

// TestN12_3_TheLanguagesOfAPushedRequestCount, and not those beside its request_uri, also where the request is
// refused before they are read. A list that is too long is dropped.
func TestN12_3_TheLanguagesOfAPushedRequestCount(t *testing.T) {
	b := newBench(t)
	for _, row := range []struct{ pushed, want string }{
		{"de-AT de", "de-AT de"}, {"", ""}, {strings.Repeat("de ", 100), ""},
	} {
		address := also(b.push(t, query("ui_locales", row.pushed)), "ui_locales=fr")
		if step := b.start(t, address, b.signedIn()); step.Kind != flow.Consent || step.UILocales != row.want {
			t.Errorf("pushed %.20q: %+v, want %q", row.pushed, step, row.want)
		}
	}
	address := b.push(t, also(query("ui_locales", "de"), "ui_locales="+strings.Repeat("x", 1000)))
	b.change(t, authztest.Web, func(r *client.Registration) { r.Disabled = true })
	if step := b.start(t, address, b.signedIn()); step.Kind != flow.ErrorPage || step.UILocales != "" {
		t.Errorf("of a client that is disabled: %+v", step)
	}
	b.change(t, authztest.Web, func(r *client.Registration) {
		r.Disabled, r.RedirectURIs = false, []string{"https://yourapp.com/other"}
	})
	if step := b.start(t, address, b.signedIn()); step.Kind != flow.ErrorPage || step.UILocales != "de" {
		t.Errorf("of a client whose address changed: %+v", step)
	}
	if step := b.start(t, query("ui_locales", "de"), b.signedIn()); step.UILocales != "" {
		t.Errorf("of a request that was not pushed: %+v", step)
	}
}

// TestN12_4_ARequestThatWasNotPushedIsRefused where the client, its profile or the operator requires
// it, also while the user decides.
func TestN12_4_ARequestThatWasNotPushedIsRefused(t *testing.T) {
	b := newBench(t)
	open := b.bound(t, query())
	b.PushRequired = true
	wants := func(what string) {
		t.Helper()
		step := b.start(t, query(), b.signedIn())
		if parseResponse(t, step.Location, authztest.Callback).Get("error") != "invalid_request" || step.Refusal.Cause != cause.PushedRequestRequired {
			t.Errorf("%s: %+v", what, step)
		}
	}
	wants("the operator's requirement")
	b.bound(t, b.push(t, query()))
	b.PushRequired = false
	b.change(t, authztest.Web, func(r *client.Registration) { r.PushRequired = true })
	wants("the client's")
	b.refuses(t, "a request from before", b.approve(open), pending.ErrNotFound)
	b.change(t, authztest.Web, func(r *client.Registration) { r.PushRequired, r.Profile = false, client.FAPI2 })
	wants("the profile's")
	var refused *flow.RequestError
	if _, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: query()}); !errors.As(err, &refused) || refused.Cause != cause.ChallengeMissing {
		t.Errorf("a push without a challenge with the profile: %v", err)
	}
}

// TestFAPI2_ARequestWithoutAChallengeIsNotCompleted after its client got the profile: nothing would protect the code.
func TestFAPI2_ARequestWithoutAChallengeIsNotCompleted(t *testing.T) {
	b := newBench(t)
	without, with := b.bound(t, b.push(t, query())), b.bound(t, b.push(t, query("code_challenge", authztest.Challenge, "code_challenge_method", "S256")))
	b.change(t, authztest.Web, func(r *client.Registration) { r.Profile = client.FAPI2 })
	b.refuses(t, "a request without a challenge", b.approve(without), pending.ErrNotFound)
	if _, err := b.Complete(t.Context(), b.approve(with)); err != nil {
		t.Errorf("a request with one: %v", err)
	}
}

// TestN13_3_TheKeyOfAProofIsTheOneOfTheRequest.
func TestN13_3_TheKeyOfAProofIsTheOneOfTheRequest(t *testing.T) {
	b := newBench(t)
	for name, row := range map[string]struct {
		param, proof string
		want         cause.Cause
	}{
		"the parameter": {thumbprint, "", ""}, "the proof": {"", thumbprint, ""}, "both": {thumbprint, thumbprint, ""},
		"two keys": {thumbprint, strings.Repeat("A", 43), cause.DPoPKeyContradictory}, "too short": {"x", "", cause.DPoPKeyMalformed},
		"another alphabet": {strings.Repeat("+", 43), "", cause.DPoPKeyMalformed},
	} {
		uri, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: query("dpop_jkt", row.param), Proof: flow.Proof{Key: row.proof}})
		var refused *flow.RequestError
		if row.want != "" {
			if !errors.As(err, &refused) || refused.Cause != row.want {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(name, err)
		}
		id := b.bound(t, url.Values{"client_id": {authztest.Web}, "request_uri": {uri.Reveal()}}.Encode())
		if p, err := b.Pending.Find(t.Context(), id, b.token); err != nil || p.DPoPKey != thumbprint {
			t.Errorf("%s: the key is %q, %v", name, p.DPoPKey, err)
		}
	}
	direct := b.bound(t, query("dpop_jkt", thumbprint))
	if p, err := b.Pending.Find(t.Context(), direct, b.token); err != nil || p.DPoPKey != thumbprint {
		t.Errorf("without a push the key is %q, %v", p.DPoPKey, err)
	}
}

// TestFAPI2_TheCodesOfTheProfileLiveForAMinute, however long the setting is: a second later its code is
// expired, and another client's is not.
func TestFAPI2_TheCodesOfTheProfileLiveForAMinute(t *testing.T) {
	b := newBench(t)
	b.Codes = &code.Store{Entries: b.entries, Lifetime: code.MaxLifetime, Now: b.clock.Now}
	approved := func() secret.String {
		id := b.bound(t, b.push(t, query("code_challenge", authztest.Challenge, "code_challenge_method", "S256")))
		return secret.New(parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback).Get("code"))
	}
	others := approved()
	b.change(t, authztest.Web, func(r *client.Registration) { r.Profile = client.FAPI2 })
	early, late := approved(), approved()
	b.clock.Advance(time.Minute - time.Second)
	if _, err := b.Codes.Resolve(t.Context(), early); err != nil {
		t.Errorf("a code of the profile after 59 seconds: %v", err)
	}
	b.clock.Advance(2 * time.Second)
	if _, err := b.Codes.Resolve(t.Context(), late); cause.Of(err) != cause.CodeExpired {
		t.Errorf("a code of the profile after 61 seconds: %v", err)
	}
	if _, err := b.Codes.Resolve(t.Context(), others); err != nil {
		t.Errorf("another client's code after 61 seconds: %v", err)
	}
	limited := b.Codes.Limited(30 * time.Second).Limited(time.Hour)
	if got := limited.Expiry(b.clock.Now()).Sub(b.clock.Now()); got != 30*time.Second {
		t.Errorf("a limit lengthens a code to %s", got)
	}
}

// TestN12_ClientsThatAnyoneCanBeAreLimitedByTheirAddress, and others are not: a server pushes for all its users.
func TestN12_ClientsThatAnyoneCanBeAreLimitedByTheirAddress(t *testing.T) {
	for name, change := range map[string]func(r *client.Registration){
		"public":     func(*client.Registration) {},
		"unverified": func(r *client.Registration) { r.Type, r.Unverified = client.Confidential, true },
	} {
		t.Run(name, func(t *testing.T) { pushesLimited(t, change) })
	}
}

func pushesLimited(t *testing.T, change func(r *client.Registration)) {
	t.Helper()
	b := newBench(t)
	b.change(t, authztest.Native, change)
	counts := shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now})
	b.Starts = flow.StartLimit{
		Budgets: ratelimit.NewPrepaid(&ratelimit.Limiter{Entries: counts, Now: b.clock.Now}),
		Source:  ratelimit.Budget{Limit: 2, Window: time.Minute},
	}
	for n := range 4 {
		_, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Native, Form: authztest.NativeQuery(), Source: "192.0.2.1"})
		if limited := ratelimit.Limited(err); limited != (n >= 2) || err != nil && !limited {
			t.Errorf("push %d: %v", n, err)
		}
		if _, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: query(), Source: "192.0.2.1"}); err != nil {
			t.Errorf("push %d of a confidential client: %v", n, err)
		}
	}
}

// TestWithoutTheShortLivedStoreNothingIsPushedOrDecided.
func TestWithoutTheShortLivedStoreNothingIsPushedOrDecided(t *testing.T) {
	b := newBench(t)
	address := b.push(t, query())
	id := b.bound(t, address)
	for _, method := range []string{"Get", "Put", "PutNew"} {
		b.entries.Break(method, shortlived.ErrUnavailable)
	}
	if _, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: query()}); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("a push: %v", err)
	}
	if _, err := b.Start(t.Context(), address, b.signedIn()); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("a start: %v", err)
	}
	b.entries.Break("Get", nil)
	b.refuses(t, "a decision", b.approve(id), shortlived.ErrUnavailable)
}

var _ pushed.Entries = (*authztest.Entries)(nil)
