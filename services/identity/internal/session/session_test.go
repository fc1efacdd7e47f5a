package session_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
)

func TestASessionIsFoundUntilItIsEnded(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	s, err := d.Get(t.Context(), token)
	if err != nil || s.User.ID != "usr_john" || !s.ExpiresAt.Equal(d.now.Add(lifetime).Truncate(time.Microsecond)) {
		t.Errorf("Find: %+v, %v", s, err)
	}
	if !s.AuthenticatedAt.Equal(d.now.Truncate(time.Microsecond)) {
		t.Errorf("authenticated at %s, want %s", s.AuthenticatedAt, d.now)
	}
	for range 2 {
		if err := d.End(t.Context(), token, device.Device{}); err != nil {
			t.Errorf("End: %v", err)
		}
	}
	d.wantRequired(t, "an ended session", token)
}

func TestEachSignInHasANewValueAndEndsThePreviousOne(t *testing.T) {
	d := open()
	other := d.begin(t, "usr_john", secret.String{}) // another browser
	first := d.begin(t, "usr_john", secret.String{})
	second := d.begin(t, "usr_john", first)
	third := d.begin(t, "usr_esther", second) // another user at the same browser
	if first.Equal(second) || second.Equal(third) || !secret.ValidCode(third.Reveal()) {
		t.Error("a value is reused or malformed")
	}
	d.wantRequired(t, "the first", first)
	d.wantRequired(t, "the second", second)
	for _, live := range []secret.String{other, third} {
		if _, err := d.Get(t.Context(), live); err != nil {
			t.Errorf("a live session: %v", err)
		}
	}
}

func TestAPlantedValueIsNeverAdopted(t *testing.T) {
	d := open()
	planted := secret.NewCode()
	token := d.begin(t, "usr_john", planted)
	if token.Equal(planted) {
		t.Error("the planted value became the session's")
	}
	d.wantRequired(t, "the planted value", planted)
}

func TestASessionEndsAtItsOwnDeadline(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	d.now = d.now.Add(lifetime - time.Microsecond)
	if _, err := d.Get(t.Context(), token); err != nil {
		t.Errorf("shortly before: %v", err)
	}
	d.now = d.now.Add(time.Microsecond)
	d.wantRequired(t, "at the deadline, although the store still has it", token)
}

func TestASessionIsItsUsersAsTheyAreNow(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	d.users["usr_john"] = account.User{ID: "usr_john", DisplayName: "Johnny"}
	if s, err := d.Get(t.Context(), token); err != nil || s.User.DisplayName != "Johnny" {
		t.Errorf("renamed: %+v, %v", s, err)
	}
	d.users["usr_john"] = account.User{ID: "usr_john", Disabled: true}
	d.wantRequired(t, "a disabled user", token)
	delete(d.users, "usr_john")
	d.wantRequired(t, "a deleted user", token)
}

