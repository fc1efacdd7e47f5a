package rpc_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

const appSecret = "exampleclientsecret"

// door is one way to prove who one is, at one address of the network.
type door func(ctx context.Context, address, proof string) error

func (d *desk) signInFrom(source string) door {
	return func(ctx context.Context, address, proof string) error {
		_, err := d.AuthenticateUser(ctx, &identityv1.AuthenticateUserRequest{
			EmailAddress: address, Password: proof, SourceAddress: source,
		})
		return err
	}
}

func (d *desk) passwordFrom(source string) door {
	return func(ctx context.Context, address, proof string) error {
		_, err := d.VerifyPassword(ctx, &identityv1.VerifyPasswordRequest{
			EmailAddress: address, Password: proof, SourceAddress: source,
		})
		return err
	}
}

func (d *desk) secretFrom(source string) door {
	return func(ctx context.Context, address, proof string) error {
		_, err := d.VerifyClientSecret(ctx, &identityv1.VerifyClientSecretRequest{
			EmailAddress: address, ClientSecret: proof, SourceAddress: source,
		})
		return err
	}
}

func TestWireContract8_APasswordOrAClientSecretProvesWhoSomebodyIs(t *testing.T) {
	d := open(t)
	byPassword, err := d.VerifyPassword(t.Context(), &identityv1.VerifyPasswordRequest{EmailAddress: " John.Doe@gmail.com", Password: right})
	if err != nil || byPassword.GetUser().GetUserId() != "usr_john" || byPassword.GetUser().GetFirstName() != "John" {
		t.Errorf("VerifyPassword: %v, %v", byPassword, err)
	}
	bySecret, err := d.VerifyClientSecret(t.Context(), &identityv1.VerifyClientSecretRequest{EmailAddress: address, ClientSecret: appSecret})
	if err != nil || bySecret.GetUser().GetEmailAddress() != address || bySecret.GetAuthenticationAppId() != "aap_example" ||
		bySecret.GetWorkspaceId() != "" {
		t.Errorf("VerifyClientSecret: %v, %v", bySecret, err)
	}
}

func TestWireContract8_AnAppThatIsLimitedVouchesForMembersAlone(t *testing.T) {
	d := open(t)
	created, err := d.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: "Portal", WorkspaceId: "ws_doe"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.VerifyClientSecret(t.Context(), &identityv1.VerifyClientSecretRequest{EmailAddress: address, ClientSecret: created.GetClientSecret()})
	if err != nil || got.GetWorkspaceId() != "ws_doe" || got.GetAuthenticationAppId() != created.GetAuthenticationApp().GetAuthenticationAppId() {
		t.Errorf("John, a member: %v, %v", got, err)
	}
	wantReason(t, "Esther, who is none", d.secretFrom("")(t.Context(), "esther.fray@gmail.com", created.GetClientSecret()),
		errorv1.Reason_REASON_INVALID_CREDENTIALS)
}

