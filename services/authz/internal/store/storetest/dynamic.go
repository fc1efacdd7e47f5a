package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Dynamic tests the clients that registered themselves.
func Dynamic(t *testing.T) {
	t.Run("identical registrations share a client for a while", identicalShare)
	t.Run("a registration and a change of the client it would share exclude each other", joinOrChange)
	t.Run("an initial access token is used as often as it says", usesOfAToken)
	t.Run("no race exceeds the number of users", usersAreCounted)
	t.Run("a registration leaves the operator's clients in memory", separateVersions)
	t.Run("no registration joins a client that is disabled to be deleted", disableOrJoin)
	t.Run("a deletion says whether there may be grants", deletedClients)
	t.Run("every replica reflects a change", dynamicChangesAreSeen)
	t.Run("cleanup deletes what nobody approved, and disables and deletes what nobody uses", dynamicCleanup)
}

// self returns the registration of a public client.
func self(name string, shared bool) dynamic.New {
	c := dynamic.Client{Metadata: dynamic.Metadata{Name: name, AuthMethod: "none"}}
	c.ID, c.Name, c.Type, c.GrantTypes = client.NewDynamicID(), name, client.Public, []string{oauth.AuthorizationCodeGrant}
	c.RedirectURIs, c.Scope = []string{"http://127.0.0.1/a", "http://127.0.0.1/b"}, oauth.Scope{"videos:read"}
	n := dynamic.New{Client: c, Token: newHash(), Window: 24 * time.Hour, Kept: 24 * time.Hour}
	if shared {
		fingerprint := secret.Sum(name)
		n.Fingerprint = &fingerprint
	}
	return n
}

func newHash() secret.Hash { return secret.Sum(secret.Generate(secret.RegistrationToken).Reveal()) }

func add(t *testing.T, s *store.Store, n dynamic.New) dynamic.Client {
	t.Helper()
	added, err := s.AddDynamic(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func identicalShare(t *testing.T) {
	eachLater(t, func(t *testing.T, later func(time.Duration) *store.Store) {
		s := later(0)
		ids := make([]string, 6)
		racetest.Run(len(ids), func(i int) {
			if added, err := s.AddDynamic(t.Context(), self("one", true)); err == nil {
				ids[i] = added.ID
			} else {
				t.Error(err)
			}
		})
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Errorf("identical registrations get %v", ids)
			}
		}
		if other := add(t, s, self("one", false)); other.ID == ids[0] {
			t.Error("a registration without a fingerprint shares a client")
		}
		for limit, want := range map[int]int{1: 1, 10: 2} {
			if n, err := s.CountDynamic(t.Context(), limit); err != nil || n != want {
				t.Errorf("%d clients up to %d, %v; want %d", n, limit, err, want)
			}
		}
		soon := later(23 * time.Hour)
		if again := add(t, soon, self("one", true)); again.ID != ids[0] || !again.Shared {
			t.Errorf("within the day: %+v", again)
		}
		if again := add(t, later(48*time.Hour), self("one", true)); again.ID == ids[0] || again.Shared {
			t.Errorf("a day after the last: %+v", again)
		}
	})
}

func joinOrChange(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i := range 10 {
			first := self(fmt.Sprint(i), true)
			created := add(t, s, first)
			changed := created
			changed.RedirectURIs = []string{"https://evil.test/cb"}
			second := self(fmt.Sprint(i), true)
			var joined dynamic.Client
			var joinErr, changeErr error
			racetest.Run(2, func(n int) {
				if n == 0 {
					joined, joinErr = s.AddDynamic(t.Context(), second)
				} else {
					changeErr = s.ReplaceDynamic(t.Context(), dynamic.Key{ClientID: created.ID, Token: first.Token}, changed, newHash())
				}
			})
			if joinErr != nil || changeErr != nil && !errors.Is(changeErr, dynamic.ErrShared) {
				t.Fatalf("%v, %v", joinErr, changeErr)
			}
			found, err := s.Find(t.Context(), joined.ID)
			if err != nil || found.RedirectURIs[0] != first.Client.RedirectURIs[0] {
				t.Errorf("the second registration got a changed client: %v, %v", found, err)
			}
		}
	})
}

