package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
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
			db := sqldbtest.Prepare(t, at)
			addConsents(t, db, history, ago)
			analyzeAndClose(t, db)
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

// ApprovalsSincePlanned is ManyApprovals for a session that PostgreSQL planned the statement of while there were
// few consents. The rows that are added are counted too: two for each of history.
func ApprovalsSincePlanned(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	few := sqldbtest.Prepare(t, at)
	addConsents(t, few, 350, 2*time.Hour)
	analyzeAndClose(t, few)
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		record(t, store.New(db), example())
		addConsents(t, sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)}), history, time.Hour)
		for range 3 {
			record(t, store.New(db), example())
		}
	})
	if rows > 2*history+fewRows {
		t.Errorf("%d rows were read and added, of which %d were added", rows, 2*history)
	}
}

// addConsents adds n consents like example's, and older ones of another user: an index that does not have
// the user reads those.
func addConsents(t *testing.T, db *sqldb.DB, n int, ago time.Duration) {
	t.Helper()
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO consents (request_id_hash, user_id, client_id, workspace_id, scope, epoch, approved_at)
SELECT sha256((who || i || '/' || $2::bigint)::bytea), who, 'app', 'ws_acme', 'videos:read analyze:write', 0, {{now}} - $2 - i - CASE WHEN who = 'usr_john' THEN 0 ELSE $3::bigint END
FROM generate_series(1, $1::int) AS i, unnest(ARRAY['usr_john', 'usr_esther']) AS who`), n, ago.Microseconds(), (30 * 24 * time.Hour).Microseconds())
	if err != nil {
		t.Fatal(err)
	}
}

func analyzeAndClose(t *testing.T, db *sqldb.DB) {
	t.Helper()
	if err := errors.Join(db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE consents`), db.Close()); err != nil {
		t.Fatal(err)
	}
}
