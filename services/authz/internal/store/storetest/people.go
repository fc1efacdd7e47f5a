package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// People counts the rows that PostgreSQL reads to count the users of clients that have many, and checks the
// counts on both engines.
func People(t *testing.T) {
	const users, limit, few = 50_000, 100, 600
	each(t, func(t *testing.T, s *store.Store) {
		for id, count := range map[string]int{"vdo_client_many": limit + 5, "vdo_client_few": 3, "vdo_client_none": 0} {
			createOwned(t, s, owned(id))
			for n := range count {
				if err := s.AdmitOwnedUser(t.Context(), ownership.Approval{ClientID: id, UserID: fmt.Sprint("usr_", n)}); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := s.CountOwnedUsers(t.Context(), id, limit); err != nil || got != min(count, limit) {
				t.Errorf("%s has %d users, %v", id, got, err)
			}
			if _, people, err := s.ListOwned(t.Context(), "ws_acme", limit); err != nil || people[id] != min(count, limit) {
				t.Errorf("in the list %s has %d users, %v", id, people[id], err)
			}
		}
	})
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	addPeople(t, at, users)
	for name, count := range map[string]func(ctx context.Context, s *store.Store) (int, error){
		"one": func(ctx context.Context, s *store.Store) (int, error) {
			return s.CountOwnedUsers(ctx, "vdo_client_a", limit)
		},
		"another user": func(ctx context.Context, s *store.Store) (int, error) {
			err := s.AdmitOwnedUser(ctx, ownership.Approval{ClientID: "vdo_client_b", UserID: "usr_new", Limit: limit})
			if !errors.Is(err, ownership.ErrUsers) {
				t.Errorf("beyond the limit: %v", err)
			}
			return limit, nil
		},
		"the list": func(ctx context.Context, s *store.Store) (int, error) {
			_, people, err := s.ListOwned(ctx, "ws_acme", limit)
			return people["vdo_client_b"], err
		},
	} {
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			if got, err := count(t.Context(), store.New(db)); err != nil || got != limit {
				t.Errorf("%s: %d users, %v", name, got, err)
			}
		})
		if rows > few {
			t.Errorf("%s: %d rows are read, of %d", name, rows, users)
		}
	}
}

// addPeople adds two clients with many users.
func addPeople(t *testing.T, at string, users int) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	s := store.New(db)
	for _, id := range []string{"vdo_client_a", "vdo_client_b"} {
		createOwned(t, s, owned(id))
		if _, err := db.Exec(t.Context(), `INSERT INTO client_people SELECT $1, 'usr_' || i FROM generate_series(1, $2::int) AS i`, id, users); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE client_people`); err != nil {
		t.Fatal(err)
	}
}
