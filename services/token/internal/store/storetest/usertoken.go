package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/introspect"
	domain "github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// userRounds is how often a refresh is run against a logout.
const userRounds = 1000

// UserTokens checks the life of user tokens.
func UserTokens(t *testing.T) {
	t.Run("a token carries its holder through a refresh", func(t *testing.T) { each(t, holders) })
	t.Run("what was replaced or logged out has expired for good", func(t *testing.T) { each(t, revokedTokens) })
	t.Run("a token past its time is told from one that never was", pastTime)
	t.Run("a concurrent revocation makes an issue fail", func(t *testing.T) { each(t, revokedMeanwhile) })
	t.Run("20 refreshes of one token", func(t *testing.T) { each(t, manyUserRefreshes) })
	t.Run("refresh against logout", func(t *testing.T) { each(t, refreshAgainstLogout) })
	t.Run("issue and refresh against the end of a user", func(t *testing.T) { each(t, userTokensAgainstEnd) })
}

// john authenticated through an authentication app.
func john() usertoken.Holder {
	return usertoken.Holder{UserID: "usr_john", AppID: "aap_1", WorkspaceID: "ws_acme", DisplayName: "John Doe"}
}

func (b bench) mustIssue(t *testing.T, h usertoken.Holder) secret.Hash {
	t.Helper()
	since, err := b.RevocationLog.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hash := token()
	if err := b.IssueUserToken(t.Context(), usertoken.Issue{Token: hash, Holder: h, Lifetime: lifetimes().User, Since: since}); err != nil {
		t.Fatalf("issuing a user token: %v", err)
	}
	return hash
}

func (b bench) refreshUser(ctx context.Context, from secret.Hash) (secret.Hash, error) {
	next := token()
	_, err := b.RefreshUserToken(ctx, usertoken.Refresh{Predecessor: from, Successor: next, Lifetime: lifetimes().User})
	return next, err
}

// wantValidated expects this error for a user token; nil is live.
func (b bench) wantValidated(t *testing.T, what string, hash secret.Hash, want error) {
	t.Helper()
	if _, err := b.ValidateUserToken(t.Context(), hash); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	_, err := b.FindUserToken(t.Context(), hash)
	if (want == nil) != (err == nil) || err != nil && !errors.Is(err, introspect.ErrInactive) {
		t.Errorf("%s: found with %v", what, err)
	}
}

