package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store"
)

const (
	// rounds is how often a race of two calls is run.
	rounds = 200
	// crowdRounds is how often a race of twenty calls and more is run: each round has as many chances
	// to go wrong as it has calls. test/race runs those of codes and refresh tokens 200 times, between
	// processes.
	crowdRounds = 25
)

// lifetimes are the documented ones.
func lifetimes() grant.Lifetimes {
	return grant.Lifetimes{Access: time.Hour, Refresh: 30 * 24 * time.Hour, Family: 365 * 24 * time.Hour, User: 24 * time.Hour}
}

// bench is one store under test.
type bench struct {
	*store.Store
	db *sqldb.DB
}

// each runs a test on both engines at once, after its caller has returned: most of it waits for a database.
func each(t *testing.T, test func(t *testing.T, b bench)) {
	t.Helper()
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		t.Parallel()
		test(t, open(t, db))
	})
}

func open(t testing.TB, db *sqldb.DB) bench {
	t.Helper()
	l := lifetimes()
	s := store.New(db, noReplicas{})
	if err := s.MakeRoom(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	return bench{Store: s, db: db}
}

// noReplicas is the barrier of a process that is the only one on its database and caches nothing. It
// never waits.
type noReplicas struct{}

// WaitForReplicas is revlog.RevocationBarrier.
func (noReplicas) WaitForReplicas(context.Context, bool) error { return nil }

// issued is one family's tokens as a client would hold them.
type issued struct {
	code            secret.Hash
	access, refresh secret.Hash
}

func fresh() issued {
	return issued{code: token(), access: token(), refresh: token()}
}

func token() secret.Hash { return secret.Sum(secret.NewCode().Reveal()) }

// code is an approval by John for a client in a workspace.
func code(client, workspace string, epoch int64) oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{ClientID: client, RedirectURI: "https://yourapp.com/callback", CodeChallenge: "challenge"},
			Scope:       oauth.Scope{"videos:read", "analyze:write", "jobs:read"},
		},
		UserID:      "usr_john",
		DisplayName: "John Doe",
		WorkspaceID: workspace,
		Epoch:       epoch,
	}
}

// redeem redeems a code whose consent page has read the epoch of the user-client.
func (b bench) redeem(ctx context.Context, i issued, c oauth.ApprovedRequest) error {
	if _, err := b.GetPairEpoch(ctx, c.UserID, c.ClientID); err != nil {
		return err
	}
	return b.Redeem(ctx, grant.Redemption{CodeHash: i.code, Code: c, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes()})
}

// mustRedeem begins a family.
func (b bench) mustRedeem(t testing.TB, c oauth.ApprovedRequest) issued {
	t.Helper()
	i := fresh()
	if err := b.redeem(t.Context(), i, c); err != nil {
		t.Fatalf("redeeming a fresh code: %v", err)
	}
	return i
}

func (b bench) rotate(ctx context.Context, from secret.Hash, client string) (issued, error) {
	next := issued{access: token(), refresh: token()}
	_, err := b.Rotate(ctx, grant.Rotation{
		Predecessor: from, ClientID: client, Access: next.access, Successor: next.refresh, Lifetimes: lifetimes(),
	})
	return next, err
}

// mustRotate refreshes once.
func (b bench) mustRotate(t *testing.T, from secret.Hash) issued {
	t.Helper()
	next, err := b.rotate(t.Context(), from, "app")
	if err != nil {
		t.Fatalf("rotating a current token: %v", err)
	}
	return next
}

// live reports whether an access token is active.
func (b bench) live(t *testing.T, access secret.Hash) bool {
	t.Helper()
	_, err := b.FindAccess(t.Context(), access)
	if err != nil && !errors.Is(err, introspect.ErrInactive) {
		t.Fatalf("looking an access token up: %v", err)
	}
	return err == nil
}

// current reports whether a refresh token would be accepted.
func (b bench) current(t *testing.T, refresh secret.Hash) bool {
	t.Helper()
	_, err := b.FindRefresh(t.Context(), refresh)
	if err != nil && !errors.Is(err, introspect.ErrInactive) {
		t.Fatalf("looking a refresh token up: %v", err)
	}
	return err == nil
}

// together starts n calls at one barrier and waits for all.
func together(n int, call func(i int)) { racetest.Run(n, call) }

// GetPairEpoch returns the epoch of a user-client.
func (b bench) GetPairEpoch(ctx context.Context, userID, clientID string) (int64, error) {
	epoch, _, err := b.Store.GetPairEpoch(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}, nil)
	return epoch, err
}

// GetPairGrants returns the live grants of a user-client.
func (b bench) GetPairGrants(ctx context.Context, userID, clientID string) (oauth.LiveGrants, error) {
	return b.Store.GetPairGrants(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}, []string{"ws_acme", "ws_doe", "ws_zoo"})
}
