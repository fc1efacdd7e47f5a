package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// dynamicPrefix is how the identifiers of clients that registered themselves begin.
const dynamicPrefix = client.IDPrefix + "dyn_"

// million is how many clients, registrations, users and disabled documents there are, and fewRows how
// many rows of them one operation may read and write.
const (
	million = 1_000_000
	fewRows = 200
)

// Million counts the rows that PostgreSQL reads and writes for each operation on the clients that
// registered or describe themselves, of a million. Strangers cause most of them, so that none may read
// a whole table. The count of all clients is made once in ten seconds (dynamic.Total).
func Million(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	fillTables(t, at)
	one, two := memberOfMillion(500_000), memberOfMillion(500_001)
	changed := dynamic.Client{Registration: client.Registration{Client: client.Client{Name: "Changed", Type: client.Public}}}
	for _, operation := range []struct {
		name string
		run  func(ctx context.Context, s *store.Store) error
	}{
		{"register", func(ctx context.Context, s *store.Store) error {
			_, err := s.AddDynamic(ctx, self("new", false))
			return err
		}},
		{"register a client that is shared", func(ctx context.Context, s *store.Store) error {
			_, err := s.AddDynamic(ctx, self("shared", true))
			return err
		}},
		{"register it again", func(ctx context.Context, s *store.Store) error {
			_, err := s.AddDynamic(ctx, self("shared", true))
			return err
		}},
		{"read a registration", func(ctx context.Context, s *store.Store) error { _, err := s.FindDynamic(ctx, one); return err }},
		{"change one", func(ctx context.Context, s *store.Store) error { return s.ReplaceDynamic(ctx, one, changed, one.Token) }},
		{"find a client", func(ctx context.Context, s *store.Store) error { _, err := s.Find(ctx, one.ClientID); return err }},
		{"find its credentials", func(ctx context.Context, s *store.Store) error {
			_, err := s.Credentials(ctx, one.ClientID)
			return err
		}},
		{"find an unknown one", func(ctx context.Context, s *store.Store) error {
			if _, err := s.Find(ctx, client.NewDynamicID()); !errors.Is(err, client.ErrUnknown) {
				return errors.New("an unknown client is found")
			}
			return nil
		}},
		{"list some", func(ctx context.Context, s *store.Store) error {
			_, err := s.List(ctx, []string{one.ClientID, two.ClientID, client.NewDynamicID()})
			return err
		}},
		{"admit a user", func(ctx context.Context, s *store.Store) error {
			return s.AdmitUser(ctx, one.ClientID, "usr_new", 25, time.Hour)
		}},
		{"note a use", func(ctx context.Context, s *store.Store) error {
			return s.UseDynamic(ctx, one.ClientID, 90*24*time.Hour)
		}},
		{"disable a client", func(ctx context.Context, s *store.Store) error { return s.SetClientDisabled(ctx, one.ClientID, true) }},
		{"delete a registration", func(ctx context.Context, s *store.Store) error {
			_, err := s.DeleteDynamic(ctx, two)
			return err
		}},
		{"find whether a document is disabled", func(ctx context.Context, s *store.Store) error {
			_, err := s.DocumentDisabled(ctx, "https://client.example/500000.json")
			return err
		}},
		{"disable a document", func(ctx context.Context, s *store.Store) error {
			return s.SetClientDisabled(ctx, "https://client.example/new.json", true)
		}},
		{"enable a document", func(ctx context.Context, s *store.Store) error {
			return s.SetClientDisabled(ctx, "https://client.example/new.json", false)
		}},
		{"list disabled documents", func(ctx context.Context, s *store.Store) error {
			_, err := s.ListDisabledDocuments(ctx, "https://client.example/5", 50)
			return err
		}},
		{"clean up", func(ctx context.Context, s *store.Store) error {
			_, _, err := s.CleanUpDynamic(ctx, 24*time.Hour)
			return err
		}},
	} {
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			if err := operation.run(t.Context(), store.New(db)); err != nil {
				t.Errorf("%s: %v", operation.name, err)
			}
		})
		t.Logf("to %s reads and writes %d rows", operation.name, rows)
		if rows > fewRows {
			t.Errorf("to %s reads and writes %d rows, of %d", operation.name, rows, million)
		}
	}
}

// memberOfMillion returns the key of a registration that fillTables adds.
func memberOfMillion(number int) dynamic.Key {
	id := fmt.Sprintf("%s%022d", dynamicPrefix, number)
	return dynamic.Key{ClientID: id, Token: secret.Sum(id)}
}

// fillTables adds a million clients, each with a registration and a user, and a million disabled
// documents. Two clients in a hundred thousand are due for cleanup.
func fillTables(t *testing.T, at string) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	series := ` FROM generate_series(1, 1000000) AS i`
	triggers := func(state string) (texts []string) { // for each row they would take longer than all the rest
		for _, table := range []string{"dynamic_registrations", "dynamic_client_users", "disabled_documents"} {
			texts = append(texts, `ALTER TABLE `+table+` `+state+` TRIGGER ALL`)
		}
		return texts
	}
	for _, text := range slices.Concat(triggers("DISABLE"), []string{
		`INSERT INTO dynamic_clients (id, name, type, grant_types, scope, application_type, redirect_uris, metadata, secret_last_four, by_token,
    scope_limit, disabled, shared, authorized, fingerprint, registered_at, created_at, expires_at)
SELECT '` + dynamicPrefix + `' || lpad(i::text, 22, '0'), 'Client', 'public', '` + oauth.AuthorizationCodeGrant + `', 'videos:read', 'native',
    'http://127.0.0.1/a', '{}', '', FALSE, '', FALSE, FALSE, i % 100000 <> 1, sha256(('f' || i)::bytea), {{now}}, {{now}},
    CASE WHEN i % 100000 IN (1, 2) THEN {{now}} - i ELSE {{now}} + 86400000000 + i END` + series,
		`INSERT INTO dynamic_registrations (hash, client_id, created_at)
SELECT sha256(id::bytea), id, {{now}} FROM dynamic_clients`,
		`INSERT INTO dynamic_client_users (client_id, user_id) SELECT id, 'usr_john' FROM dynamic_clients`,
		`INSERT INTO disabled_documents (id, disabled_at) SELECT 'https://client.example/' || i || '.json', {{now}}` + series,
		`ANALYZE dynamic_clients, dynamic_registrations, dynamic_client_users, disabled_documents`,
	}, triggers("ENABLE")) {
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute) // the default is too short to fill a table
		err := db.ExecOutsideTx(ctx, time.Minute, db.SQL(text))
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
}
