package flow_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

func (b *bench) complete(t *testing.T, d flow.Decision) secret.String {
	t.Helper()
	done, err := b.Complete(t.Context(), d)
	if err != nil {
		t.Fatalf("Complete: %v", err)
	}
	return done.Location
}

// refuses requires that a decision fails and closes nothing: the valid one is still accepted
// afterwards.
func (b *bench) refuses(t *testing.T, what string, d flow.Decision, want error) {
	t.Helper()
	done, err := b.Complete(t.Context(), d)
	if !errors.Is(err, want) || !done.Location.IsZero() {
		t.Errorf("%s: %v, want %v and no location", what, err, want)
	}
}

func TestRFC6749_4_1_2_AnApprovalIsACodeForWhatWasSeen(t *testing.T) {
	b := newBench(t)
	for q, redirectURI := range map[string]string{
		query("code_challenge", authztest.Challenge, "code_challenge_method", "S256"): authztest.Callback,
		query("redirect_uri", authztest.WithQuery, "state", ""):                       authztest.WithQuery,
	} {
		id := b.bound(t, q)
		waiting, err := b.Pending.Find(t.Context(), id, b.token)
		if err != nil {
			t.Fatal(err)
		}
		got := parseResponse(t, b.complete(t, b.approve(id)), redirectURI)
		if got.Get("state") != waiting.State || got.Has("state") != (waiting.State != "") || got.Get("iss") != issuer || got.Has("error") {
			t.Errorf("got the response %v", got)
		}
		facts, err := b.Codes.Resolve(t.Context(), secret.New(got.Get("code")))
		want := oauth.ApprovedRequest{
			AuthorizationRequest: oauth.AuthorizationRequest{
				CodeBinding: oauth.CodeBinding{ClientID: authztest.Web, RedirectURI: redirectURI, CodeChallenge: waiting.CodeChallenge},
				Scope:       oauth.Scope{"videos:read"}, DescriptionDigest: authztest.Client(authztest.Web).Description().Digest(),
			},
			UserID: "usr_john", DisplayName: "John Doe", WorkspaceID: "ws_acme", Epoch: 7,
		}
		if diff := cmp.Diff(want, facts); err != nil || diff != "" {
			t.Errorf("%v, facts (-want +got):\n%s", err, diff)
		}
	}
}

func TestRFC6749_4_1_2_1_ADenialIsAccessDenied(t *testing.T) {
	b := newBench(t)
	id := b.bound(t, query())
	denied := b.complete(t, b.deny(id))
	got := parseResponse(t, denied, authztest.Callback)
	if got.Get("error") != "access_denied" || got.Get("error_description") == "" || got.Has("code") ||
		got.Get("state") != "a state" || got.Get("iss") != issuer {
		t.Errorf("got the response %v", got)
	}
	if kept := b.entries.Keys(); len(kept) != 1 {
		t.Errorf("a denial leaves %d entries behind, want its outcome", len(kept))
	}
	b.refuses(t, "an approval after the denial", b.approve(id), pending.ErrDecided)
	if again := b.complete(t, b.deny(id)); !again.Equal(denied) {
		t.Error("the denial once more leads elsewhere")
	}
}

func TestAWrongDecisionClosesNothing(t *testing.T) {
	b := newBench(t)
	unseen := b.start(t, query(), b.signedIn()).RequestID
	id := b.bound(t, query())
	for what, change := range map[string]func(d *flow.Decision){
		"another user":                   func(d *flow.Decision) { d.UserID = "usr_esther" },
		"nobody":                         func(d *flow.Decision) { d.UserID = "" },
		"another browser":                func(d *flow.Decision) { d.Browser = secret.NewCode() },
		"no browser":                     func(d *flow.Decision) { d.Browser = secret.String{} },
		"another request":                func(d *flow.Decision) { d.RequestID = secret.NewCode().Reveal() },
		"no request":                     func(d *flow.Decision) { d.RequestID = "" },
		"a screen that was not shown":    func(d *flow.Decision) { d.RequestID = unseen },
		"no user, of a screen not shown": func(d *flow.Decision) { d.RequestID, d.UserID = unseen, "" },
	} {
		for _, d := range []flow.Decision{b.approve(id), b.deny(id)} {
			change(&d)
			b.refuses(t, what, d, pending.ErrNotFound)
		}
	}
	if !parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback).Has("code") {
		t.Error("the right decision is refused")
	}
}

func TestAClientThatChangedInBetweenGetsNoResponse(t *testing.T) {
	for what, change := range map[string]func(registration *client.Registration){
		"disabled":             func(registration *client.Registration) { registration.Disabled = true },
		"scope withdrawn":      func(registration *client.Registration) { registration.Scope = oauth.Scope{"videos:read"} },
		"all scopes withdrawn": func(registration *client.Registration) { registration.Scope = nil },
		"address withdrawn":    func(registration *client.Registration) { registration.RedirectURIs = []string{authztest.WithQuery} },
		"address gained a slash": func(registration *client.Registration) {
			registration.RedirectURIs = []string{authztest.Callback + "/"}
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			id := b.bound(t, query("scope", "videos:read analyze:write"))
			b.change(t, authztest.Web, change)
			b.refuses(t, "approval", b.approve(id), pending.ErrNotFound)
			b.refuses(t, "denial", b.deny(id), pending.ErrNotFound)
			b.change(t, authztest.Web, func(*client.Registration) {})
			if !parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback).Has("code") {
				t.Error("the request is not pending any more")
			}
		})
	}
}

