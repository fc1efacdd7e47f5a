package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/inspection"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Service checks the tokens that clients get for themselves.
func Service(t *testing.T) {
	t.Run("a client's tokens share one family", func(t *testing.T) { each(t, serviceFamily) })
	t.Run("each revocation ends them for good", func(t *testing.T) { each(t, serviceRevocations) })
	t.Run("no token outlives a concurrent revocation", func(t *testing.T) { each(t, serviceRace) })
	t.Run("they do not grow for ever", serviceCleanup)
}

// robot issues a token to the client "robot", and returns its hash.
func (b bench) robot(ctx context.Context, since int64, change ...func(*grant.ServiceIssue)) (secret.Hash, error) {
	l := lifetimes()
	l.Service = time.Hour
	i := grant.ServiceIssue{
		Access: token(), ClientID: "robot", Service: oauth.Service{WorkspaceID: "ws_acme", Scope: oauth.Scope{"videos:read", "jobs:read"}},
		Scope: oauth.Scope{"videos:read"}, Lifetimes: l, Since: since,
	}
	for _, c := range change {
		c(&i)
	}
	return i.Access, b.IssueService(ctx, i)
}

func (b bench) mustRobot(t *testing.T, since int64, change ...func(*grant.ServiceIssue)) secret.Hash {
	t.Helper()
	access, err := b.robot(t.Context(), since, change...)
	if err != nil {
		t.Fatal(err)
	}
	return access
}

