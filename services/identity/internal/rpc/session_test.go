package rpc_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

func TestASessionIsValidUntilTheBrowserSignsOut(t *testing.T) {
	d := open(t)
	before := d.clock.Now()
	token := d.signIn(t, "")
	s, err := d.get(t, token)
	if err != nil || s.GetUserId() != "usr_john" || s.GetDisplayName() != "John Doe" || s.GetEmailAddress() != address {
		t.Errorf("session is %v, %v", s, err)
	}
	if at := s.GetAuthenticateTime().AsTime(); at.Before(before.Add(-time.Second)) || at.After(before.Add(time.Minute)) {
		t.Errorf("authenticated at %s, want %s", at, before)
	}
	if life := s.GetExpireTime().AsTime().Sub(before); life < lifetime-time.Second || life > lifetime+time.Minute {
		t.Errorf("the session lasts %v", life)
	}
	for range 2 {
		if _, err := d.EndSession(t.Context(), &identityv1.EndSessionRequest{SessionToken: token}); err != nil {
			t.Errorf("EndSession: %v", err)
		}
	}
	_, err = d.get(t, token)
	wantReason(t, "after signing out", err, errorv1.Reason_REASON_SESSION_REQUIRED)
}

func TestSigningInAgainEndsThePreviousSession(t *testing.T) {
	d := open(t)
	first := d.signIn(t, "")
	second := d.signIn(t, first)
	_, err := d.get(t, first)
	wantReason(t, "the previous value", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	if _, err := d.get(t, second); err != nil || first == second {
		t.Errorf("the new value: %v", err)
	}
}

func TestAFailedSignInEndsNothing(t *testing.T) {
	d := open(t)
	token := d.signIn(t, "")
	_, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{
		EmailAddress: address, Password: "wrong", PreviousSessionToken: token,
	})
	wantReason(t, "a wrong password", err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
	if _, err := d.get(t, token); err != nil {
		t.Errorf("the previous session: %v", err)
	}
}

func TestAWrongAddressAndAWrongPasswordAreOneResponse(t *testing.T) {
	d := open(t)
	d.store.Disable(t, "usr_esther")
	var first *status.Status
	for _, try := range [][2]string{
		{address, "wrong"},
		{address, strings.Repeat("x", 2000)},
		{"nobody@gmail.com", right},
		{"no address", right},
		{strings.Repeat("x", 500) + "@gmail.com", right},
		{"esther.fray@gmail.com", right}, // disabled
	} {
		res, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: try[0], Password: try[1]})
		if res != nil {
			t.Errorf("%.30s signs in", try[0])
		}
		wantReason(t, try[0], err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
		got := status.Convert(oerr.Edge(err))
		if first == nil {
			first = got
		}
		if !proto.Equal(got.Proto(), first.Proto()) {
			t.Errorf("%.30s returns %v, another %v", try[0], got, first)
		}
	}
}

func TestAnEmptyFieldIsNamed(t *testing.T) {
	d := open(t)
	for field, req := range map[string]*identityv1.AuthenticateUserRequest{
		"email_address": {Password: right},
		"password":      {EmailAddress: address},
	} {
		_, err := d.AuthenticateUser(t.Context(), req)
		wantReason(t, field, err, errorv1.Reason_REASON_INVALID_REQUEST)
		if oerr.Field(err) != field {
			t.Errorf("the field is %q, want %q", oerr.Field(err), field)
		}
	}
}

func TestASessionIsRequired(t *testing.T) {
	d := open(t)
	expired := d.signIn(t, "")
	d.clock.Advance(lifetime + time.Second)
	for what, token := range map[string]string{
		"no value": "", "a malformed value": "x", "an unknown value": secret.NewCode().Reveal(), "an expired session": expired,
	} {
		_, err := d.get(t, token)
		wantReason(t, what, err, errorv1.Reason_REASON_SESSION_REQUIRED)
	}
	token := d.signIn(t, "")
	d.store.Rename(t, "usr_john", "Johnny")
	if s, err := d.get(t, token); err != nil || s.GetDisplayName() != "Johnny" {
		t.Errorf("a renamed user is %v, %v", s, err)
	}
	d.store.Disable(t, "usr_john")
	_, err := d.get(t, token)
	wantReason(t, "a disabled user", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	d.store.Remove(t, "usr_john")
	_, err = d.get(t, token)
	wantReason(t, "a removed user", err, errorv1.Reason_REASON_SESSION_REQUIRED)
}

func TestAStoreThatIsDownIsUnavailable(t *testing.T) {
	d := open(t)
	token := d.signIn(t, "")
	signIn := func() error {
		_, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: address, Password: right})
		return err
	}
	d.store.Fail(sqldb.ErrUnavailable)
	wantReason(t, "AuthenticateUser without the database", signIn(), errorv1.Reason_REASON_UNAVAILABLE)
	d.store.Fail(sqldb.ErrUnavailable)
	_, err := d.get(t, token)
	wantReason(t, "GetSession without the database", err, errorv1.Reason_REASON_UNAVAILABLE)
	d.entries.down.Store(true)
	wantReason(t, "AuthenticateUser without the short-lived store", signIn(), errorv1.Reason_REASON_UNAVAILABLE)
	if _, err := d.get(t, token); err != nil {
		t.Errorf("GetSession without the short-lived store: %v", err)
	}
	_, err = d.get(t, secret.NewCode().Reveal())
	wantReason(t, "GetSession of what may be a session of release 0.1", err, errorv1.Reason_REASON_UNAVAILABLE)
	d.entries.down.Store(false)
}

func TestFault_E7_SigningOutNeedsTheDurableStoreAlone(t *testing.T) {
	d := open(t)
	token := d.signIn(t, "")
	d.entries.down.Store(true)
	if _, err := d.EndSession(t.Context(), &identityv1.EndSessionRequest{SessionToken: token}); err != nil {
		t.Errorf("EndSession without the short-lived store: %v", err)
	}
	d.entries.down.Store(false)
	_, err := d.get(t, token)
	wantReason(t, "after the outage", err, errorv1.Reason_REASON_SESSION_REQUIRED)
}