func TestADeletedClientGetsNoResponse(t *testing.T) {
	b := newBench(t)
	id := b.bound(t, query())
	b.Clients = registry{} // no client is registered here
	b.refuses(t, "approval", b.approve(id), pending.ErrNotFound)
}

func TestADecisionComesInTime(t *testing.T) {
	b := newBench(t)
	id := b.bound(t, query())
	b.clock.Advance(time.Hour)
	b.refuses(t, "an hour later", b.approve(id), pending.ErrNotFound)
}

func TestFault_A1_OneOfManyConcurrentDecisionsCounts(t *testing.T) {
	b := newBench(t)
	for range 20 {
		id := b.bound(t, query())
		var mu sync.Mutex
		locations := map[string]int{}
		refused := 0
		racetest.Run(16, func(i int) {
			d := b.approve(id)
			if i%4 == 0 {
				d = b.deny(id)
			}
			done, err := b.Complete(t.Context(), d)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused++
				if !errors.Is(err, pending.ErrDecided) {
					t.Errorf("Complete: %v", err)
				}
				return
			}
			locations[done.Location.Reveal()]++
		})
		if len(locations) != 1 || refused != 4 && refused != 12 {
			t.Fatalf("%d locations, want 1, and %d were refused: %v", len(locations), refused, locations)
		}
	}
	codes := 0
	for _, key := range b.entries.Keys() {
		if strings.HasPrefix(key, "authz:code:") {
			codes++
		}
	}
	if codes > 20 {
		t.Errorf("%d codes for 20 decisions", codes)
	}
}

func TestFault_A1_TheSameDecisionAgainLeadsToTheSamePlace(t *testing.T) {
	b := newBench(t)
	id := b.bound(t, query())
	first := b.complete(t, b.approve(id))
	b.clock.Advance(time.Minute - time.Microsecond)
	again := b.complete(t, b.approve(id))
	if !again.Equal(first) {
		t.Error("the repeated approval returns another location")
	}
	if _, err := b.Codes.Resolve(t.Context(), secret.New(parseResponse(t, again, authztest.Callback).Get("code"))); err != nil {
		t.Errorf("its code: %v", err)
	}
	other := b.approve(id)
	other.Approval.WorkspaceID = "ws_doe"
	b.refuses(t, "another workspace", other, pending.ErrDecided)
	b.refuses(t, "a denial", b.deny(id), pending.ErrDecided)
	other = b.approve(id)
	other.UserID = "usr_esther"
	b.refuses(t, "another user", other, pending.ErrDecided)
	other = b.approve(id)
	other.Browser = secret.NewCode()
	b.refuses(t, "another browser", other, pending.ErrOtherBrowser)
	b.clock.Advance(time.Microsecond)
	b.refuses(t, "when the code's time is over", b.approve(id), pending.ErrDecided)
}

// A response that is lost, or an outage after the outcome was stored and before the code was, loses
// nothing: the decision is sent again.
func TestFault_A1_AnApprovalWhoseCodeWasNotKeptIsRepeated(t *testing.T) {
	b := newBench(t)
	id := b.bound(t, query())
	b.entries.Break("Put", shortlived.ErrUnavailable)
	b.refuses(t, "the store of the codes", b.approve(id), shortlived.ErrUnavailable)
	b.entries.Break("Put", nil)
	got := parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback)
	if _, err := b.Codes.Resolve(t.Context(), secret.New(got.Get("code"))); err != nil {
		t.Errorf("its code: %v", err)
	}
}

func TestFault_A1_AFreshCodeTakesThePlaceOfTheOneBefore(t *testing.T) {
	b := newBench(t)
	for range 20 {
		id := b.bound(t, query())
		first := parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback).Get("code")
		var mu sync.Mutex
		seen := map[string]bool{first: true}
		racetest.Run(16, func(i int) {
			d := b.approve(id)
			d.RenewCode = i%2 == 0
			done, err := b.Complete(t.Context(), d)
			if err != nil {
				t.Errorf("Complete: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[parseResponse(t, done.Location, authztest.Callback).Get("code")] = true
		})
		live := 0
		for code := range seen {
			if _, err := b.Codes.Resolve(t.Context(), secret.New(code)); err == nil {
				live++
			}
		}
		if _, err := b.Codes.Resolve(t.Context(), secret.New(first)); err == nil || live != 1 || len(seen) < 2 {
			t.Fatalf("%d of %d codes can be redeemed, the first: %v; want the last one alone", live, len(seen), err)
		}
	}
}

// TestFault_A1_ASecondClickAfterTheRedemptionGetsAnotherCode for some seconds, and the redeemed
// code stays as it is.
func TestFault_A1_ASecondClickAfterTheRedemptionGetsAnotherCode(t *testing.T) {
	b := newBench(t)
	id := b.bound(t, query())
	first := parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback).Get("code")
	again := b.approve(id)
	again.RenewCode, again.CodeRedeemed = true, true
	second := parseResponse(t, b.complete(t, again), authztest.Callback).Get("code")
	for _, minted := range []string{first, second} {
		if _, err := b.Codes.Resolve(t.Context(), secret.New(minted)); err != nil {
			t.Errorf("after a second click: %v", err)
		}
	}
	if first == second {
		t.Error("a redeemed code is returned again")
	}
	b.clock.Advance(11 * time.Second)
	b.refuses(t, "eleven seconds later", again, pending.ErrDecided)
}

