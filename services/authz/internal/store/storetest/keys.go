package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Keys tests the keys of clients that authenticate with private_key_jwt.
func Keys(t *testing.T) {
	t.Run("a client comes back with its keys", keysComeBack)
	t.Run("a client with secrets has keys instead, and secrets again", keysReplaceSecrets)
	t.Run("a key expires", keyExpires)
	t.Run("of many keys that are added at once two are registered", twoKeys)
	t.Run("of two keys that are removed at once one stays", oneKeyStays)
	t.Run("a use is recorded and changes no client", keyUse)
	t.Run("events have the ends and the thumbprints of keys", keyEvents)
}

// keyEvents: both engines have bytes and times as text in their own way.
func keyEvents(t *testing.T) {
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		s, key := store.New(db), newKey(t, "one key")
		public, err := jose.ParseKey(key.JWK)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CreateClient(t.Context(), withKeys(), nil, key); err != nil {
			t.Fatal(err)
		}
		day := 24 * time.Hour
		if err := s.UpdateClientKey(t.Context(), client.KeyChange{ClientID: Example().ID, KeyID: key.ID, Lifetime: &day}); err != nil {
			t.Fatal(err)
		}
		for kind, want := range map[string]string{
			"client.created":     `"key_thumbprints","after":"one key ` + public.Thumbprint() + `"`,
			"client.key_updated": `"key_ends","after":"one key 20`,
		} {
			var changes string
			err := db.QueryRow(t.Context(), `SELECT changes FROM events WHERE kind = $1`, kind).Scan(&changes)
			if err != nil || !strings.Contains(changes, want) {
				t.Errorf("%s has %s, want %s (%v)", kind, changes, want, err)
			}
		}
	})
}

// withKeys returns a client with registered keys.
func withKeys() client.Registration {
	registration := Example()
	registration.Method, registration.Algorithm = oauth.PrivateKeyJWT, "ES256"
	return registration
}

func newKey(t *testing.T, id string) client.Key {
	t.Helper()
	public, err := jose.ParseKey([]byte(josetest.New(t, "ES256", id).JWK()))
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.NewKey(public, "the name of "+id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// validKeys returns the identifiers of the keys with which the client can authenticate now.
func validKeys(t *testing.T, s *store.Store) (ids []string) {
	t.Helper()
	record, err := s.Credentials(t.Context(), Example().ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range record.Keys.Valid {
		ids = append(ids, key.ID)
	}
	return ids
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func keysComeBack(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		one, two := newKey(t, "one"), newKey(t, "two")
		must(t, s.CreateClient(t.Context(), withKeys(), nil, one, two))
		found, err := s.FindClient(t.Context(), Example().ID)
		must(t, err)
		if diff := cmp.Diff(withKeys().KeyAuthentication, found.KeyAuthentication); diff != "" || len(found.Keys) != 2 {
			t.Fatalf("%d keys, and the method (-registered +read):\n%s", len(found.Keys), diff)
		}
		slices.SortFunc(found.Keys, func(a, b client.Key) int { return strings.Compare(a.ID, b.ID) })
		for i, want := range []client.Key{one, two} {
			got := found.Keys[i]
			if got.ID != want.ID || got.Name != want.Name || string(got.JWK) != string(want.JWK) || got.CreatedAt.IsZero() ||
				!got.ExpiresAt.IsZero() || !got.LastUsedAt.IsZero() {
				t.Errorf("the key came back as %+v", got)
			}
		}
		if got := validKeys(t, s); len(got) != 2 {
			t.Errorf("the keys %v are valid", got)
		}
		published := Native()
		published.ID, published.Type, published.Method, published.URI = "vdo_client_published", client.Confidential, oauth.PrivateKeyJWT, "https://a.test/keys"
		must(t, s.CreateClient(t.Context(), published, nil))
		record, err := s.Credentials(t.Context(), published.ID)
		if err != nil || record.URI != published.URI || !record.UsesKeys() {
			t.Errorf("%+v, %v", record, err)
		}
		for what, err := range map[string]error{
			"a key of a client that publishes them": s.AddClientKey(t.Context(), published.ID, one),
			"a third key":                           s.AddClientKey(t.Context(), Example().ID, newKey(t, "three")),
		} {
			if !errors.Is(err, client.ErrTooManyKeys) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func keysReplaceSecrets(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		must(t, s.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, Keys: []client.Key{newKey(t, "one")}}))
		wantValid(t, s, Example().ID)
		if err := s.RotateClientSecret(t.Context(), client.Rotation{ClientID: Example().ID, Secret: *newSecret()}); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("a secret beside a key: %v", err)
		}
		wantValid(t, s, Example().ID)
		must(t, s.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, Keys: []client.Key{newKey(t, "two")}}))
		if got := validKeys(t, s); len(got) != 1 || got[0] != "two" {
			t.Errorf("after a replacement the keys are %v", got)
		}
		algorithm := "ES256"
		must(t, s.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, JWKSURI: "https://a.test/keys", SigningAlgorithm: &algorithm}))
		record, err := s.Credentials(t.Context(), Example().ID)
		if want := (client.KeyAuthentication{Method: oauth.PrivateKeyJWT, Algorithm: "ES256", URI: "https://a.test/keys"}); err != nil || record.KeyAuthentication != want || len(record.Keys.Valid) != 0 {
			t.Errorf("%+v, %v", record, err)
		}
		again := newSecret()
		must(t, s.RotateClientSecret(t.Context(), client.Rotation{ClientID: Example().ID, Secret: *again, ReplaceKeys: true}))
		wantValid(t, s, Example().ID, again)
		record, err = s.Credentials(t.Context(), Example().ID)
		if err != nil || record.KeyAuthentication != (client.KeyAuthentication{}) || len(record.Keys.Valid) != 0 {
			t.Errorf("with a secret again: %+v, %v", record, err)
		}
	})
}

