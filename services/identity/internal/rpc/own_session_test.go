package rpc_test

import (
	"sync"
	"testing"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
)

func (d *bench) sessions(t *testing.T, token string) []*identityv1.UserSession {
	t.Helper()
	res, err := d.ListSessions(t.Context(), &identityv1.ListSessionsRequest{SessionToken: token})
	if err != nil || res.GetSession().GetUserId() != "usr_john" {
		t.Fatalf("the sessions of %v: %v", res.GetSession(), err)
	}
	return res.GetSessions()
}

func TestAUserSeesAndEndsTheirSessions(t *testing.T) {
	d := open(t)
	here, there := d.signIn(t, ""), d.signIn(t, "")
	list := d.sessions(t, here)
	if len(list) != 2 {
		t.Fatalf("%d sessions: %v", len(list), list)
	}
	for _, s := range list {
		if s.GetCurrent() {
			continue
		}
		for range 2 {
			if _, err := d.EndUserSession(t.Context(), &identityv1.EndUserSessionRequest{SessionToken: here, SessionId: s.GetSessionId()}); err != nil {
				t.Error(err)
			}
		}
		if _, err := d.get(t, s.GetSessionId()); err == nil {
			t.Error("the identifier is a session")
		}
	}
	_, err := d.get(t, there)
	wantReason(t, "the other session", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	if list := d.sessions(t, here); len(list) != 1 || !list[0].GetCurrent() {
		t.Errorf("the sessions are %v", list)
	}
}

func TestAUsersSessionsAreNoOneElses(t *testing.T) {
	d := open(t)
	johns := d.signIn(t, "")
	res, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: "esther.fray@gmail.com", Password: right})
	if err != nil {
		t.Fatal(err)
	}
	id := d.sessions(t, johns)[0].GetSessionId()
	if _, err := d.EndUserSession(t.Context(), &identityv1.EndUserSessionRequest{SessionToken: res.GetSessionToken(), SessionId: id}); err != nil {
		t.Error(err)
	}
	if _, err := d.get(t, johns); err != nil {
		t.Errorf("another user ended the session: %v", err)
	}
	for _, id := range []string{"", "x", secret.NewCode().Reveal() + "A"} {
		_, err := d.EndUserSession(t.Context(), &identityv1.EndUserSessionRequest{SessionToken: johns, SessionId: id})
		wantReason(t, "the identifier "+id, err, errorv1.Reason_REASON_NOT_FOUND)
	}
	for name, call := range map[string]func() error{
		"ListSessions": func() error { _, err := d.ListSessions(t.Context(), &identityv1.ListSessionsRequest{}); return err },
		"EndUserSession": func() error {
			_, err := d.EndUserSession(t.Context(), &identityv1.EndUserSessionRequest{SessionId: id})
			return err
		},
		"EndOtherSessions": func() error {
			_, err := d.EndOtherSessions(t.Context(), &identityv1.EndOtherSessionsRequest{})
			return err
		},
	} {
		wantReason(t, name, call(), errorv1.Reason_REASON_SESSION_REQUIRED)
	}
}

func TestEndingOtherSessionsLeavesANewOne(t *testing.T) {
	d := open(t)
	here, there := d.signIn(t, ""), d.signIn(t, "")
	res, err := d.EndOtherSessions(t.Context(), &identityv1.EndOtherSessionsRequest{SessionToken: here})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"this browser's value before": here, "the other browser": there} {
		_, err := d.get(t, token)
		wantReason(t, name, err, errorv1.Reason_REASON_SESSION_REQUIRED)
	}
	if list := d.sessions(t, res.GetSessionToken()); len(list) != 1 || !list[0].GetCurrent() {
		t.Errorf("the sessions are %v", list)
	}
}

// TestOfManyBrowsersThatEndTheOthersOneRemains: behind a barrier each ends the others. The one that
// did so last is signed in, and no other.
func TestOfManyBrowsersThatEndTheOthersOneRemains(t *testing.T) {
	d := open(t)
	const browsers = 8
	tokens, next := make([]string, browsers), make([]string, browsers)
	for i := range tokens {
		tokens[i] = d.signIn(t, "")
	}
	var group sync.WaitGroup
	start := make(chan struct{})
	for i, token := range tokens {
		group.Go(func() {
			<-start
			if res, err := d.EndOtherSessions(t.Context(), &identityv1.EndOtherSessionsRequest{SessionToken: token}); err == nil {
				next[i] = res.GetSessionToken()
			}
		})
	}
	close(start)
	group.Wait()
	live := 0
	for _, token := range append(tokens, next...) {
		if _, err := d.get(t, token); err == nil {
			live++
		}
	}
	if live != 1 {
		t.Errorf("%d browsers are signed in, want 1", live)
	}
}

// TestTwoClicksThatEndTheOthersAtOnceGetOneSession: both are under way before the first one has ended a
// session.
func TestTwoClicksThatEndTheOthersAtOnceGetOneSession(t *testing.T) {
	d := open(t)
	here, there := d.signIn(t, ""), d.signIn(t, "")
	next := make([]string, 4)
	racetest.Run(len(next), func(i int) {
		res, err := d.EndOtherSessions(t.Context(), &identityv1.EndOtherSessionsRequest{SessionToken: here, Form: "random"})
		if err != nil {
			t.Error(err)
		}
		next[i] = res.GetSessionToken()
	})
	for _, token := range next[1:] {
		if token != next[0] {
			t.Error("two clicks got two sessions")
		}
	}
	if list := d.sessions(t, next[0]); len(list) != 1 || !list[0].GetCurrent() {
		t.Errorf("the sessions are %v", list)
	}
	_, err := d.get(t, there)
	wantReason(t, "the other browser", err, errorv1.Reason_REASON_SESSION_REQUIRED)
}
