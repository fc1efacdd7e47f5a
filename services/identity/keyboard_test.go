package identity_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/identity/internal/password"
)

// keyboards is a service with its callers.
type keyboards struct {
	service   *identity.Service
	db        *sqldb.DB
	log       *bytes.Buffer
	sessions  identityv1.SessionServiceClient
	proofs    identityv1.CredentialServiceClient
	directory identityv1.DirectoryServiceClient
	admin     identityv1.AdministrationServiceClient
}

func eachKeyboards(t *testing.T, test func(t *testing.T, k keyboards)) {
	t.Helper()
	sqldbtest.Each(t, identity.Migrations(), func(t *testing.T, db *sqldb.DB) {
		k := keyboards{db: db, log: &bytes.Buffer{}}
		var err error
		k.service, err = identity.New(identity.DefaultConfig(), identity.Deps{
			Logger: slog.New(slog.NewTextHandler(k.log, nil)), DB: db, ShortLived: shortlived.NewMemory(shortlived.MemoryOptions{}),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, conn := serve(t, k.service)
		k.sessions, k.proofs = identityv1.NewSessionServiceClient(conn), identityv1.NewCredentialServiceClient(conn)
		k.directory, k.admin = identityv1.NewDirectoryServiceClient(conn), identityv1.NewAdministrationServiceClient(conn)
		test(t, k)
	})
}

// signIn returns the user who signs in, or the reason of the failure.
func (k keyboards) signIn(t *testing.T, address, clear string) (string, errorv1.Reason) {
	t.Helper()
	res, err := k.sessions.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: address, Password: clear})
	return res.GetSession().GetUserId(), oerr.Reason(err)
}

const (
	composed, decomposed = "\u00c9mile@M\u00fcller.de", "E\u0301mile@Mu\u0308ller.de"
	encoded, wide        = "\u00e9mile@XN--MLLER-KVA.de", "\u00e9\uff4dile@m\u00fcller\u3002de"
)

func TestFault_A14_OneUserIsOneAccountAtEveryEntryPoint(t *testing.T) {
	eachKeyboards(t, func(t *testing.T, k keyboards) {
		made, err := k.admin.CreateUser(t.Context(), &identityv1.CreateUserRequest{
			EmailAddress: decomposed, FirstName: "E", LastName: "M", Password: "p\u00e4ss w\u00f6rd two",
		})
		if err != nil {
			t.Fatal(err)
		}
		id := made.GetUser().GetUserId()
		created, err := k.admin.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: "App"})
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{composed, decomposed, encoded, wide} {
			if who, why := k.signIn(t, address, "pa\u0308ss\u00a0wo\u0308rd two"); who != id {
				t.Errorf("the sign-in page as %+q: %q, %s", address, who, why)
			}
			verified, err := k.proofs.VerifyPassword(t.Context(), &identityv1.VerifyPasswordRequest{
				EmailAddress: address, Password: "p\u00e4ss w\u00f6rd two",
			})
			if err != nil || verified.GetUser().GetUserId() != id {
				t.Errorf("the user API as %+q: %v", address, err)
			}
			vouched, err := k.proofs.VerifyClientSecret(t.Context(), &identityv1.VerifyClientSecretRequest{
				EmailAddress: address, ClientSecret: created.GetClientSecret(),
			})
			if err != nil || vouched.GetUser().GetUserId() != id {
				t.Errorf("an authentication app, of %+q: %v", address, err)
			}
			seen, err := k.directory.GetVisibleUser(t.Context(), &identityv1.GetVisibleUserRequest{ActorUserId: id, EmailAddress: address})
			if err != nil || seen.GetUser().GetUserId() != id {
				t.Errorf("a look-up of %+q: %v", address, err)
			}
			found, err := k.admin.FindUser(t.Context(), &identityv1.FindUserRequest{
				By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: address},
			})
			if err != nil || found.GetUser().GetUserId() != id {
				t.Errorf("the operator, of %+q: %v", address, err)
			}
			_, err = k.admin.CreateUser(t.Context(), &identityv1.CreateUserRequest{EmailAddress: address, FirstName: "E", LastName: "M"})
			if oerr.Reason(err) != errorv1.Reason_REASON_ALREADY_EXISTS {
				t.Errorf("another account as %+q: %v", address, err)
			}
		}
		_, err = k.admin.ApplySetPassword(t.Context(), &identityv1.ApplySetPasswordRequest{UserId: id, Password: "no\u0308ch\u2003eins, zwei"})
		if err != nil {
			t.Fatal(err)
		}
		if who, why := k.signIn(t, composed, "n\u00f6ch eins, zwei"); who != id {
			t.Errorf("after the password was set: %q, %s", who, why)
		}
		for field, req := range map[string]*identityv1.CreateUserRequest{
			"email_address": {EmailAddress: "emile\u200b@a.test", FirstName: "E", LastName: "M"},
			"password":      {EmailAddress: "other@a.test", FirstName: "E", LastName: "M", Password: "p\u200bassword password"},
		} {
			if _, err := k.admin.CreateUser(t.Context(), req); oerr.Field(err) != field {
				t.Errorf("an invisible character in %s: %v", field, err)
			}
		}
	})
}