func keyExpires(t *testing.T) {
	eachLater(t, func(t *testing.T, later func(time.Duration) *store.Store) {
		s, hour := later(0), time.Hour
		old := newKey(t, "old")
		must(t, s.CreateClient(t.Context(), withKeys(), nil, old, newKey(t, "new")))
		must(t, s.UpdateClientKey(t.Context(), client.KeyChange{ClientID: Example().ID, KeyID: "old", Lifetime: &hour}))
		if got := validKeys(t, s); len(got) != 2 {
			t.Errorf("before the expiry the keys are %v", got)
		}
		s = later(hour)
		record, err := s.Credentials(t.Context(), Example().ID)
		if err != nil || len(record.Keys.Valid) != 1 || len(record.Keys.Expired) != 1 || record.Keys.Expired[0].ID != "old" {
			t.Errorf("after the expiry: %+v, %v", record.Keys, err)
		}
		if err := s.RemoveClientKey(t.Context(), Example().ID, "new"); !errors.Is(err, client.ErrUnknownKey) {
			t.Errorf("the last valid key is removed: %v", err)
		}
		must(t, s.AddClientKey(t.Context(), Example().ID, newKey(t, "third"))) // in the place of the expired one
		name, forever := "renamed", time.Duration(0)
		must(t, s.UpdateClientKey(t.Context(), client.KeyChange{ClientID: Example().ID, KeyID: "third", Name: &name, Lifetime: &hour}))
		must(t, s.UpdateClientKey(t.Context(), client.KeyChange{ClientID: Example().ID, KeyID: "third", Lifetime: &forever}))
		found, err := s.FindClient(t.Context(), Example().ID)
		if err != nil || len(found.Keys) != 2 || found.Keys[0].Name != name || !found.Keys[0].ExpiresAt.IsZero() {
			t.Errorf("%+v, %v", found.Keys, err)
		}
		must(t, s.UpdateClientKey(t.Context(), client.KeyChange{ClientID: Example().ID, KeyID: "new", Lifetime: &hour}))
		s = later(2 * hour)
		must(t, s.CleanUp(t.Context()))
		record, err = s.Credentials(t.Context(), Example().ID)
		if err != nil || len(record.Keys.Valid) != 1 || len(record.Keys.Expired) != 0 {
			t.Errorf("after a cleanup: %+v, %v", record.Keys, err)
		}
	})
}

