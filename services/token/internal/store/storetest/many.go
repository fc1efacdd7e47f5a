package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

const (
	// below is the number of rows of each subject that is revoked, and touched the number that a
	// revocation may read and write: a fraction of them, and more than it updates for release 0.1.
	below   = 10_000
	touched = 3_000
)

// throng is the rows of one subject: many filler rows, and tokens that were issued by the store.
type throng struct {
	user   string
	client string
	app    string
	issued issued
	// spent is the predecessor of issued's refresh token.
	spent secret.Hash
	token secret.Hash
}

// RevocationsOfMany runs each revocation on ten thousand grants or user tokens, and counts the rows
// that PostgreSQL read and wrote for it. The count does not depend on the machine.
func RevocationsOfMany(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, s *store.Store, c throng) error{
		"reuse": func(ctx context.Context, s *store.Store, c throng) error {
			replay, err := s.Replayed(ctx, grant.Presented{Token: c.spent, ClientID: c.client}, oauth.ReuseSubject)
			if err == nil && !replay.Reused {
				err = errors.New("the reuse was not seen")
			}
			return err
		},
		"disconnect": func(ctx context.Context, s *store.Store, c throng) error {
			return s.EndConnection(ctx, c.user, c.client)
		},
		"disabled user": func(ctx context.Context, s *store.Store, c throng) error { return s.RevokeUser(ctx, c.user) },
		"removed member": func(ctx context.Context, s *store.Store, c throng) error {
			return s.RevokeMember(ctx, c.user, "ws_acme")
		},
		"user's grants": func(ctx context.Context, s *store.Store, c throng) error { return s.RevokeUserGrants(ctx, c.user) },
		"disabled client": func(ctx context.Context, s *store.Store, c throng) error {
			return s.RevokeClientGrants(ctx, c.client)
		},
		"authentication app": func(ctx context.Context, s *store.Store, c throng) error {
			return s.RevokeAuthenticationAppTokens(ctx, c.app)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
			c := gather(t, at, name == "disabled client")
			var err error
			rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) { err = end(t.Context(), store.New(db, noReplicas{}), c) })
			if err != nil {
				t.Fatal(err)
			}
			if rows == 0 || rows > touched {
				t.Errorf("it read and wrote %d rows, with %d below it", rows, below)
			}
			t.Logf("%d rows read and written, of %d", rows, below)
			c.wantDead(t, open(t, sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)})), name)
		})
	}
}

// ReplaysOfMany has a spent token presented again and again after its reuse was acted upon: each is
// one read, and nothing is written.
func ReplaysOfMany(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	c := gather(t, at, false)
	replays := func(n int) func(db *sqldb.DB) {
		return func(db *sqldb.DB) {
			s := store.New(db, noReplicas{})
			for range n {
				if replay, err := s.Replayed(t.Context(), grant.Presented{Token: c.spent, ClientID: c.client}, oauth.ReuseSubject); err != nil || replay.Reused != (n == 1) {
					t.Errorf("of %d, a replay is taken for reuse: %v (%v)", n, replay.Reused, err)
				}
			}
		}
	}
	sqldbtest.RowsTouched(t, at, replays(1))
	b := open(t, sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)}))
	cursor, err := b.RevocationLog.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const many = 100
	if rows := sqldbtest.RowsTouched(t, at, replays(many)); rows > 10*many {
		t.Errorf("%d replays read and wrote %d rows", many, rows)
	}
	if now, err := b.RevocationLog.Cursor(t.Context()); err != nil || now != cursor {
		t.Errorf("the log went from %d to %d (%v)", cursor, now, err)
	}
	var locked int64
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM families WHERE xmax <> 0 AND revoked_at IS NULL`).Scan(&locked); err != nil || locked > 0 {
		t.Errorf("%d families were locked (%v)", locked, err)
	}
}

// wantDead expects that everything that was issued is revoked.
func (c throng) wantDead(t *testing.T, b bench, name string) {
	t.Helper()
	switch name {
	case "authentication app":
		b.wantValidated(t, "a user token", c.token, usertoken.ErrExpired)
		return
	case "disabled user":
		b.wantValidated(t, "a user token", c.token, usertoken.ErrExpired)
	}
	if b.live(t, c.issued.access) || b.current(t, c.issued.refresh) {
		t.Error("a token is live")
	}
	if _, err := b.rotate(t.Context(), c.issued.refresh, c.client); !errors.Is(err, grant.ErrNotCurrent) {
		t.Errorf("its refresh token was rotated: %v", err)
	}
	many, err := b.FindManyAccess(t.Context(), []secret.Hash{c.issued.access})
	if err != nil || len(many) > 0 {
		t.Errorf("a batch finds it live: %v", err)
	}
	inFlight := code(c.client, "ws_acme", 0)
	inFlight.UserID = c.user
	if err := b.redeem(t.Context(), fresh(), inFlight); !errors.Is(err, grant.ErrConsentRevoked) {
		t.Errorf("a code in flight: %v", err)
	}
}

// gather issues a few tokens and adds the rows around them.
func gather(t *testing.T, at string, ofClient bool) throng {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }() // the statistics of its sessions are complete when they are closed
	b := open(t, db)
	c := throng{user: "usr_john", client: "app", app: "aap_1"}
	first := b.mustRedeem(t, code(c.client, "ws_acme", 0))
	c.issued, c.spent = b.mustRotate(t, first.refresh), first.refresh
	c.token = b.mustIssue(t, john())
	user := `'usr_john'`
	if ofClient {
		user = `'usr_a' || i` // before John, in the order of the index
	}
	for _, text := range []string{
		`INSERT INTO pairs (user_id, client_id, epoch) SELECT ` + user + `, 'app', 0 FROM generate_series(1, $1::int) AS i ON CONFLICT DO NOTHING`,
		`INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, born, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
SELECT sha256(('f' || i)::bytea), ` + user + `, 'app', 'ws_acme', 'Somebody', 'videos:read', 0, 0, 'https://yourapp.com/callback', '',
    {{now}} - i, {{now}} + 3600000000, sha256(('r' || i)::bytea), {{now}}, {{now}} + 3600000000, {{now}} FROM generate_series(1, $1::int) AS i`,
		`INSERT INTO user_tokens (hash, user_id, app_id, workspace_id, display_name, issued_at, expires_at, born)
SELECT sha256(('u' || i)::bytea), ` + user + `, 'aap_1', 'ws_acme', 'Somebody', {{now}}, {{now}} + 3600000000, 0 FROM generate_series(1, $1::int) AS i`,
	} {
		if _, err := db.Exec(t.Context(), db.SQL(text), below); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []string{"pairs", "families", "user_tokens"} {
		if err := db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE `+table); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
