package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// history is how many consents there are, and fewRows how many rows of them an approval may read
// and write.
const (
	history = 20_000
	fewRows = 500
)

// ManyApprovals counts the rows that PostgreSQL reads and writes for an approval, and for a
// disconnection, after many.
func ManyApprovals(t *testing.T) {
	for name, ago := range map[string]time.Duration{"today": time.Hour, "long ago": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
			addConsents(t, at, ago)
			if rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) { record(t, store.New(db), example()) }); rows > fewRows {
				t.Errorf("an approval reads and writes %d rows, of %d", rows, history)
			}
			rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
				if err := store.New(db).Prune(t.Context(), oauth.UserClient{UserID: "usr_john", ClientID: "app"}, 1); err != nil {
					t.Error(err)
				}
			})
			if rows > 10*fewRows {
				t.Errorf("a disconnection reads and writes %d rows, of %d", rows, history)
			}
		})
	}
}

// addConsents adds consents like example's, and older ones of another user: an index that does not have the
// user reads those.
func addConsents(t *testing.T, at string, ago time.Duration) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO consents (request_id_hash, user_id, client_id, workspace_id, scope, epoch, approved_at)
SELECT sha256((who || i)::bytea), who, 'app', 'ws_acme', 'videos:read analyze:write', 0, {{now}} - $2 - i - CASE WHEN who = 'usr_john' THEN 0 ELSE $3::bigint END
FROM generate_series(1, $1::int) AS i, unnest(ARRAY['usr_john', 'usr_esther']) AS who`), history, ago.Microseconds(), (30 * 24 * time.Hour).Microseconds())
	if err == nil {
		err = db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE consents`)
	}
	if err != nil {
		t.Fatal(err)
	}
}