func (b bench) countRows(t *testing.T, table string) (n int) {
	t.Helper()
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func serviceFamily(t *testing.T, b bench) {
	first := b.mustRobot(t, 0)
	second := b.mustRobot(t, 0, func(i *grant.ServiceIssue) {
		i.Scope, i.Resources = oauth.Scope{"jobs:read"}, oauth.Resources{"https://mcp.test/mcp"}
	})
	if n := b.countRows(t, "families"); n != 1 {
		t.Errorf("%d families, want one", n)
	}
	one, err := b.FindAccess(t.Context(), first)
	other, otherErr := b.FindAccess(t.Context(), second)
	if err != nil || otherErr != nil || !cmp.Equal(one.Family, other.Family) {
		t.Fatalf("%v %v, want one family: %x %x", err, otherErr, one.Family, other.Family)
	}
	if one.UserID != "svc_robot" || one.ClientID != "robot" || one.WorkspaceID != "ws_acme" || one.Scope != "videos:read" || one.DisplayName != "" ||
		one.Left > time.Hour || one.Left < 59*time.Minute {
		t.Errorf("the first token is %+v", one)
	}
	if other.Scope != "jobs:read" || !cmp.Equal(other.Resources, oauth.Resources{"https://mcp.test/mcp"}) {
		t.Errorf("the second token is for %q of %q", other.Scope, other.Resources)
	}
	b.mustRobot(t, 0, func(i *grant.ServiceIssue) { i.Service.Scope = oauth.Scope{"videos:read"} })
	b.mustRobot(t, 0, func(i *grant.ServiceIssue) { i.Service.WorkspaceID = "ws_doe" })
	if n := b.countRows(t, "families"); n != 3 {
		t.Errorf("%d families, want one more for another registered scope and one for another workspace", n)
	}
	grants, err := b.ListGrants(t.Context(), inspection.Query{ClientID: "robot", Limit: 10})
	if err != nil || len(grants) != 3 || grants[0].UserID != "svc_robot" {
		t.Errorf("the grants of the client are %+v, %v", grants, err)
	}
	if n, err := b.CountAccess(t.Context(), inspection.Holder{ClientID: "robot"}, 100); err != nil || n.Grants != 3 || n.GrantUsers != 1 {
		t.Errorf("it counts %+v, %v", n, err)
	}
}

func serviceRevocations(t *testing.T, b bench) {
	for name, revoke := range map[string]func(access secret.Hash) error{
		"client":   func(secret.Hash) error { return b.RevokeClientGrants(t.Context(), "robot") },
		"subject":  func(secret.Hash) error { return b.RevokeUserGrants(t.Context(), "svc_robot") },
		"grants":   func(secret.Hash) error { return b.RevokeUserClientGrants(t.Context(), "svc_robot", "robot") },
		"member":   func(secret.Hash) error { return b.RevokeMember(t.Context(), "svc_robot", "ws_acme") },
		"disabled": func(secret.Hash) error { return b.RevokeUser(t.Context(), "svc_robot") },
	} {
		since, err := b.RevocationLog.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		old := b.mustRobot(t, since)
		if err := revoke(old); err != nil {
			t.Fatal(err)
		}
		if _, err := b.robot(t.Context(), since); !errors.Is(err, grant.ErrRevokedMeanwhile) || b.live(t, old) {
			t.Errorf("%s: %v for a request from before, want ErrRevokedMeanwhile; the token is live: %t", name, err, b.live(t, old))
		}
		if n := b.countRows(t, "access_tokens"); n == 0 {
			t.Errorf("%s: the token is gone", name)
		}
		if since, err = b.RevocationLog.Cursor(t.Context()); err != nil {
			t.Fatal(err)
		}
		if next := b.mustRobot(t, since); !b.live(t, next) || b.live(t, old) {
			t.Errorf("%s: the next token is live: %t, the old one: %t", name, b.live(t, next), b.live(t, old))
		}
		// The new family is not for a request from before the revocation.
		if _, err := b.robot(t.Context(), since-1); !errors.Is(err, grant.ErrRevokedMeanwhile) {
			t.Errorf("%s: %v for a late request, want ErrRevokedMeanwhile", name, err)
		}
	}
	since, err := b.RevocationLog.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one, other := b.mustRobot(t, since), b.mustRobot(t, since)
	if revoked, err := b.RevokeAccess(t.Context(), one, "other"); err != nil || revoked || !b.live(t, one) {
		t.Errorf("another client revokes it: %t, %v", revoked, err)
	}
	if revoked, err := b.RevokeAccess(t.Context(), one, "robot"); err != nil || !revoked || b.live(t, one) || !b.live(t, other) {
		t.Errorf("one token is revoked: %t, %v", revoked, err)
	}
}

func serviceRace(t *testing.T, b bench) {
	for range rounds / 4 {
		since, err := b.RevocationLog.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		issued, failed := make([]secret.Hash, 4), make([]error, 5)
		together(len(failed), func(n int) {
			if n == len(issued) {
				failed[n] = b.RevokeClientGrants(t.Context(), "robot")
				return
			}
			if issued[n], failed[n] = b.robot(t.Context(), since); errors.Is(failed[n], grant.ErrRevokedMeanwhile) {
				failed[n] = nil
			}
		})
		if err := errors.Join(failed...); err != nil {
			t.Fatal(err)
		}
		for _, access := range issued {
			if _, err := b.FindAccess(t.Context(), access); !errors.Is(err, introspect.ErrInactive) {
				t.Fatalf("a token outlived a concurrent revocation: %v", err)
			}
		}
	}
}

// serviceCleanup: the family stays with a client that gets a token every day, and goes with one that
// does not; expired tokens go (hydra#3784).
func serviceCleanup(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		open(t, reopen(0)).mustRobot(t, 0)
		for day := 1; day <= 3; day++ {
			b := open(t, reopen(time.Duration(day)*25*time.Hour))
			b.mustRobot(t, 0)
			if err := cleanUp(t, b, store.Retention{}); err != nil {
				t.Fatal(err)
			}
			if n := b.countRows(t, "families"); n != 1 {
				t.Errorf("%d families on day %d, want one", n, day)
			}
		}
		b := open(t, reopen(40*24*time.Hour))
		if err := cleanUp(t, b, store.Retention{}); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"families", "access_tokens"} {
			if n := b.countRows(t, table); n != 0 {
				t.Errorf("%s has %d rows after a month", table, n)
			}
		}
	})
}