func holders(t *testing.T, b bench) {
	first := b.mustIssue(t, john())
	next, err := b.refreshUser(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	f, err := b.FindUserToken(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	got := usertoken.Holder{UserID: f.UserID, AppID: f.ClientID, WorkspaceID: f.WorkspaceID, DisplayName: f.DisplayName}
	if diff := cmp.Diff(john(), got); diff != "" {
		t.Error(diff)
	}
	if f.Kind != enforce.UserToken || f.Family != nil || f.ExpiresAt.Sub(f.IssuedAt) != 24*time.Hour || f.Left > 24*time.Hour || f.Left < 23*time.Hour {
		t.Errorf("the successor is %+v", f)
	}
	b.wantValidated(t, "the replaced one", first, usertoken.ErrExpired)
}

func revokedTokens(t *testing.T, b bench) {
	replaced, loggedOut, other := b.mustIssue(t, john()), b.mustIssue(t, john()), b.mustIssue(t, john())
	if _, err := b.refreshUser(t.Context(), replaced); err != nil {
		t.Fatal(err)
	}
	if err := b.LogoutUserToken(t.Context(), loggedOut); err != nil {
		t.Fatal(err)
	}
	for what, hash := range map[string]secret.Hash{"replaced": replaced, "logged out": loggedOut} {
		b.wantValidated(t, what, hash, usertoken.ErrExpired)
		if _, err := b.refreshUser(t.Context(), hash); !errors.Is(err, usertoken.ErrExpired) {
			t.Errorf("%s: refresh says %v", what, err)
		}
		if err := b.LogoutUserToken(t.Context(), hash); !errors.Is(err, usertoken.ErrExpired) {
			t.Errorf("%s: logout says %v", what, err)
		}
	}
	b.wantValidated(t, "another device's", other, nil)
	b.wantValidated(t, "one that never was", token(), usertoken.ErrUnknown)
	if _, err := b.refreshUser(t.Context(), token()); !errors.Is(err, usertoken.ErrUnknown) {
		t.Errorf("refreshing one that never was: %v", err)
	}
	if err := b.LogoutUserToken(t.Context(), token()); !errors.Is(err, usertoken.ErrUnknown) {
		t.Errorf("logging one out that never was: %v", err)
	}
	b.wantLog(t, []logged{{revocation.Token, revlog.ReasonReplaced}, {revocation.Token, revlog.ReasonLogout}})
}

// logged are the fields of a log entry that a test compares.
type logged struct {
	Kind   revocation.Kind
	Reason revlog.Reason
}

func (b bench) wantLog(t *testing.T, want []logged) {
	t.Helper()
	entries, err := b.RevocationLog.EntriesAfter(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []logged
	for _, e := range entries {
		got = append(got, logged{e.Kind, e.Reason})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the log: %s", diff)
	}
}

// pastTime opens the same database again with its clock moved.
func pastTime(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		kept, refreshed, gone := now.mustIssue(t, john()), now.mustIssue(t, john()), now.mustIssue(t, john())
		at := func(after time.Duration) bench { return open(t, reopen(after)) }
		at(23*time.Hour+59*time.Minute).wantValidated(t, "within its day", kept, nil)
		at(24*time.Hour+time.Minute).wantValidated(t, "after its day", kept, usertoken.ErrExpired)

		late := at(31*24*time.Hour - time.Hour)
		if err := cleanUp(t, late, store.Retention{}); err != nil {
			t.Fatal(err)
		}
		late.wantValidated(t, "29 days past its time", kept, usertoken.ErrExpired)
		next, err := late.refreshUser(t.Context(), refreshed)
		if err != nil {
			t.Fatalf("refreshing 29 days past its time: %v", err)
		}
		late.wantValidated(t, "its successor", next, nil)
		if err := late.LogoutUserToken(t.Context(), gone); !errors.Is(err, usertoken.ErrExpired) {
			t.Errorf("logging out past its time: %v", err)
		}
		if _, err := late.refreshUser(t.Context(), gone); !errors.Is(err, usertoken.ErrExpired) {
			t.Errorf("refreshing what was logged out past its time: %v", err)
		}

		later := at(31*24*time.Hour + time.Minute)
		later.wantValidated(t, "31 days past its issue", kept, usertoken.ErrUnknown)
		if _, err := later.refreshUser(t.Context(), kept); !errors.Is(err, usertoken.ErrUnknown) {
			t.Errorf("refreshing it: %v", err)
		}
		db := reopen(38 * 24 * time.Hour)
		end := open(t, db)
		if err := cleanUp(t, end, store.Retention{}); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM user_tokens`).Scan(&rows); err != nil || rows != 1 {
			t.Errorf("%d rows are kept (%v), want the successor's", rows, err)
		}
	})
}

func revokedMeanwhile(t *testing.T, b bench) {
	for name, c := range map[string]struct {
		holder usertoken.Holder
		end    func(ctx context.Context) error
		spoils bool
	}{
		"the user's":                  {john(), func(ctx context.Context) error { return b.RevokeUser(ctx, "usr_john") }, true},
		"the user's password":         {john(), func(ctx context.Context) error { return b.RevokeSignIns(ctx, "usr_john", domain.NewPassword) }, true},
		"the member's":                {john(), func(ctx context.Context) error { return b.RevokeMember(ctx, "usr_john", "ws_acme") }, true},
		"the app's":                   {john(), func(ctx context.Context) error { return b.RevokeAuthenticationAppTokens(ctx, "aap_1") }, true},
		"another user's":              {john(), func(ctx context.Context) error { return b.RevokeUser(ctx, "usr_esther") }, false},
		"another workspace's":         {john(), func(ctx context.Context) error { return b.RevokeMember(ctx, "usr_john", "ws_doe") }, false},
		"another app's":               {john(), func(ctx context.Context) error { return b.RevokeAuthenticationAppTokens(ctx, "aap_2") }, false},
		"a member's, without a limit": {usertoken.Holder{UserID: "usr_john"}, func(ctx context.Context) error { return b.RevokeMember(ctx, "usr_john", "ws_acme") }, false},
		"an app's, without one":       {usertoken.Holder{UserID: "usr_john"}, func(ctx context.Context) error { return b.RevokeAuthenticationAppTokens(ctx, "aap_1") }, false},
		"the user's grants":           {john(), func(ctx context.Context) error { return b.RevokeUserGrants(ctx, "usr_john") }, false},
		"a client's of the user":      {john(), func(ctx context.Context) error { return b.EndConnection(ctx, "usr_john", "app") }, false},
		"a client's of the member": {john(), func(ctx context.Context) error {
			return b.EndConnectionIn(ctx, oauth.UserClient{UserID: "usr_john", ClientID: "app"}, "ws_acme")
		}, false},
		"a client's in the workspace": {john(), func(ctx context.Context) error {
			_, err := b.EndClientInWorkspace(ctx, "app", "ws_acme", []string{"usr_john"})
			return err
		}, false},
		"a workspace's change of plan": {john(), func(ctx context.Context) error { return b.LogWorkspaceChange(ctx, "ws_acme") }, false},
	} {
		since, err := b.RevocationLog.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.end(t.Context()); err != nil {
			t.Fatal(err)
		}
		issue := usertoken.Issue{Token: token(), Holder: c.holder, Lifetime: time.Hour, Since: since}
		if err := b.IssueUserToken(t.Context(), issue); errors.Is(err, usertoken.ErrRevokedMeanwhile) != c.spoils || !c.spoils && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func manyUserRefreshes(t *testing.T, b bench) {
	for range crowdRounds {
		first := b.mustIssue(t, john())
		var won atomic.Int32
		together(20, func(int) {
			switch _, err := b.refreshUser(context.Background(), first); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, usertoken.ErrExpired):
				t.Errorf("refresh: %v", err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d successors", won.Load())
		}
	}
}

func refreshAgainstLogout(t *testing.T, b bench) {
	for range userRounds {
		first := b.mustIssue(t, john())
		var next secret.Hash
		var refresh, logout error
		together(2, func(n int) {
			if n == 0 {
				next, refresh = b.refreshUser(context.Background(), first)
			} else {
				logout = b.LogoutUserToken(context.Background(), first)
			}
		})
		for _, err := range []error{refresh, logout} {
			if err != nil && !errors.Is(err, usertoken.ErrExpired) {
				t.Fatalf("refresh %v, logout %v", refresh, logout)
			}
		}
		if (refresh == nil) == (logout == nil) {
			t.Fatalf("refresh %v, logout %v: want exactly one done", refresh, logout)
		}
		if _, err := b.FindUserToken(t.Context(), next); (err == nil) != (refresh == nil) {
			t.Fatalf("refresh %v, logout %v, successor %v", refresh, logout, err)
		}
		b.wantValidated(t, "the first", first, usertoken.ErrExpired)
	}
}

// userTokensAgainstEnd runs an issue and a refresh concurrently with the revocation of their user:
// nothing is live afterwards, whichever came first.
func userTokensAgainstEnd(t *testing.T, b bench) {
	for range raceRounds {
		first := b.mustIssue(t, john())
		since, err := b.RevocationLog.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		issue := usertoken.Issue{Token: token(), Holder: john(), Lifetime: time.Hour, Since: since}
		var next secret.Hash
		together(4, func(n int) {
			var err error
			switch n {
			case 0:
				err = b.IssueUserToken(context.Background(), issue)
			case 1:
				next, err = b.refreshUser(context.Background(), first)
			case 2:
				err = b.RevokeUser(context.Background(), "usr_john")
			default:
				err = b.RevokeAuthenticationAppTokens(context.Background(), "aap_1")
			}
			if err != nil && !errors.Is(err, usertoken.ErrRevokedMeanwhile) && !errors.Is(err, usertoken.ErrExpired) {
				t.Errorf("%d: %v", n, err)
			}
		})
		for _, hash := range []secret.Hash{first, next, issue.Token} {
			if _, err := b.FindUserToken(t.Context(), hash); !errors.Is(err, introspect.ErrInactive) {
				t.Fatalf("something of an ended user is live (%v)", err)
			}
		}
	}
}
