package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// ManyRequests counts the rows that PostgreSQL reads for the requests that wait, after many decided ones.
func ManyRequests(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	addRequests(t, at)
	for name, waiting := range map[string]func(s *store.Store) (int, error){
		"the policy": func(s *store.Store) (int, error) {
			p, err := s.Setting(t.Context(), "ws_acme")
			return p.Waiting, err
		},
		"the list": func(s *store.Store) (int, error) {
			list, err := s.Requests(t.Context(), policy.Query{WorkspaceID: "ws_acme", WaitingOnly: true, Limit: 100})
			return len(list), err
		},
	} {
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			if n, err := waiting(store.New(db)); err != nil || n != 1 {
				t.Errorf("%s: %d requests wait, %v", name, n, err)
			}
		})
		if rows > fewRows {
			t.Errorf("%s reads %d rows, of %d", name, rows, history)
		}
	}
}

// addRequests adds one request that waits, and after it many that were decided.
func addRequests(t *testing.T, at string) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	mustAsk(t, store.New(db), request("app", "usr_a", ""))
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO app_requests (workspace_id, client_id, user_id, user_name, reason, requested_at, state, answer, decider_id, decider_name, decided_at)
SELECT 'ws_acme', 'app' || i, 'usr_a', '', '', {{now}} + i, 2, '', '', '', {{now}} FROM generate_series(1, $1::int) AS i`), history)
	if err == nil {
		err = db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE app_requests`)
	}
	if err != nil {
		t.Fatal(err)
	}
}
