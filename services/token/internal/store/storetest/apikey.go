package storetest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// APIKeys checks the keys of workspaces.
func APIKeys(t *testing.T) {
	t.Run("a key is found by its hash and listed without it", func(t *testing.T) { each(t, keyFacts) })
	t.Run("a list is a workspace's, newest first, revoked ones too", func(t *testing.T) { each(t, keyList) })
	t.Run("a revoked key is dead, logged once, and revoked again in peace", func(t *testing.T) { each(t, keyRevoked) })
	t.Run("a first key is made once", func(t *testing.T) { each(t, firstKey) })
	t.Run("use is recorded once a minute", keyUse)
	keyLimits(t)
	t.Run("of many revocations of a key one is logged", func(t *testing.T) { each(t, keyRace) })
}

func newKey(id, workspace string) apikey.New {
	return apikey.New{ID: id, Hash: token(), WorkspaceID: workspace, Name: "Render farm", LastFour: "9xYz"}
}

func (b bench) mustCreate(t *testing.T, key apikey.New) {
	t.Helper()
	created, err := b.CreateKey(t.Context(), key, 0)
	if err != nil || time.Since(created.CreatedAt).Abs() > time.Minute || !created.Live {
		t.Fatalf("creating %s: %+v, error %v", key.ID, created, err)
	}
}

func (b bench) liveKey(t *testing.T, hash secret.Hash) bool {
	t.Helper()
	_, err := b.FindKey(t.Context(), hash)
	if err != nil && !errors.Is(err, introspect.ErrInactive) {
		t.Fatalf("looking a key up: %v", err)
	}
	return err == nil
}

func keyFacts(t *testing.T, b bench) {
	key := newKey("key_1", "ws_acme")
	b.mustCreate(t, key)
	got, err := b.FindKey(t.Context(), key.Hash)
	if err != nil {
		t.Fatal(err)
	}
	want := introspect.Facts{
		Kind: enforce.APIKey, KeyID: "key_1", WorkspaceID: "ws_acme", IssuedAt: got.IssuedAt, LongUnused: true,
	}
	if diff := cmp.Diff(want, got); diff != "" || time.Since(got.IssuedAt).Abs() > time.Minute {
		t.Errorf("issued at %s (-want +got):\n%s", got.IssuedAt, diff)
	}
	if b.liveKey(t, token()) {
		t.Error("a hash that was never stored is a key")
	}
	if _, err := b.FindAccess(t.Context(), key.Hash); !errors.Is(err, introspect.ErrInactive) {
		t.Errorf("a key is an access token: %v", err)
	}
	if _, err := b.CreateKey(t.Context(), apikey.New{ID: "key_2", Hash: key.Hash, WorkspaceID: "ws_doe", Name: "x", LastFour: "9xYz"}, 0); err == nil {
		t.Error("one key opens two workspaces")
	}
}

func keyList(t *testing.T, b bench) {
	for _, id := range []string{"key_1", "key_2", "key_3"} {
		b.mustCreate(t, newKey(id, "ws_acme"))
	}
	b.mustCreate(t, newKey("key_4", "ws_doe"))
	if err := b.RevokeKey(t.Context(), "", "key_2"); err != nil {
		t.Fatal(err)
	}
	list, err := b.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range list {
		ids = append(ids, k.ID)
		if revoked := !k.RevokedAt.IsZero(); revoked != (k.ID == "key_2") || !k.LastUsedAt.IsZero() {
			t.Errorf("%s: revoked at %s, last used at %s", k.ID, k.RevokedAt, k.LastUsedAt)
		}
		if k.Name != "Render farm" || k.LastFour != "9xYz" || k.WorkspaceID != "ws_acme" || k.CreatedAt.IsZero() {
			t.Errorf("a key reads %+v", k)
		}
	}
	if diff := cmp.Diff([]string{"key_3", "key_2", "key_1"}, ids); diff != "" {
		t.Error(diff)
	}
	if none, err := b.ListKeys(t.Context(), "ws_none", apikey.Key{}, 100); err != nil || len(none) > 0 {
		t.Errorf("a workspace without keys lists %v, %v", none, err)
	}
}

