package flow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

func TestTheNextStepDependsOnTheSession(t *testing.T) {
	b := newBench(t)
	for name, row := range map[string]struct {
		browser flow.Browser
		want    flow.Kind
	}{
		"no session":   {b.signedOut(), flow.SignIn},
		"a living one": {b.signedIn(), flow.Consent},
	} {
		t.Run(name, func(t *testing.T) {
			step := b.start(t, query(), row.browser)
			if step.Kind != row.want || !secret.ValidCode(step.RequestID) || !step.Location.IsZero() {
				t.Fatalf("%+v, want %d", step, row.want)
			}
			again, err := b.Resume(t.Context(), step.RequestID, row.browser)
			if diff := cmp.Diff(step, again, cmp.Comparer(secret.String.Equal)); err != nil || diff != "" {
				t.Errorf("resumed: %v (-want +got):\n%s", err, diff)
			}
			other, err := b.Resume(t.Context(), step.RequestID, b.signedIn())
			if err != nil || other.Kind != flow.Consent || other.RequestID != step.RequestID {
				t.Errorf("resumed when signed in: %+v, %v", other, err)
			}
			other, err = b.Resume(t.Context(), step.RequestID, b.signedOut())
			if err != nil || other.Kind != flow.SignIn || other.RequestID != step.RequestID {
				t.Errorf("resumed when signed out: %+v, %v", other, err)
			}
		})
	}
	dead, before := flow.Browser{Token: b.token, Session: secret.New("ended")}, b.sessions.calls
	if b.start(t, query(), b.signedOut()).Kind != flow.SignIn || b.start(t, query(), dead).Kind != flow.Consent || b.sessions.calls != before {
		t.Error("identity is called for a session that the consent page checks")
	}
}

func TestThePendingRequestIsTheReceivedOne(t *testing.T) {
	b := newBench(t)
	state := "\x00 +%é\u2028"
	step := b.start(t, native("redirect_uri", "http://127.0.0.1:49152/callback", "state", state, "scope", "analyze:write videos:read analyze:write"), b.signedOut())
	got, err := b.Pending.Find(t.Context(), step.RequestID, b.token)
	want := pending.Authorization{ID: step.RequestID, Request: pending.Request{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{
				ClientID: authztest.Native, RedirectURI: "http://127.0.0.1:49152/callback", CodeChallenge: authztest.Challenge,
			},
			Scope: oauth.Scope{"analyze:write", "videos:read"}, DescriptionDigest: authztest.Client(authztest.Native).Description().Digest(),
		},
		ClientName: authztest.Client(authztest.Native).Name, State: state,
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, pending (-want +got):\n%s", err, diff)
	}
}

func TestOpenIDConnect_3_1_2_6_PromptNoneShowsNothing(t *testing.T) {
	b := newBench(t)
	for want, browser := range map[string]flow.Browser{
		"login_required": b.signedOut(), "consent_required": b.signedIn(),
	} {
		step := b.start(t, query("prompt", "none"), browser)
		wantRefusal(t, step, row{query: query("prompt", "none"), want: want})
	}
	dead := flow.Browser{Token: b.token, Session: secret.New("ended")}
	wantRefusal(t, b.start(t, query("prompt", " none "), dead), row{query: query(), want: "login_required"})
	if kept := b.entries.Keys(); len(kept) != 0 {
		t.Errorf("%d requests are stored though no page is shown", len(kept))
	}
	wantPage(t, b.start(t, query("prompt", "none", "redirect_uri", "https://evil.test"), b.signedIn()))
}

func TestAnOutageOfIdentityIsNeverSignedOut(t *testing.T) {
	b := newBench(t)
	step := b.start(t, query(), b.signedIn())
	b.sessions.down = errDown
	for name, call := range map[string]func() (flow.Step, error){
		"Start":              func() (flow.Step, error) { return b.Start(t.Context(), query("max_age", "60"), b.signedIn()) },
		"Start, prompt=none": func() (flow.Step, error) { return b.Start(t.Context(), query("prompt", "none"), b.signedIn()) },
		"Resume":             func() (flow.Step, error) { return b.Resume(t.Context(), step.RequestID, b.signedIn()) },
	} {
		got, err := call()
		if !errors.Is(err, errDown) || got.Kind != flow.ErrorPage || got.RequestID != "" || !got.Location.IsZero() {
			t.Errorf("%s: %+v, %v; want the outage", name, got, err)
		}
	}
	if kept := b.entries.Keys(); len(kept) != 1 {
		t.Errorf("%d requests are stored, want the one from before", len(kept))
	}
	// Without a session, no call of identity is needed to ask for a sign-in.
	if step := b.start(t, query(), b.signedOut()); step.Kind != flow.SignIn {
		t.Errorf("without a session: %+v", step)
	}
}