// stored01 adds a user like release 0.1: the hash is computed from the password as typed.
func (k keyboards) stored01(t *testing.T, id, address, clear string) {
	t.Helper()
	e := password.Encoded{Parameters: password.Recommended(), Salt: []byte("0123456789abcdef")}
	e.Key = argon2.IDKey([]byte(clear), e.Salt, e.Time, e.Memory, e.Threads, 32)
	_, err := k.db.Exec(t.Context(), `INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at)
VALUES ($1, $2, '', '', $1, FALSE, $3, 0)`, id, address, e.PHC())
	if err != nil {
		t.Fatal(err)
	}
}

func TestFault_A14_AccountsOfRelease01GoOnWorking(t *testing.T) {
	eachKeyboards(t, func(t *testing.T, k keyboards) {
		k.stored01(t, "usr_old", strings.ToLower(decomposed), "pa\u0308ss")
		if who, why := k.signIn(t, decomposed, "p\u00e4ss"); who != "" {
			t.Errorf("another keyboard, before the password was typed as it was set: %q, %s", who, why)
		}
		for _, clear := range []string{"pa\u0308ss", "p\u00e4ss", "pa\u0308ss"} { // the first replaces the stale hash
			if who, why := k.signIn(t, decomposed, clear); who != "usr_old" {
				t.Errorf("with %+q: %q, %s", clear, who, why)
			}
		}
		k.respelled(t, composed)
		for _, address := range []string{composed, decomposed, encoded, wide} {
			if who, why := k.signIn(t, address, "p\u00e4ss"); who != "usr_old" {
				t.Errorf("as %+q: %q, %s", address, who, why)
			}
		}
	})
}

func TestFault_A14_TwoAccountsWithOneAddressStaySeparate(t *testing.T) {
	eachKeyboards(t, func(t *testing.T, k keyboards) {
		k.stored01(t, "usr_one", "\u00e9@a.test", "first")
		k.stored01(t, "usr_two", "e\u0301@a.test", "second")
		k.stored01(t, "usr_wait", "w\uff41it@a.test", "third")
		k.respelled(t, "wait@a.test")
		for typed, want := range map[string][2]string{"\u00e9@a.test": {"usr_one", "first"}, "e\u0301@a.test": {"usr_two", "second"}} {
			if who, why := k.signIn(t, typed, want[1]); who != want[0] {
				t.Errorf("%+q is %q, %s, want %s", typed, who, why, want[0])
			}
		}
		if log := k.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "user_id=usr_two other_user_id=usr_one") {
			t.Errorf("the log has %s", log)
		}
	})
}

// respelled runs the service's cleanup until a user has the address; only a hang reaches the
// timeout.
func (k keyboards) respelled(t *testing.T, address string) {
	t.Helper()
	holds := func() bool {
		_, err := k.admin.FindUser(t.Context(), &identityv1.FindUserRequest{
			By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: address},
		})
		return err == nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.service.Run(ctx) }()
	limit := time.After(time.Minute)
	for !holds() {
		select {
		case <-limit:
			t.Fatal("the cleanup did not convert the address")
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