func usesOfAToken(t *testing.T) {
	eachLater(t, func(t *testing.T, later func(time.Duration) *store.Store) {
		s, ctx, hash := later(0), t.Context(), newHash()
		token := dynamic.InitialToken{ID: "iat_a", Name: "Build", Scope: oauth.Scope{"jobs:read"}, UsesLeft: 3}
		if err := s.AddInitialToken(ctx, token, hash, time.Hour); err != nil {
			t.Fatal(err)
		}
		results := make([]error, 8)
		racetest.Run(len(results), func(i int) {
			n := self(fmt.Sprint("token", i), false)
			n.Initial = &hash
			_, results[i] = s.AddDynamic(ctx, n)
		})
		used := 0
		for _, err := range results {
			if err == nil {
				used++
			} else if !errors.Is(err, dynamic.ErrToken) {
				t.Error(err)
			}
		}
		if used != 3 {
			t.Errorf("%d registrations, want 3", used)
		}
		fresh := newHash()
		token.ID = "iat_b"
		if err := s.AddInitialToken(ctx, token, fresh, time.Hour); err != nil {
			t.Fatal(err)
		}
		if p, err := s.FindInitialToken(ctx, fresh); err != nil || !p.Token || p.Scope.String() != "jobs:read" {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := later(2*time.Hour).FindInitialToken(ctx, fresh); !errors.Is(err, dynamic.ErrToken) {
			t.Errorf("an expired token: %v", err)
		}
		if list, err := s.ListInitialTokens(ctx); err != nil || len(list) != 1 || list[0].ID != "iat_b" {
			t.Errorf("%+v, %v", list, err)
		}
		if err := errors.Join(s.RevokeInitialToken(ctx, "iat_b"), s.RevokeInitialToken(ctx, "iat_b")); !errors.Is(err, dynamic.ErrUnknownToken) {
			t.Errorf("a revoked token: %v", err)
		}
	})
}

func usersAreCounted(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		id := add(t, s, self("app", false)).ID
		results := make([]error, 10)
		racetest.Run(len(results), func(i int) {
			results[i] = s.AdmitUser(t.Context(), id, fmt.Sprint("usr_", i), 4, time.Hour)
		})
		admitted := 0
		for i, err := range results {
			switch {
			case err == nil:
				admitted++
				if err := s.AdmitUser(t.Context(), id, fmt.Sprint("usr_", i), 4, time.Hour); err != nil {
					t.Errorf("a user who was admitted: %v", err)
				}
			case !errors.Is(err, dynamic.ErrUsers):
				t.Error(err)
			}
		}
		if admitted != 4 {
			t.Errorf("%d users, want 4", admitted)
		}
		if err := s.AdmitUser(t.Context(), client.NewDynamicID(), "usr_a", 4, time.Hour); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("an unknown client: %v", err)
		}
	})
}

// separateVersions reads the versions, which decide what stays in memory.
func separateVersions(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		before, err := s.Versions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		added := add(t, s, self("app", false))
		if err := errors.Join(s.AdmitUser(t.Context(), added.ID, "usr_a", 0, time.Hour), s.UseDynamic(t.Context(), added.ID, time.Hour)); err != nil {
			t.Fatal(err)
		}
		if after, err := s.Versions(t.Context()); err != nil || after != before {
			t.Errorf("a registration and its use change the versions from %v to %v, %v", before, after, err)
		}
		if err := s.SetClientDisabled(t.Context(), added.ID, true); err != nil {
			t.Fatal(err)
		}
		if after, err := s.Versions(t.Context()); err != nil || after[0] != before[0] || after[1] == before[1] {
			t.Errorf("a change of a client that registered itself changes the versions from %v to %v, %v", before, after, err)
		}
	})
}

func dynamicChangesAreSeen(t *testing.T) {
	replicas(t, func(t *testing.T, one, other *store.Store) {
		ctx, n := t.Context(), self("app", false)
		id := add(t, one, n).ID
		look := func() client.Registration {
			t.Helper()
			found, err := other.Find(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := look(); found.Name != "app" || !found.Unverified || !found.SelfRegistered || len(found.RedirectURIs) != 2 {
			t.Errorf("%+v", found)
		}
		changed, next := n.Client, newHash()
		changed.Name, changed.Type, changed.Secret = "renamed", client.Confidential, newSecret()
		if err := one.ReplaceDynamic(ctx, dynamic.Key{ClientID: id, Token: n.Token}, changed, next); err != nil {
			t.Fatal(err)
		}
		if found := look(); found.Name != "renamed" {
			t.Errorf("%+v", found)
		}
		wantValid(t, other, id, changed.Secret)
		key := josetest.New(t, "ES256", "key")
		changed.Secret, changed.Metadata = nil, dynamic.Metadata{AuthMethod: oauth.PrivateKeyJWT, Keys: josetest.Set(key)}
		changed.KeyAuthentication = client.KeyAuthentication{Method: oauth.PrivateKeyJWT}
		keyed := newHash()
		if err := one.ReplaceDynamic(ctx, dynamic.Key{ClientID: id, Token: next}, changed, keyed); err != nil {
			t.Fatal(err)
		}
		next = keyed
		wantValid(t, other, id)
		record, err := other.Credentials(ctx, id)
		if err != nil || !record.UsesKeys() || len(record.Keys.Valid) != 1 || record.Keys.Valid[0].ID != "key" {
			t.Errorf("a client that replaces its secret with a key: %+v, %v", record, err)
		}
		if err := one.SetClientDisabled(ctx, id, true); err != nil || !look().Disabled {
			t.Errorf("disabling: %v, %+v", err, look())
		}
		if list, err := other.List(ctx, []string{id, "vdo_client_x"}); err != nil || len(list) != 1 || len(list[0].Scope) == 0 {
			t.Errorf("%v, %v", list, err)
		}
		if authorized, err := one.DeleteDynamic(ctx, dynamic.Key{ClientID: id, Token: next}); err != nil || authorized {
			t.Fatal(err)
		}
		if _, err := other.Find(ctx, id); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("a deleted client: %v", err)
		}
	})
}

// disableOrJoin: the client was disabled after a registration had joined it since the check, and stayed so.
func disableOrJoin(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for round := range 30 {
			first, second := self(fmt.Sprint("app", round), true), self(fmt.Sprint("app", round), true)
			add(t, s, first)
			if err := s.AdmitUser(t.Context(), first.Client.ID, "usr_a", 0, time.Hour); err != nil {
				t.Fatal(err)
			}
			var disabled bool
			var joined dynamic.Client
			racetest.Run(2, func(i int) {
				var err error
				if i == 0 {
					disabled, err = s.DisableToDelete(t.Context(), dynamic.Key{ClientID: first.Client.ID, Token: first.Token})
				} else {
					joined, err = s.AddDynamic(t.Context(), second)
				}
				if err != nil {
					t.Error(err)
				}
			})
			if shares := joined.ID == first.Client.ID; shares == disabled || joined.Disabled {
				t.Fatalf("a registration joined: %v, the client was disabled: %v, and is now: %v", shares, disabled, joined.Disabled)
			}
		}
	})
}