func keyRevoked(t *testing.T, b bench) {
	key, other := newKey("key_1", "ws_acme"), newKey("key_2", "ws_acme")
	b.mustCreate(t, key)
	b.mustCreate(t, other)
	for range 2 {
		if err := b.RevokeKey(t.Context(), "", "key_1"); err != nil {
			t.Fatal(err)
		}
	}
	if b.liveKey(t, key.Hash) || !b.liveKey(t, other.Hash) {
		t.Error("the wrong key ended")
	}
	if err := b.RevokeKey(t.Context(), "", "key_3"); !errors.Is(err, apikey.ErrUnknown) {
		t.Errorf("revoking what never was: %v", err)
	}
	entries, err := b.RevocationLog.EntriesAfter(t.Context(), 0, 10)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the log has %d entries (%v), want 1", len(entries), err)
	}
	want := revlog.Entry{
		Cursor: 1, Revocation: revocation.Revocation{Kind: revocation.Token, TokenHash: key.Hash.Bytes()},
		Reason: revlog.ReasonKeyRevoked, RevokedAt: entries[0].RevokedAt, Age: entries[0].Age,
	}
	if diff := cmp.Diff(want, entries[0]); diff != "" {
		t.Error(diff)
	}
}

func firstKey(t *testing.T, b bench) {
	for i, want := range []bool{true, false} {
		created, err := b.CreateFirstKey(t.Context(), newKey(apikey.DevelopmentID, "ws_acme"))
		if err != nil || created != want {
			t.Errorf("the %d. time: %v, %v", i+1, created, err)
		}
	}
	b.mustCreate(t, newKey("key_1", "ws_doe"))
	if err := b.RevokeKey(t.Context(), "", "key_1"); err != nil {
		t.Fatal(err)
	}
	if created, err := b.CreateFirstKey(t.Context(), newKey("key_2", "ws_doe")); err != nil || created {
		t.Errorf("a workspace whose key was revoked gets another: %v, %v", created, err)
	}
	for id, want := range map[string]bool{apikey.DevelopmentID: true, "key_1": true, "key_2": false} {
		if got, err := b.KeyExists(t.Context(), id); err != nil || got != want {
			t.Errorf("%s exists: %v, %v", id, got, err)
		}
	}
}

// keyUse opens the same database again with its clock moved.
func keyUse(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		key := newKey("key_1", "ws_acme")
		now.mustCreate(t, key)
		var last time.Time
		for _, step := range []struct {
			after time.Duration
			fresh bool
		}{{0, true}, {30 * time.Second, false}, {90 * time.Second, true}} {
			later := bench{Store: store.New(reopen(step.after), noReplicas{})}
			if facts, err := later.FindKey(t.Context(), key.Hash); err != nil || facts.LongUnused != step.fresh {
				t.Errorf("after %s it is long unused: %v (%v)", step.after, facts.LongUnused, err)
			}
			if err := later.TouchKey(t.Context(), []byte("key_1")); err != nil {
				t.Fatal(err)
			}
			list, err := later.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 100)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d keys (%v)", len(list), err)
			}
			if moved := list[0].LastUsedAt.After(last); moved != step.fresh {
				t.Errorf("after %s the last use was written: %v", step.after, moved)
			}
			last = list[0].LastUsedAt
		}
	})
}

func keyRace(t *testing.T, b bench) {
	b.mustCreate(t, newKey("key_1", "ws_acme"))
	var failed atomic.Int32
	together(20, func(int) {
		if err := b.RevokeKey(t.Context(), "", "key_1"); err != nil {
			failed.Add(1)
		}
	})
	entries, err := b.RevocationLog.EntriesAfter(t.Context(), 0, 30)
	if err != nil || len(entries) != 1 || failed.Load() > 0 {
		t.Errorf("%d entries (%v), %d failures, want one entry", len(entries), err, failed.Load())
	}
}