// TestSecurityCase18_EveryFailureIsOneAnswerForEqualWork: one check of a password in each case at the doors with a password,
// none at the one with a secret.
func TestSecurityCase18_EveryFailureIsOneAnswerForEqualWork(t *testing.T) {
	d := open(t)
	d.store.Disable(t, "usr_esther")
	without, err := d.CreateUser(t.Context(), &identityv1.CreateUserRequest{EmailAddress: "sso@a.test", FirstName: "S", LastName: "O"})
	if err != nil || without.GetUser().GetDisplayName() != "S O" {
		t.Fatalf("%v, %v", without, err)
	}
	for name, way := range map[string]struct {
		door   door
		proof  string
		checks int32
	}{
		"sign-in": {d.signInFrom(""), right, 1}, "password": {d.passwordFrom(""), right, 1}, "client secret": {d.secretFrom(""), appSecret, 0},
	} {
		var first *status.Status
		for _, try := range [][2]string{
			{"nobody@a.test", way.proof},
			{address, "wrong"},
			{"esther.fray@gmail.com", way.proof},
			{"no address", way.proof},
			{"nobody@a.test", "wrong"},
			{"quac\u212a@a.test", way.proof},
			{"john.doe@gmail.com@gmail.com", way.proof},
			{"j\u043ehn.doe@gmail.com", way.proof},
			{"\xff@a.test", way.proof},
		} {
			before := d.passwords.n.Load()
			err := way.door(t.Context(), try[0], try[1])
			wantReason(t, fmt.Sprintf("%s of %q", name, try[0]), err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
			got := status.Convert(oerr.Edge(err))
			if first == nil {
				first = got
			}
			if !proto.Equal(got.Proto(), first.Proto()) {
				t.Errorf("%s of %q is answered %v, another %v", name, try[0], got, first)
			}
			if n := d.passwords.n.Load() - before; n != way.checks {
				t.Errorf("%s of %q took %d checks of a password", name, try[0], n)
			}
		}
	}
	wantReason(t, "a user without a password", d.passwordFrom("")(t.Context(), "sso@a.test", "x"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
}

func TestWireContract8_EveryDoorCountsInOneBudget(t *testing.T) {
	for _, victim := range []string{address, "nobody@gmail.com"} {
		d := open(t)
		doors := []door{d.signInFrom("192.0.2.1"), d.passwordFrom("192.0.2.2"), d.secretFrom("192.0.2.3")}
		for i := range perAccount {
			wantReason(t, "a wrong proof", doors[i%3](t.Context(), victim, "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
		}
		before := d.passwords.n.Load()
		for i, proof := range []string{right, right, appSecret} {
			err := doors[i](t.Context(), " "+victim, proof)
			wantReason(t, victim+" with the right proof", err, errorv1.Reason_REASON_RATE_LIMITED)
			if after := oerr.RetryAfter(err); after <= 0 || after > attemptWindow || after%time.Second != 0 {
				t.Errorf("come back in %v", after)
			}
		}
		if d.passwords.n.Load() != before {
			t.Error("a password was checked all the same")
		}
		d.clock.Advance(attemptWindow)
		wantReason(t, "in the next window", doors[1](t.Context(), victim, "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
	}
}

func TestSuccessIsNotCountedAgainstAnybody(t *testing.T) {
	d := open(t)
	for range 3 * perSource {
		if err := d.secretFrom("192.0.2.1")(t.Context(), address, appSecret); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTooManyPasswordsAtOnceIsNobodysAttempt(t *testing.T) {
	d := open(t)
	d.passwords.busy.Store(true)
	for range 2 * perAccount {
		err := d.passwordFrom("192.0.2.1")(t.Context(), address, right)
		wantReason(t, "while others wait", err, errorv1.Reason_REASON_RATE_LIMITED)
		if oerr.RetryAfter(err) != time.Second {
			t.Fatalf("come back in %v", oerr.RetryAfter(err))
		}
	}
	d.passwords.busy.Store(false)
	if err := d.passwordFrom("192.0.2.1")(t.Context(), address, right); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestWithoutTheShortLivedStoreNothingIsVerified(t *testing.T) {
	d := open(t)
	d.entries.down.Store(true)
	for _, way := range []door{d.signInFrom(""), d.passwordFrom("192.0.2.1"), d.secretFrom("")} {
		for _, proof := range []string{right, appSecret, "wrong"} {
			wantReason(t, "an outage", way(t.Context(), address, proof), errorv1.Reason_REASON_UNAVAILABLE)
		}
	}
	if n := d.passwords.n.Load(); n != 0 {
		t.Errorf("%d passwords were checked", n)
	}
}

func TestAnOutageOfTheDatabaseIsNobodysAttempt(t *testing.T) {
	d := open(t)
	for range 2 * perAccount {
		d.store.Fail(sqldb.ErrUnavailable)
		wantReason(t, "an outage", d.passwordFrom("")(t.Context(), address, right), errorv1.Reason_REASON_UNAVAILABLE)
	}
	if err := d.passwordFrom("")(t.Context(), address, right); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnEmptyProofIsNamed(t *testing.T) {
	d := open(t)
	for field, err := range map[string]error{
		"email_address": d.passwordFrom("")(t.Context(), "", right), "password": d.passwordFrom("")(t.Context(), address, ""),
		"client_secret": d.secretFrom("")(t.Context(), address, ""),
	} {
		wantReason(t, field, err, errorv1.Reason_REASON_INVALID_REQUEST)
		if oerr.Field(err) != field {
			t.Errorf("the field is %q, want %q", oerr.Field(err), field)
		}
	}
}