func deletedClients(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		approve := func(id string) {
			t.Helper()
			if err := s.AdmitUser(t.Context(), id, "usr_a", 0, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		unused, used, shared := self("unused", false), self("used", false), self("shared", true)
		for _, n := range []dynamic.New{unused, used, shared} {
			add(t, s, n)
		}
		joined := self("shared", true)
		add(t, s, joined)
		approve(used.Client.ID)
		approve(shared.Client.ID)
		for name, row := range map[string]struct {
			key  dynamic.Key
			want bool
		}{
			"one that nobody approved": {dynamic.Key{ClientID: unused.Client.ID, Token: unused.Token}, false},
			"one that a user approved": {dynamic.Key{ClientID: used.Client.ID, Token: used.Token}, true},
			"one that is shared":       {dynamic.Key{ClientID: shared.Client.ID, Token: joined.Token}, false},
		} {
			if _, err := s.DisableToDelete(t.Context(), dynamic.Key{ClientID: row.key.ClientID, Token: newHash()}); !errors.Is(err, dynamic.ErrToken) {
				t.Errorf("%s, with another token: %v", name, err)
			}
			if disabled, err := s.DisableToDelete(t.Context(), row.key); err != nil || disabled != row.want {
				t.Errorf("%s: disabled %v, %v", name, disabled, err)
			}
			if authorized, err := s.DeleteDynamic(t.Context(), row.key); err != nil || authorized != row.want {
				t.Errorf("%s: may have grants %v, %v", name, authorized, err)
			}
		}
		if found, err := s.Find(t.Context(), shared.Client.ID); err != nil || found.Disabled {
			t.Errorf("the shared client: %+v, %v", found, err)
		}
	})
}

// kindsByService returns the kinds of the events about a client that authz caused by itself, the first one first.
func kindsByService(t *testing.T, db *sqldb.DB, id string) []string {
	t.Helper()
	const text = `SELECT kind FROM events WHERE client_id = $1 AND actor_kind = 4 AND actor_id = 'authz' ORDER BY cursor`
	kinds, err := sqldb.List(t.Context(), db, sqldb.Read("reading events", text, id), func(row sqldb.Row, kind *string) error { return row.Scan(kind) })
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

func dynamicCleanup(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		const day = 24 * time.Hour
		db, ctx := reopen(0), t.Context()
		s, later := store.New(db), func(passed time.Duration) *store.Store { return store.New(reopen(passed)) }
		abandoned, used := add(t, s, self("abandoned", false)).ID, add(t, s, self("used", false)).ID
		if err := s.AdmitUser(ctx, used, "usr_a", 0, 90*day); err != nil {
			t.Fatal(err)
		}
		state := func(s *store.Store, id string) string {
			found, err := s.Find(ctx, id)
			switch {
			case errors.Is(err, client.ErrUnknown):
				return "deleted"
			case err != nil:
				return err.Error()
			case found.Disabled:
				return "disabled"
			}
			return "enabled"
		}
		for _, step := range []struct {
			after           time.Duration
			abandoned, used string
		}{{day / 2, "enabled", "enabled"}, {2 * day, "deleted", "enabled"}, {91 * day, "deleted", "disabled"}, {122 * day, "deleted", "deleted"}} {
			moved := later(step.after)
			if _, _, err := moved.CleanUpDynamic(ctx, 30*day); err != nil {
				t.Fatal(err)
			}
			if a, u := state(moved, abandoned), state(moved, used); a != step.abandoned || u != step.used {
				t.Errorf("after %s: %s and %s, want %s and %s", step.after, a, u, step.abandoned, step.used)
			}
		}
		for id, want := range map[string][]string{abandoned: nil, used: {"client.disabled", "client.registration_deleted"}} {
			if got := kindsByService(t, db, id); !slices.Equal(got, want) {
				t.Errorf("the cleanup of %s has the events %v, want %v", id, got, want)
			}
		}
	})
}