func TestAnOutageOfTheShortLivedStoreIsAnError(t *testing.T) {
	b := newBench(t)
	step := b.start(t, query(), b.signedIn())
	b.entries.Break("Put", shortlived.ErrUnavailable)
	if got, err := b.Start(t.Context(), query(), b.signedIn()); !errors.Is(err, shortlived.ErrUnavailable) || got.Kind != flow.ErrorPage {
		t.Errorf("Start: %+v, %v", got, err)
	}
	b.entries.Break("Get", shortlived.ErrUnavailable)
	if _, err := b.Resume(t.Context(), step.RequestID, b.signedIn()); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("Resume: %v", err)
	}
	// Requests that need no store still get their response.
	wantPage(t, b.start(t, query("client_id", ""), b.signedIn()))
	wantRefusal(t, b.start(t, query("prompt", "none"), b.signedIn()), row{query: query(), want: "consent_required"})
}

func TestARequestIsResumedByItsBrowserInItsTime(t *testing.T) {
	b := newBench(t)
	id := b.start(t, query(), b.signedOut()).RequestID
	for name, call := range map[string]struct {
		id      string
		browser flow.Browser
	}{
		"another browser":         {id, flow.Browser{Token: secret.NewCode(), Session: secret.New("john")}},
		"no browser":              {id, flow.Browser{Session: secret.New("john")}},
		"another identifier":      {secret.NewCode().Reveal(), b.signedIn()},
		"no identifier":           {"", b.signedIn()},
		"a malformed identifier":  {id + "=", b.signedIn()},
		"the key in place of it":  {b.entries.Keys()[0], b.signedIn()},
		"a code in place of both": {id, flow.Browser{Token: secret.New(id)}},
	} {
		if step, err := b.Resume(t.Context(), call.id, call.browser); !errors.Is(err, pending.ErrNotFound) || step.RequestID != "" {
			t.Errorf("%s: %+v, %v; want ErrNotFound", name, step, err)
		}
	}
	b.clock.Advance(time.Hour)
	if _, err := b.Resume(t.Context(), id, b.signedIn()); !errors.Is(err, pending.ErrNotFound) {
		t.Errorf("an hour later: %v, want ErrNotFound", err)
	}
}

func TestARequestNeedsABrowserToBelongTo(t *testing.T) {
	b := newBench(t)
	for _, token := range []string{"", "short", secret.NewCode().Reveal() + "A"} {
		step, err := b.Start(t.Context(), query(), flow.Browser{Token: secret.New(token)})
		if !errors.Is(err, pending.ErrNotFound) || step.RequestID != "" {
			t.Errorf("%d characters: %+v, %v; want ErrNotFound", len(token), step, err)
		}
	}
}

func TestTheCurrentRegistrationDecides(t *testing.T) {
	b := newBench(t)
	want := func(what, query, want string) {
		t.Helper()
		if step := b.start(t, query, b.signedIn()); want == page {
			wantPage(t, step)
		} else {
			wantRefusal(t, step, row{what, query, want})
		}
	}
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.Scope = oauth.Scope{"analyze:write"} })
	want("a scope was withdrawn", query(), "invalid_scope")
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.Type = client.Public })
	want("the client became public", query(), "invalid_request")
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.RedirectURIs = []string{"https://new.test/cb"} })
	want("the address was withdrawn", query(), page)
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.RedirectURIs = nil })
	want("no address is left", query(), page)
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.Disabled = true })
	want("the client was disabled", query("scope", ""), page)
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.Scope = append(registration.Scope, "bogus") })
	want("a scope of the client is not in the catalog", query("scope", "bogus"), "invalid_scope")
}

func TestADisabledClientLooksLikeAnUnknownOne(t *testing.T) {
	b := newBench(t)
	unknown := b.start(t, query("client_id", "vdo_client_nobody"), b.signedOut()).Message
	if disabled := b.start(t, query("client_id", authztest.Off), b.signedOut()).Message; disabled != unknown {
		t.Errorf("disabled: %q; unknown: %q", disabled, unknown)
	}
}
