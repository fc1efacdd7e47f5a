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

// method is an authentication method, from one source address.
type method func(ctx context.Context, address, proof string) error

func (d *bench) signInFrom(source string) method {
	return func(ctx context.Context, address, proof string) error {
		_, err := d.AuthenticateUser(ctx, &identityv1.AuthenticateUserRequest{
			EmailAddress: address, Password: proof, SourceAddress: source,
		})
		return err
	}
}

func (d *bench) passwordFrom(source string) method {
	return func(ctx context.Context, address, proof string) error {
		_, err := d.VerifyPassword(ctx, &identityv1.VerifyPasswordRequest{
			EmailAddress: address, Password: proof, SourceAddress: source,
		})
		return err
	}
}

func (d *bench) secretFrom(source string) method {
	return func(ctx context.Context, address, proof string) error {
		_, err := d.VerifyClientSecret(ctx, &identityv1.VerifyClientSecretRequest{
			EmailAddress: address, ClientSecret: proof, SourceAddress: source,
		})
		return err
	}
}

func TestWireContract8_APasswordOrAClientSecretAuthenticatesAUser(t *testing.T) {
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

// TestSecurityCase18_EveryFailureIsOneResponseForEqualWork: one password verification in each case
// of the methods with a password, none of the one with a secret.
func TestSecurityCase18_EveryFailureIsOneResponseForEqualWork(t *testing.T) {
	d := open(t)
	d.store.Disable(t, "usr_esther")
	without, err := d.CreateUser(t.Context(), &identityv1.CreateUserRequest{EmailAddress: "sso@a.test", FirstName: "S", LastName: "O"})
	if err != nil || without.GetUser().GetDisplayName() != "S O" {
		t.Fatalf("%v, %v", without, err)
	}
	for name, by := range map[string]struct {
		method method
		proof  string
		checks int32
	}{
		"sign-in": {d.signInFrom(""), right, 1}, "password": {d.passwordFrom(""), right, 1}, "client secret": {d.secretFrom(""), appSecret, 0},
	} {
		var first *status.Status
		for _, try := range [][2]string{
			{"nobody@a.test", by.proof},
			{address, "wrong"},
			{"esther.fray@gmail.com", by.proof},
			{"no address", by.proof},
			{"nobody@a.test", "wrong"},
			{"quac\u212a@a.test", by.proof},
			{"john.doe@gmail.com@gmail.com", by.proof},
			{"j\u043ehn.doe@gmail.com", by.proof},
			{"\xff@a.test", by.proof},
		} {
			before := d.passwords.n.Load()
			err := by.method(t.Context(), try[0], try[1])
			wantReason(t, fmt.Sprintf("%s of %q", name, try[0]), err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
			got := status.Convert(oerr.Edge(err))
			if first == nil {
				first = got
			}
			if !proto.Equal(got.Proto(), first.Proto()) {
				t.Errorf("%s of %q returns %v, another %v", name, try[0], got, first)
			}
			if n := d.passwords.n.Load() - before; n != by.checks {
				t.Errorf("%s of %q took %d checks of a password", name, try[0], n)
			}
		}
	}
	wantReason(t, "a user without a password", d.passwordFrom("")(t.Context(), "sso@a.test", "x"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
}

func TestWireContract8_EveryMethodCountsInOneBudget(t *testing.T) {
	for _, victim := range []string{address, "nobody@gmail.com"} {
		d := open(t)
		methods := []method{d.signInFrom("192.0.2.1"), d.passwordFrom("192.0.2.2"), d.secretFrom("192.0.2.3")}
		for i := range perAccount {
			wantReason(t, "a wrong proof", methods[i%3](t.Context(), victim, "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
		}
		before := d.passwords.n.Load()
		for i, proof := range []string{right, right, appSecret} {
			err := methods[i](t.Context(), " "+victim, proof)
			wantReason(t, victim+" with the right proof", err, errorv1.Reason_REASON_RATE_LIMITED)
			if after := oerr.RetryAfter(err); after <= 0 || after > attemptWindow || after%time.Second != 0 {
				t.Errorf("retry in %v", after)
			}
		}
		if d.passwords.n.Load() != before {
			t.Error("a password was checked all the same")
		}
		d.clock.Advance(attemptWindow)
		wantReason(t, "in the next window", methods[1](t.Context(), victim, "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
	}
}

func TestASuccessCountsNoAttempt(t *testing.T) {
	d := open(t)
	for range perUser { // more than perSource
		if err := d.secretFrom("192.0.2.1")(t.Context(), address, appSecret); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABusyHasherCountsNoAttempt(t *testing.T) {
	d := open(t)
	d.passwords.busy.Store(true)
	for range 2 * perAccount {
		err := d.passwordFrom("192.0.2.1")(t.Context(), address, right)
		wantReason(t, "while others wait", err, errorv1.Reason_REASON_RATE_LIMITED)
		if oerr.RetryAfter(err) != time.Second {
			t.Fatalf("retry in %v", oerr.RetryAfter(err))
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
	for _, by := range []method{d.signInFrom(""), d.passwordFrom("192.0.2.1"), d.secretFrom("")} {
		for _, proof := range []string{right, appSecret, "wrong"} {
			wantReason(t, "an outage", by(t.Context(), address, proof), errorv1.Reason_REASON_UNAVAILABLE)
		}
	}
	if n := d.passwords.n.Load(); n != 0 {
		t.Errorf("%d passwords were checked", n)
	}
}

func TestAnOutageOfTheDatabaseCountsNoAttempt(t *testing.T) {
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

// TestTheSignInsOfAnAccountAreBounded, in browsers and at the user API together.
func TestTheSignInsOfAnAccountAreBounded(t *testing.T) {
	d := open(t)
	for range perUser / 2 {
		d.signIn(t, "")
		if err := d.passwordFrom("")(t.Context(), address, right); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: address, Password: right})
	wantReason(t, "one more in a browser", err, errorv1.Reason_REASON_RATE_LIMITED)
	if after := oerr.RetryAfter(err); after <= 0 || after > attemptWindow {
		t.Errorf("the next one is possible after %s", after)
	}
	wantReason(t, "one more at the user API", d.passwordFrom("")(t.Context(), address, right), errorv1.Reason_REASON_RATE_LIMITED)
	wantReason(t, "a wrong password", d.passwordFrom("")(t.Context(), address, "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
	wantReason(t, "one more with an app's secret", d.secretFrom("")(t.Context(), address, appSecret), errorv1.Reason_REASON_RATE_LIMITED)
}