// TestEndingTheOthersIsNoSignIn: it asks for no password, so that the session keeps the time of its sign-in and its
// own deadline.
func TestEndingTheOthersIsNoSignIn(t *testing.T) {
	d := open()
	token, other := d.begin(t, "usr_john", secret.String{}), d.begin(t, "usr_john", secret.String{})
	first, err := d.Get(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(lifetime / 2)
	next, continued, err := d.EndOthers(t.Context(), token, secret.String{}, device.Device{})
	if err != nil {
		t.Fatal(err)
	}
	d.wantRequired(t, "the other", other)
	d.wantRequired(t, "its value of before", token)
	for what, s := range map[string]func() (session.Session, error){
		"returned": func() (session.Session, error) { return continued, nil },
		"read":     func() (session.Session, error) { return d.Get(t.Context(), next) },
	} {
		if got, err := s(); err != nil || !got.AuthenticatedAt.Equal(first.AuthenticatedAt) || !got.ExpiresAt.Equal(first.ExpiresAt) {
			t.Errorf("%s: signed in at %s, until %s (%v), want %s and %s", what, got.AuthenticatedAt, got.ExpiresAt, err, first.AuthenticatedAt, first.ExpiresAt)
		}
	}
	epoch := d.users["usr_john"].SessionEpoch
	d.now = d.now.Add(lifetime/2 - time.Millisecond)
	if _, _, err := d.EndOthers(t.Context(), next, secret.String{}, device.Device{}); !errors.Is(err, session.ErrRequired) || d.users["usr_john"].SessionEpoch != epoch {
		t.Errorf("a session in its last second is continued: %v, epoch %d, was %d", err, d.users["usr_john"].SessionEpoch, epoch)
	}
	d.now = d.now.Add(time.Millisecond)
	d.wantRequired(t, "at the deadline of the first", next)
	if _, _, err := d.EndOthers(t.Context(), next, secret.String{}, device.Device{}); !errors.Is(err, session.ErrRequired) {
		t.Errorf("an expired session ends the others: %v", err)
	}
}

// TestTwoClicksEndTheOthersOnce: the browser keeps the response to the second one, which it sent with
// the value from before. The form's value is no part of a cookie, so that a thief of the cookies gets
// no session of it.
func TestTwoClicksEndTheOthersOnce(t *testing.T) {
	d := open()
	form := secret.New("random")
	token := d.begin(t, "usr_john", secret.String{})
	first, want, err := d.EndOthers(t.Context(), token, form, device.Device{})
	if err != nil || !secret.ValidCode(first.Reveal()) {
		t.Fatal(err)
	}
	second, got, err := d.EndOthers(t.Context(), token, form, device.Device{})
	if err != nil || !second.Equal(first) || !got.ExpiresAt.Equal(want.ExpiresAt) || !got.AuthenticatedAt.Equal(want.AuthenticatedAt) {
		t.Errorf("the second click: %+v, %v, want %+v", got, err, want)
	}
	if epoch := d.users["usr_john"].SessionEpoch; epoch != 1 {
		t.Errorf("the sessions ended %d times", epoch)
	}
	for what, form := range map[string]secret.String{"another form": secret.New("another"), "no form": {}} {
		if _, _, err := d.EndOthers(t.Context(), token, form, device.Device{}); !errors.Is(err, session.ErrRequired) {
			t.Errorf("%s: %v", what, err)
		}
	}
	other := d.begin(t, "usr_esther", secret.String{})
	if another, _, err := d.EndOthers(t.Context(), other, form, device.Device{}); err != nil || another.Equal(first) {
		t.Errorf("the same form with another session: %v", err)
	}
	if err := d.End(t.Context(), first, device.Device{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.EndOthers(t.Context(), token, form, device.Device{}); !errors.Is(err, session.ErrRequired) {
		t.Errorf("a click after the sign-out: %v", err)
	}
}

// TestAChangeThatFailsEndsNoSession: a session that has ended, and whose successor never began, would be
// announced to no client.
func TestAChangeThatFailsEndsNoSession(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	d.entries.failPut = errDown
	if _, _, err := d.EndOthers(t.Context(), token, secret.String{}, device.Device{}); !errors.Is(err, errDown) {
		t.Errorf("EndOthers: %v", err)
	}
	_, _, err := d.Renew(t.Context(), session.Renewal{
		User: d.users["usr_john"], Previous: token, Record: func(context.Context, session.Record) (bool, error) {
			t.Error("a change is made without its session")
			return true, nil
		},
	})
	if !errors.Is(err, errDown) {
		t.Errorf("Renew: %v", err)
	}
	if _, err := d.Get(t.Context(), token); err != nil || d.users["usr_john"].SessionEpoch != 0 {
		t.Errorf("the session: %v, epoch %d", err, d.users["usr_john"].SessionEpoch)
	}
}

func TestSecurityCase16_RaisingTheEpochEndsEverySession(t *testing.T) {
	d := open()
	phone, laptop := d.begin(t, "usr_john", secret.String{}), d.begin(t, "usr_john", secret.String{})
	other := d.begin(t, "usr_esther", secret.String{})
	d.users["usr_john"] = account.User{ID: "usr_john", SessionEpoch: 1}
	d.wantRequired(t, "the phone", phone)
	d.wantRequired(t, "the laptop", laptop)
	d.wantRequired(t, "a sign-in that had checked the password before", d.begin(t, "usr_john", secret.String{}))
	if _, err := d.Get(t.Context(), other); err != nil {
		t.Errorf("another user: %v", err)
	}
	token, _, err := d.Begin(t.Context(), d.users["usr_john"], secret.String{}, device.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(t.Context(), token); err != nil {
		t.Errorf("a sign-in after it: %v", err)
	}
}

func TestAMalformedValueIsNotLookedUp(t *testing.T) {
	d := open()
	for _, value := range []string{"", "x", strings.Repeat("x", 42), strings.Repeat("!", 43), strings.Repeat("x", 1<<20)} {
		d.wantRequired(t, "a malformed value", secret.New(value))
		if err := d.End(t.Context(), secret.New(value), device.Device{}); err != nil {
			t.Errorf("End: %v", err)
		}
		d.begin(t, "usr_john", secret.New(value))
	}
	if d.entries.calls != 0 || d.uses.lookups != 0 {
		t.Errorf("the stores were called %d and %d times", d.entries.calls, d.uses.lookups)
	}
}

func TestTheValueIsNeverStored(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{}).Reveal()
	for key, value := range maps.All(d.entries.kept) {
		if strings.Contains(key, token) || strings.Contains(string(value), token) || !strings.HasPrefix(key, "identity:session:") {
			t.Errorf("%s: %s", key, value)
		}
	}
}

func TestAnOutageIsNeverAMissingSession(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	lost := d.begin(t, "usr_down", secret.String{})
	d.entries.failDelete = errDown
	for _, end := range []func(secret.String) error{
		func(previous secret.String) error {
			_, _, err := d.Begin(t.Context(), account.User{ID: "usr_john"}, previous, device.Device{})
			return err
		},
		func(token secret.String) error { return d.End(t.Context(), token, device.Device{}) },
	} {
		ended := d.begin(t, "usr_john", secret.String{})
		if err := end(ended); err != nil {
			t.Errorf("a session is not ended, although the durable store can: %v", err)
		}
		d.wantRequired(t, "although its entry is still there", ended)
	}
	hash := secret.Sum(token.Reveal())
	record := d.live[hash]
	delete(d.live, hash) // like a session of release 0.1
	if err := d.End(t.Context(), token, device.Device{}); !errors.Is(err, errDown) {
		t.Errorf("End of a session that only its entry decides: %v", err)
	}
	d.live[hash] = record
	d.entries.failPut, d.entries.failDelete = errDown, nil
	before := len(d.live)
	if _, _, err := d.Begin(t.Context(), account.User{ID: "usr_john"}, token, device.Device{}); !errors.Is(err, errDown) {
		t.Errorf("Begin: %v", err)
	}
	if len(d.live) != before {
		t.Errorf("a sign-in that failed is recorded: %d sessions, want %d", len(d.live), before)
	}
	if _, err := d.Get(t.Context(), token); err != nil {
		t.Errorf("a sign-in that failed ended the previous session: %v", err)
	}
	if _, err := d.Get(t.Context(), lost); !errors.Is(err, errDown) || errors.Is(err, session.ErrRequired) {
		t.Errorf("Find without the database: %v", err)
	}
	d.entries.failGet = errDown
	if _, err := d.Get(t.Context(), token); err != nil {
		t.Errorf("a session of which only the copy cannot be read: %v", err)
	}
	delete(d.live, hash)
	if _, err := d.Get(t.Context(), token); !errors.Is(err, errDown) || errors.Is(err, session.ErrRequired) {
		t.Errorf("a session that may be one of release 0.1: %v", err)
	}
}
