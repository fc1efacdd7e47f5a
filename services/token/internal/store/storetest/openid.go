package storetest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/idtoken"
	"github.com/vidocu/usher/services/token/internal/signing"
	"github.com/vidocu/usher/services/token/internal/store"
)

// OpenID checks what ID tokens are made of.
func OpenID(t *testing.T) {
	t.Run("a family keeps how its client knows the user", func(t *testing.T) { each(t, identityOfAFamily) })
	t.Run("a row of release 0.1 has the user alone", func(t *testing.T) { each(t, withoutIdentity) })
	t.Run("a generation of a signing key is stored once", func(t *testing.T) { each(t, signingKeys) })
	t.Run("a stored secret is the first one", func(t *testing.T) { each(t, storedSecret) })
	t.Run("an index whose building was interrupted is built anew", interruptedIndex)
}

// interruptedIndex: the migration that adds the index of subjects skips one that an interrupted build left
// invalid.
func interruptedIndex(t *testing.T) {
	db := sqldbtest.Open(t, sqldb.Config{
		URL: secret.New(sqldbtest.Migrated(t, sqldb.Postgres, sqldbtest.Until(t, store.Migrations(), "00017"))),
	})
	if _, err := db.Exec(t.Context(), `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'families_subject'::regclass`); err != nil {
		t.Fatal(err)
	}
	if err := sqldb.Migrate(t.Context(), db, store.Migrations()); err != nil {
		t.Fatal(err)
	}
	var valid bool
	if err := db.QueryRow(t.Context(), `SELECT indisvalid FROM pg_index WHERE indexrelid = 'families_subject'::regclass`).Scan(&valid); err != nil || !valid {
		t.Errorf("after the migration the index is valid: %v, %v", valid, err)
	}
}

func identityOfAFamily(t *testing.T, b bench) {
	want := grant.Identity{
		UserID: "usr_john", Subject: "pair_abc", WorkspaceID: "ws_acme", SessionID: "session",
		AuthTime: time.UnixMicro(1_700_000_000_000_001).UTC(),
	}
	c, i := code("app", "ws_acme", 0), fresh()
	if _, err := b.GetPairEpoch(t.Context(), c.UserID, c.ClientID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UserOfSubject(t.Context(), "app", want.Subject); !errors.Is(err, idtoken.ErrInvalid) {
		t.Errorf("an unknown subject: %v", err)
	}
	err := b.Redeem(t.Context(), grant.Redemption{
		CodeHash: i.code, Code: c, Identity: want, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.wantSubject(t, i, want.Subject)
	rotations := make([]grant.Issued, 4)
	for n := range rotations { // one of several at once, so that the batch of PostgreSQL is read too
		next := issued{access: token(), refresh: token()}
		together(2, func(turn int) {
			if turn > 0 {
				_, _ = b.Rotate(t.Context(), grant.Rotation{Predecessor: token(), ClientID: "app", Access: token(), Successor: token(), Lifetimes: lifetimes()})
				return
			}
			l := lifetimes()
			l.RetryWindow = 10 * time.Second
			var err error
			rotations[n], err = b.Rotate(t.Context(), grant.Rotation{
				Predecessor: i.refresh, ClientID: "app", Access: next.access, Successor: next.refresh, Lifetimes: l, Sealed: []byte("sealed"),
			})
			if err != nil {
				t.Error(err)
			}
		})
		if diff := cmp.Diff(want, rotations[n].Identity); diff != "" {
			t.Errorf("rotation %d (-want +got):\n%s", n, diff)
		}
		replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseSubject)
		if diff := cmp.Diff(want, replay.Identity); err != nil || diff != "" {
			t.Errorf("a retry: %v (-want +got):\n%s", err, diff)
		}
		i = next
	}
	if user, err := b.UserOfSubject(t.Context(), "app", want.Subject); err != nil || user != want.UserID {
		t.Errorf("the subject is that of %q, %v", user, err)
	}
	for client, subject := range map[string]string{"other": want.Subject, "app": ""} {
		if _, err := b.UserOfSubject(t.Context(), client, subject); !errors.Is(err, idtoken.ErrInvalid) {
			t.Errorf("the subject %q of %s: %v, want ErrInvalid", subject, client, err)
		}
	}
}

func (b bench) wantSubject(t *testing.T, i issued, want string) {
	t.Helper()
	access, err := b.FindAccess(t.Context(), i.access)
	if err != nil || access.Subject != want || access.UserID != "usr_john" {
		t.Errorf("the access token is of %q, %q, %v", access.Subject, access.UserID, err)
	}
	many, err := b.FindManyAccess(t.Context(), []secret.Hash{i.access})
	if err != nil || many[i.access].Subject != want {
		t.Errorf("in a batch it is of %q, %v", many[i.access].Subject, err)
	}
	refresh, err := b.FindRefresh(t.Context(), i.refresh)
	if err != nil || refresh.Subject != want {
		t.Errorf("the refresh token is of %q, %v", refresh.Subject, err)
	}
}

func withoutIdentity(t *testing.T, b bench) {
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	b.wantSubject(t, i, "")
	got, err := b.Rotate(t.Context(), grant.Rotation{Predecessor: i.refresh, ClientID: "app", Access: token(), Successor: token(), Lifetimes: lifetimes()})
	if diff := cmp.Diff(grant.Identity{UserID: "usr_john", WorkspaceID: "ws_acme"}, got.Identity); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func signingKeys(t *testing.T, b bench) {
	rows, now, err := b.SigningKeys(t.Context())
	if err != nil || len(rows) != 0 || now.IsZero() {
		t.Fatalf("%d keys at %s, %v", len(rows), now, err)
	}
	row := signing.Row{Algorithm: "ES256", KeyID: "first", Public: []byte("{}"), Sealed: []byte("sealed"), ActiveAt: now.Truncate(time.Microsecond)}
	together(8, func(n int) {
		r := row
		r.Generation, r.KeyID = int64(1+n%2), "key"
		if err := b.AddSigningKey(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
	row.Algorithm, row.Generation = "RS256", 1
	for range 2 {
		if err := b.AddSigningKey(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		row.KeyID = "second"
	}
	rows, _, err = b.SigningKeys(t.Context())
	if err != nil || len(rows) != 3 || rows[0].Generation != 1 || rows[1].Generation != 2 || rows[2].Algorithm != "RS256" || rows[2].KeyID != "first" ||
		!rows[2].ActiveAt.Equal(row.ActiveAt) || string(rows[2].Sealed) != "sealed" || string(rows[2].Public) != "{}" {
		t.Fatalf("%+v, %v", rows, err)
	}
	if err := errors.Join(b.EraseSigningKey(t.Context(), "ES256", 1), b.DeleteSigningKey(t.Context(), "ES256", 2)); err != nil {
		t.Fatal(err)
	}
	rows, _, err = b.SigningKeys(t.Context())
	if err != nil || len(rows) != 2 || rows[0].Sealed != nil || rows[1].Sealed == nil {
		t.Errorf("afterwards: %+v, %v", rows, err)
	}
}

func storedSecret(t *testing.T, b bench) {
	kept := make([][]byte, 8)
	together(len(kept), func(n int) {
		var err error
		if kept[n], err = b.StoredSecret(t.Context(), "name", []byte{byte(n)}); err != nil {
			t.Error(err)
		}
	})
	for _, got := range kept {
		if len(got) != 1 || !bytes.Equal(got, kept[0]) {
			t.Errorf("%v, and %v", got, kept[0])
		}
	}
}
