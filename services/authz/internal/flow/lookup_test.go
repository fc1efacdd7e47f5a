package flow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

func (b *bench) lookUp(t *testing.T, id string, browser flow.Browser) flow.Found {
	t.Helper()
	found, err := b.LookUp(t.Context(), id, browser)
	if err != nil {
		t.Fatalf("LookUp: %v", err)
	}
	return found
}

func (b *bench) as(session string) flow.Browser {
	return flow.Browser{Token: b.token, Session: secret.New(session)}
}

func TestFault_A7_EachStateOfARequestHasItsStatus(t *testing.T) {
	b := newBench(t)
	want := func(what, id string, browser flow.Browser, status flow.Status, named bool) {
		t.Helper()
		found := b.lookUp(t, id, browser)
		if found.Status != status || (found.ClientName != "") != named || (found.Origin != "") != named {
			t.Errorf("%s: %+v, want status %d, named %v", what, found, status, named)
		}
	}
	open := b.start(t, query("login_hint", "john@example.com"), b.signedOut()).RequestID
	want("open", open, b.signedOut(), flow.Open, true)
	if found := b.lookUp(t, open, b.signedOut()); found.Next.Kind != flow.SignIn || found.Next.Reason != 0 || found.LoginHint != "john@example.com" {
		t.Errorf("open, signed out: %+v", found)
	}
	if found := b.lookUp(t, open, b.signedIn()); found.Next.Kind != flow.Consent || found.Next.RequestID != open {
		t.Errorf("open, signed in: %+v", found)
	}
	want("another browser", open, flow.Browser{Token: secret.NewCode()}, flow.OtherBrowser, false)
	want("invented", secret.NewCode().Reveal(), b.signedIn(), flow.Unknown, false)
	want("cut", open[:10], b.signedIn(), flow.Unknown, false)

	approved, denied := b.bound(t, query()), b.bound(t, query())
	b.complete(t, b.approve(approved))
	b.complete(t, b.deny(denied))
	want("approved", approved, b.signedIn(), flow.Approved, true)
	want("denied", denied, b.signedIn(), flow.Denied, true)
	want("approved, signed out", approved, b.signedOut(), flow.Approved, true)
	want("approved by another user", approved, b.as("esther"), flow.OtherUser, true)
	want("denied by another user", denied, b.as("esther"), flow.OtherUser, true)

	b.clock.Advance(time.Hour)
	want("expired", open, b.signedOut(), flow.Expired, true)
	want("expired, another browser", open, flow.Browser{Token: secret.NewCode()}, flow.OtherBrowser, false)
	b.clock.Advance(time.Hour)
	for _, key := range b.entries.Keys() {
		if err := b.entries.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	want("long ago", open, b.signedOut(), flow.Expired, false)
}

func TestAnOutageIsNoStatus(t *testing.T) {
	b := newBench(t)
	id := b.start(t, query(), b.signedOut()).RequestID
	b.sessions.down = errDown
	if found, err := b.LookUp(t.Context(), id, b.signedIn()); !errors.Is(err, errDown) || found.Status != 0 {
		t.Errorf("identity is down: %+v, %v", found, err)
	}
	b.entries.Break("Get", errDown)
	if found, err := b.LookUp(t.Context(), id, b.signedOut()); !errors.Is(err, errDown) || found.Status != 0 {
		t.Errorf("the store is down: %+v, %v", found, err)
	}
}

// TestFault_A8_OpenIDConnect_3_1_2_1_PromptAndMaxAge: the sign-in that the client requires precedes
// the consent screen, even if the browser opens that screen directly, and a new sign-in meets the
// requirement.
func TestFault_A8_OpenIDConnect_3_1_2_1_PromptAndMaxAge(t *testing.T) {
	b := newBench(t)
	b.clock.Advance(time.Hour) // since all users signed in
	for name, row := range map[string]struct {
		query  string
		reason flow.Reason // 0: the session suffices
	}{
		"login":                {query("prompt", "login"), flow.Again},
		"login consent":        {query("prompt", "consent login"), flow.Again},
		"login select_account": {query("prompt", "login select_account"), flow.Again},
		"select_account":       {query("prompt", "select_account"), flow.SelectAccount},
		"consent":              {query("prompt", "consent"), 0},
		"an unknown value":     {query("prompt", "create"), 0},
		"max_age of 0":         {query("max_age", "0"), flow.Again},
		"max_age just passed":  {query("max_age", "3599"), flow.Again},
		"max_age not passed":   {query("max_age", "3600"), 0},
		"max_age of years":     {query("max_age", "2000000000"), 0},
		"both":                 {query("max_age", "1", "prompt", "select_account"), flow.Again},
	} {
		step := b.start(t, row.query, b.signedIn())
		if row.reason == 0 {
			if step.Kind != flow.Consent {
				t.Errorf("%s: %+v, want the consent screen", name, step)
			}
			continue
		}
		if step.Kind != flow.SignIn || step.Reason != row.reason {
			t.Errorf("%s: %+v, want to sign in for reason %d", name, step, row.reason)
		}
		found := b.lookUp(t, step.RequestID, b.signedIn())
		if found.Next.Kind != step.Kind || found.Next.Reason != step.Reason {
			t.Errorf("%s, looked up: %+v", name, found.Next)
		}
		again, err := b.Resume(t.Context(), step.RequestID, b.as("john again"))
		if err != nil || again.Kind != flow.Consent {
			t.Errorf("%s, after a new sign-in: %+v, %v", name, again, err)
		}
		continued, err := b.Resume(t.Context(), step.RequestID, b.as("john continued"))
		if err != nil || continued.Kind != flow.SignIn || continued.Reason != row.reason {
			t.Errorf("%s, with a session that continues the first: %+v, %v", name, continued, err)
		}
		b.sessions.since = b.sessions.since.Add(time.Minute) // of another session that began before the request
		older, err := b.Resume(t.Context(), step.RequestID, b.as("john continued"))
		if want := row.query == query("max_age", "3599"); err != nil || (older.Kind == flow.Consent) != want {
			t.Errorf("%s, with another session from before: %+v, %v", name, older, err)
		}
		b.sessions.since = b.sessions.since.Add(-time.Minute)
		kept, err := b.Continue(t.Context(), step.RequestID, b.signedIn())
		if wantKind := map[bool]flow.Kind{true: flow.Consent, false: flow.SignIn}[row.reason == flow.SelectAccount]; err != nil || kept.Kind != wantKind {
			t.Errorf("%s, going on with the account: %+v, %v", name, kept, err)
		}
	}
	for q, reason := range map[string]flow.Reason{ // of the session that the browser did not send at the start
		query("prompt", "login"): flow.Again, query("prompt", "select_account"): flow.SelectAccount, query("max_age", "0"): flow.Again,
		query("max_age", "3000"): flow.Again, query("max_age", "3600"): 0,
	} {
		step := b.start(t, q, b.signedOut())
		if step.Kind != flow.SignIn || step.Reason != 0 {
			t.Errorf("signed out: %+v", step)
		}
		if old, err := b.Resume(t.Context(), step.RequestID, b.signedIn()); err != nil || old.Reason != reason || (old.Kind == flow.Consent) != (reason == 0) {
			t.Errorf("%s, with a session from before: %+v, %v", q, old, err)
		}
		if later, err := b.Resume(t.Context(), step.RequestID, b.as("john again")); err != nil || later.Kind != flow.Consent {
			t.Errorf("%s, after a sign-in: %+v, %v", q, later, err)
		}
	}
	wantRefusal(t, b.start(t, query("prompt", "none", "max_age", "10"), b.signedIn()), row{query: query(), want: "login_required"})
	wantRefusal(t, b.start(t, query("prompt", "none", "max_age", "7200"), b.signedIn()), row{query: query(), want: "consent_required"})
	for _, age := range []string{"-1", "x", "1.5", "99999999999999999999", " 1"} {
		wantRefusal(t, b.start(t, query("max_age", age), b.signedIn()), row{query: query(), want: "invalid_request"})
	}
	b.sessions.since = b.clock.Now()
	if step := b.start(t, query("max_age", "0"), b.signedIn()); step.Reason != flow.Again {
		t.Errorf("max_age of 0 in the moment of a sign-in: %+v", step)
	}
	b.sessions.since = time.Time{}
	if step := b.start(t, query("max_age", "1000000"), b.signedIn()); step.Reason != flow.Again {
		t.Errorf("a sign-in of an unknown time: %+v", step)
	}
	wantRefusal(t, b.start(t, query("prompt", "none login"), b.signedIn()), row{query: query(), want: "invalid_request"})
}

func TestFault_A8_ALoginHintIsKeptWhereItCanBeShown(t *testing.T) {
	b := newBench(t)
	for hint, want := range map[string]string{
		"john@example.com": "john@example.com", "jörg@exämple.de": "jörg@exämple.de", "a\x00b": "", "line\nbreak": "",
	} {
		step := b.start(t, query("login_hint", hint), b.signedOut())
		found, err := b.Pending.Find(t.Context(), step.RequestID, b.token)
		if err != nil || found.LoginHint != want {
			t.Errorf("%q is stored as %q, %v", hint, found.LoginHint, err)
		}
	}
	wantRefusal(t, b.start(t, query()+"&login_hint=a&login_hint=b", b.signedOut()), row{query: query(), want: "invalid_request"})
}
