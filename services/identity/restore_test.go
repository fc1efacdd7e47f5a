package identity_test

import (
	"encoding/base64"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/shortlived/shortlivedtest"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity"
)

// replica is one of several processes of the service on the same stores.
func replica(t *testing.T, db *sqldb.DB, entries shortlived.Store) *grpc.ClientConn {
	t.Helper()
	s, err := identity.New(identity.DefaultConfig(), identity.Deps{Logger: slog.New(slog.DiscardHandler), DB: db, ShortLived: entries})
	if err != nil {
		t.Fatal(err)
	}
	_, conn := serve(t, s)
	return conn
}

// TestFault_E7_NoEndedSessionIsValidAgainOnAnyReplica: no ended session is valid again, whatever
// ended it, when the short-lived store is restored.
func TestFault_E7_NoEndedSessionIsValidAgainOnAnyReplica(t *testing.T) {
	shortlivedtest.Each(t, func(t *testing.T, entries shortlived.Store, _ func(time.Duration)) {
		sqldbtest.Each(t, identity.Migrations(), func(t *testing.T, db *sqldb.DB) {
			seeding, err := identity.New(identity.DefaultConfig(), identity.Deps{
				Logger: slog.New(slog.DiscardHandler), DB: db, ShortLived: entries,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := seeding.SeedDevelopment(t.Context()); err != nil {
				t.Fatal(err)
			}
			one, two := replica(t, db, entries), replica(t, db, entries)
			here, there := identityv1.NewSessionServiceClient(one), identityv1.NewSessionServiceClient(two)
			admin := identityv1.NewAdministrationServiceClient(one)
			signIn := func(previous string) string {
				res, err := here.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{
					EmailAddress: "john.doe@gmail.com", Password: "examplepassword", PreviousSessionToken: previous,
				})
				if err != nil {
					t.Fatal(err)
				}
				return res.GetSessionToken()
			}
			for _, end := range []struct {
				by string
				do func(token string) error
			}{
				{"a sign-out", func(token string) error {
					_, err := here.EndSession(t.Context(), &identityv1.EndSessionRequest{SessionToken: token})
					return err
				}},
				{"a sign-in that replaced it", func(token string) error {
					signIn(token)
					return nil
				}},
				{"a password that was set", func(string) error {
					_, err := admin.ApplySetPassword(t.Context(), &identityv1.ApplySetPasswordRequest{
						UserId: "usr_john", Password: "examplepassword",
					})
					return err
				}},
				{"disabling the user", func(string) error {
					_, err := admin.ApplyDisableUser(t.Context(), &identityv1.ApplyDisableUserRequest{UserId: "usr_john"})
					if err == nil {
						_, err = admin.EnableUser(t.Context(), &identityv1.EnableUserRequest{UserId: "usr_john"})
					}
					return err
				}},
			} {
				token := signIn("")
				restore := snapshot(t, entries, token)
				if err := end.do(token); err != nil {
					t.Fatalf("%s: %v", end.by, err)
				}
				restore()
				for name, replica := range map[string]identityv1.SessionServiceClient{"the same": here, "the other": there} {
					_, err := replica.GetSession(t.Context(), &identityv1.GetSessionRequest{SessionToken: token})
					if oerr.Reason(err) != errorv1.Reason_REASON_SESSION_REQUIRED {
						t.Errorf("a session that ended by %s, at %s replica: %v", end.by, name, err)
					}
				}
			}
		})
	})
}

// snapshot reads a session's entry; restore writes it back.
func snapshot(t *testing.T, entries shortlived.Store, token string) (restore func()) {
	t.Helper()
	hash := secret.Sum(token)
	key := "identity:session:" + base64.RawURLEncoding.EncodeToString(hash[:])
	value, found, err := entries.Get(t.Context(), key)
	if err != nil || !found {
		t.Fatalf("the session has no entry: %v", err)
	}
	return func() {
		if err := entries.Put(t.Context(), key, value, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
}