func twoKeys(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		must(t, s.CreateClient(t.Context(), withKeys(), nil, newKey(t, "first")))
		keys := make([]client.Key, racers)
		for i := range keys {
			keys[i] = newKey(t, fmt.Sprintf("key-%d", i))
		}
		var added atomic.Int64
		racetest.Run(racers, func(i int) {
			switch err := s.AddClientKey(t.Context(), Example().ID, keys[i]); {
			case err == nil:
				added.Add(1)
			case !errors.Is(err, client.ErrTooManyKeys):
				t.Errorf("AddClientKey: %v", err)
			}
		})
		if got := validKeys(t, s); added.Load() != 1 || len(got) != 2 {
			t.Errorf("%d keys were added, and %v are valid", added.Load(), got)
		}
	})
}

func oneKeyStays(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for range 10 {
			must(t, s.Replace(t.Context(), withKeys(), nil))
			must(t, s.AddClientKey(t.Context(), Example().ID, newKey(t, "0")))
			must(t, s.AddClientKey(t.Context(), Example().ID, newKey(t, "1")))
			racetest.Run(2, func(i int) {
				if err := s.RemoveClientKey(t.Context(), Example().ID, fmt.Sprint(i)); err != nil && !errors.Is(err, client.ErrUnknownKey) {
					t.Errorf("RemoveClientKey: %v", err)
				}
			})
			if got := validKeys(t, s); len(got) != 1 {
				t.Fatalf("the keys %v are left", got)
			}
		}
		if err := s.RemoveClientKey(t.Context(), "vdo_client_nope", "0"); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("an unknown client: %v", err)
		}
		if err := s.AddClientKey(t.Context(), Example().ID, newKey(t, validKeys(t, s)[0])); !errors.Is(err, client.ErrExists) {
			t.Errorf("a kid twice: %v", err)
		}
	})
}

func keyUse(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		s := store.New(db)
		version := func() (n int64) {
			must(t, db.QueryRow(t.Context(), `SELECT version FROM client_version`).Scan(&n))
			return n
		}
		must(t, s.CreateClient(t.Context(), withKeys(), nil, newKey(t, "one")))
		before := version()
		for range 2 {
			must(t, s.TouchKey(t.Context(), Example().ID, "one"))
		}
		must(t, s.TouchKey(t.Context(), "vdo_client_nope", "one"))
		if after := version(); after != before {
			t.Errorf("a use raises the version of the clients from %d to %d", before, after)
		}
		found, err := s.FindClient(t.Context(), Example().ID)
		if err != nil || len(found.Keys) != 1 || found.Keys[0].LastUsedAt.Before(found.Keys[0].CreatedAt) {
			t.Errorf("%+v, %v", found.Keys, err)
		}
		must(t, s.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, JWKSURI: "https://a.test/keys"}))
		must(t, s.TouchKey(t.Context(), Example().ID, "published"))
		found, err = s.FindClient(t.Context(), Example().ID)
		if err != nil || len(found.Keys) != 1 || found.Keys[0].ID != "published" || found.Keys[0].LastUsedAt.IsZero() || found.Keys[0].JWK != nil {
			t.Errorf("of published keys: %+v, %v", found.Keys, err)
		}
		s = store.New(reopen(91 * 24 * time.Hour))
		must(t, s.CleanUp(t.Context()))
		found, err = s.FindClient(t.Context(), Example().ID)
		if err != nil || len(found.Keys) != 0 {
			t.Errorf("after 91 days: %+v, %v", found.Keys, err)
		}
	})
}