// TestADecisionNamesTheEpochOfItsPage: without Bind, the code carries the epoch of the decision.
func TestADecisionNamesTheEpochOfItsPage(t *testing.T) {
	b := newBench(t)
	id := b.start(t, query(), b.signedIn()).RequestID
	b.refuses(t, "a decision without a viewer", b.approve(id), pending.ErrNotFound)
	d := b.approve(id)
	epoch := int64(3)
	d.Epoch, d.ReportRepeat = &epoch, true
	done, err := b.Complete(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	approved, err := b.Codes.Resolve(t.Context(), secret.New(parseResponse(t, done.Location, authztest.Callback).Get("code")))
	if err != nil || approved.Epoch != epoch || approved.UserID != d.UserID {
		t.Errorf("the code stands for %+v, %v", approved, err)
	}
	again, err := b.Complete(t.Context(), d)
	if err != nil || !again.Location.IsZero() || again.Outcome == nil || !again.Outcome.Approved || again.Viewer.Epoch != epoch {
		t.Errorf("the repeat is reported as %+v, %v", again, err)
	}
}

// TestFault_A8_ADecisionNeedsTheSignInThatTheClientAskedFor.
func TestFault_A8_ADecisionNeedsTheSignInThatTheClientAskedFor(t *testing.T) {
	b := newBench(t)
	before := b.signedIn()
	id := b.start(t, query("prompt", "login"), before).RequestID
	d, epoch := b.approve(id), int64(0)
	d.Epoch, d.Session = &epoch, before.Session
	b.refuses(t, "the session of before", d, flow.ErrSignedOut)
	d.Session = secret.NewCode()
	d.Approval.AuthTime = b.sessions.since
	b.refuses(t, "a session that continues it", d, flow.ErrSignedOut)
	d.Approval.AuthTime = b.clock.Now().Add(time.Second)
	if !parseResponse(t, b.complete(t, d), authztest.Callback).Has("code") {
		t.Error("a session that began later does not suffice")
	}
}

func TestFault_A8_ACancelledRequestIsDeniedWithoutAUser(t *testing.T) {
	b := newBench(t)
	id := b.start(t, query(), b.signedOut()).RequestID
	if _, err := b.Cancel(t.Context(), id, secret.NewCode()); !errors.Is(err, pending.ErrOtherBrowser) {
		t.Errorf("another browser cancels: %v", err)
	}
	for range 2 {
		step, err := b.Cancel(t.Context(), id, b.token)
		if err != nil || step.Kind != flow.Redirect || parseResponse(t, step.Location, authztest.Callback).Get("error") != "access_denied" {
			t.Fatalf("Cancel: %v", err)
		}
	}
	if err := b.Pending.Bind(t.Context(), id, b.token, pending.Viewer{UserID: "usr_john"}); !errors.Is(err, pending.ErrDecided) {
		t.Errorf("a cancelled request is shown: %v", err)
	}
	id = b.bound(t, query())
	b.complete(t, b.approve(id))
	if _, err := b.Cancel(t.Context(), id, b.token); !errors.Is(err, pending.ErrDecided) {
		t.Errorf("an approval is cancelled: %v", err)
	}
}

func TestAnOutageWhileDecidingIsAnError(t *testing.T) {
	down := shortlived.ErrUnavailable
	b := newBench(t)
	id := b.bound(t, query())
	b.registry.Fail(sqldb.ErrUnavailable)
	b.refuses(t, "the registry", b.approve(id), sqldb.ErrUnavailable)
	for _, method := range []string{"Get", "CompareAndSet"} {
		b.entries.Break(method, down)
		b.refuses(t, method, b.approve(id), down)
		b.refuses(t, method, b.deny(id), down)
		b.entries.Break(method, nil)
	}
	b.sessions.down = errDown // a decision needs no session: the consent service has checked it
	if !parseResponse(t, b.complete(t, b.approve(id)), authztest.Callback).Has("code") {
		t.Error("the request is not pending any more")
	}
	b.sessions.down = nil
	id = b.bound(t, query())
	b.entries.Break("Put", down)
	b.refuses(t, "the store of the codes", b.approve(id), down)
}
