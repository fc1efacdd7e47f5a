package storetest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// keyLimits checks what restricts a key, and the rotation of keys.
func keyLimits(t *testing.T) {
	t.Run("a restricted key has its limits, and release 0.1 does not find its workspace", func(t *testing.T) { each(t, restrictedKey) })
	t.Run("a key ends at its expiry", keyExpiry)
	t.Run("a rotated key ends after the overlap", keyRotation)
	t.Run("of many rotations of a key one succeeds", func(t *testing.T) { each(t, rotationRace) })
	t.Run("a key is one of its workspace", func(t *testing.T) { each(t, keyOfWorkspace) })
	t.Run("keys are listed a page at a time", func(t *testing.T) { each(t, keyPages) })
	t.Run("a workspace has so many live keys", func(t *testing.T) { each(t, fullWorkspace) })
	t.Run("a rotation with an overlap counts both keys", func(t *testing.T) { each(t, fullRotation) })
	t.Run("of many creations and rotations the limit admits one", func(t *testing.T) { each(t, fullRace) })
}

func networks(t *testing.T, list ...string) enforce.Addresses {
	t.Helper()
	all, err := enforce.ParseAddresses(list)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func restrictedKey(t *testing.T, b bench) {
	key := newKey("key_1", "ws_acme")
	key.Limits = apikey.Limits{Scopes: oauth.Scope{"videos:read", "jobs:read"}, Addresses: networks(t, "203.0.113.0/24", "2001:db8::1")}
	key.Creator = oauth.NamedUser{UserID: "usr_john", Name: "John Doe"}
	b.mustCreate(t, key)
	got, err := b.FindKey(t.Context(), key.Hash)
	if err != nil || got.Kind != enforce.RestrictedAPIKey || got.WorkspaceID != "ws_acme" || got.Scope != "videos:read jobs:read" {
		t.Errorf("the key is %+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"203.0.113.0/24", "2001:db8::1/128"}, got.Addresses.Strings()); diff != "" {
		t.Error(diff)
	}
	list, err := b.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 10)
	if err != nil || len(list) != 1 || list[0].Creator != key.Creator || list[0].WorkspaceID != "ws_acme" || !list[0].Live || len(list[0].Scopes) != 2 {
		t.Errorf("the list has %+v, %v", list, err)
	}
	var stored string
	if err := b.db.QueryRow(t.Context(), `SELECT workspace_id FROM api_keys WHERE id = 'key_1'`).Scan(&stored); err != nil || stored == "ws_acme" {
		t.Errorf("release 0.1 reads the workspace %q, %v", stored, err)
	}
}

func keyExpiry(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		key := newKey("key_1", "ws_acme")
		key.Lifetime = time.Hour
		now.mustCreate(t, key)
		facts, err := now.FindKey(t.Context(), key.Hash)
		if err != nil || facts.Kind != enforce.APIKey || facts.Left > time.Hour || facts.Left < 59*time.Minute || facts.ExpiresAt.IsZero() {
			t.Errorf("the key is %+v, %v", facts, err)
		}
		later := bench{Store: store.New(reopen(61*time.Minute), noReplicas{})}
		if later.liveKey(t, key.Hash) {
			t.Error("an expired key is live")
		}
		list, err := later.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 10)
		if err != nil || len(list) != 1 || list[0].Live || !list[0].RevokedAt.IsZero() {
			t.Errorf("the list has %+v, %v", list, err)
		}
		if _, _, err := later.RotateKey(t.Context(), successor("key_2", "key_1", time.Hour)); !errors.Is(err, apikey.ErrUnknown) {
			t.Errorf("rotating an expired key: %v", err)
		}
	})
}

// successor is a key that replaces another one of Acme.
func successor(id, replaces string, overlap time.Duration) apikey.Successor {
	return apikey.Successor{ID: id, Hash: token(), LastFour: "AbCd", Replaces: replaces, WorkspaceID: "ws_acme", Overlap: overlap}
}

func keyRotation(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		key := newKey("key_1", "ws_acme")
		key.Limits, key.Lifetime = apikey.Limits{Scopes: oauth.Scope{"videos:read"}, Addresses: networks(t, "10.0.0.0/8")}, 10*24*time.Hour
		now.mustCreate(t, key)
		next := successor("key_2", "key_1", time.Hour)
		created, replaced, err := now.RotateKey(t.Context(), next)
		if err != nil || created.Name != key.Name || len(created.Scopes) != 1 || len(created.Addresses) != 1 || created.WorkspaceID != "ws_acme" {
			t.Fatalf("created %+v, %v", created, err)
		}
		if left := time.Until(created.ExpiresAt); left < 239*time.Hour || left > 241*time.Hour {
			t.Errorf("the new key expires in %s, want 10 days", left)
		}
		if left := time.Until(replaced.ExpiresAt); replaced.SuccessorID != "key_2" || !replaced.Live || left > time.Hour || left < 59*time.Minute {
			t.Errorf("replaced %+v, which expires in %s", replaced, left)
		}
		if !now.liveKey(t, key.Hash) || !now.liveKey(t, next.Hash) {
			t.Error("during the overlap one of the keys is dead")
		}
		now.wantLog(t, []logged{{revocation.Token, revlog.ReasonKeyRotated}})
		later := bench{Store: store.New(reopen(61*time.Minute), noReplicas{})}
		if later.liveKey(t, key.Hash) || !later.liveKey(t, next.Hash) {
			t.Error("after the overlap the wrong key is live")
		}
		if _, _, err := now.RotateKey(t.Context(), successor("key_3", "key_1", 0)); !errors.Is(err, apikey.ErrUnknown) {
			t.Errorf("rotating a replaced key: %v", err)
		}
		last := successor("key_4", "key_2", 0)
		if _, replaced, err = now.RotateKey(t.Context(), last); err != nil || replaced.Live || replaced.RevokedAt.IsZero() {
			t.Errorf("without an overlap: %+v, %v", replaced, err)
		}
		if now.liveKey(t, next.Hash) || !now.liveKey(t, last.Hash) {
			t.Error("without an overlap the wrong key is live")
		}
	})
}

func rotationRace(t *testing.T, b bench) {
	b.mustCreate(t, newKey("key_1", "ws_acme"))
	var succeeded atomic.Int32
	together(20, func(i int) {
		_, _, err := b.RotateKey(t.Context(), successor("key_next_"+string(rune('a'+i)), "key_1", time.Hour))
		switch {
		case err == nil:
			succeeded.Add(1)
		case !errors.Is(err, apikey.ErrUnknown):
			t.Errorf("rotating: %v", err)
		}
	})
	list, err := b.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 100)
	if err != nil || succeeded.Load() != 1 || len(list) != 2 {
		t.Errorf("%d rotations succeeded, and there are %d keys, %v", succeeded.Load(), len(list), err)
	}
}

func keyOfWorkspace(t *testing.T, b bench) {
	key := newKey("key_1", "ws_acme")
	key.Lifetime = time.Hour
	b.mustCreate(t, key)
	if err := b.RevokeKey(t.Context(), "ws_doe", "key_1"); !errors.Is(err, apikey.ErrUnknown) {
		t.Errorf("revoking a key of another workspace: %v", err)
	}
	other := successor("key_2", "key_1", time.Hour)
	other.WorkspaceID = "ws_doe"
	if _, _, err := b.RotateKey(t.Context(), other); !errors.Is(err, apikey.ErrUnknown) {
		t.Errorf("rotating a key of another workspace: %v", err)
	}
	if !b.liveKey(t, key.Hash) {
		t.Error("another workspace ended the key")
	}
	for range 2 {
		if err := b.RevokeKey(t.Context(), "ws_acme", "key_1"); err != nil {
			t.Errorf("revoking a key of the workspace: %v", err)
		}
	}
	if b.liveKey(t, key.Hash) {
		t.Error("the key outlives its revocation")
	}
}

func keyPages(t *testing.T, b bench) {
	want := map[string]bool{}
	for _, id := range []string{"key_1", "key_2", "key_3", "key_4", "key_5"} {
		key := newKey(id, "ws_acme")
		if id > "key_3" {
			key.Lifetime = time.Hour
		}
		b.mustCreate(t, key)
		want[id] = true
	}
	var last apikey.Key
	for range 3 {
		page, err := b.ListKeys(t.Context(), "ws_acme", last, 2)
		if err != nil || len(page) == 0 {
			t.Fatalf("%d keys, %v", len(page), err)
		}
		for _, k := range page {
			if !want[k.ID] {
				t.Errorf("%s is listed twice", k.ID)
			}
			delete(want, k.ID)
		}
		last = page[len(page)-1]
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
}

func fullWorkspace(t *testing.T, b bench) {
	limited := newKey("key_2", "ws_acme")
	limited.Lifetime = time.Hour
	for _, key := range []apikey.New{newKey("key_1", "ws_acme"), limited} {
		if _, err := b.CreateKey(t.Context(), key, 2); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.CreateKey(t.Context(), newKey("key_3", "ws_acme"), 2); !errors.Is(err, apikey.ErrFull) {
		t.Errorf("a third key: %v", err)
	}
	if _, err := b.CreateKey(t.Context(), newKey("key_4", "ws_doe"), 2); err != nil {
		t.Errorf("another workspace: %v", err)
	}
	if err := b.RevokeKey(t.Context(), "", "key_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateKey(t.Context(), newKey("key_5", "ws_acme"), 2); err != nil {
		t.Errorf("after a revocation: %v", err)
	}
	if _, err := b.FindKey(t.Context(), token()); !errors.Is(err, introspect.ErrInactive) {
		t.Errorf("an unknown key: %v", err)
	}
}

func fullRotation(t *testing.T, b bench) {
	for _, id := range []string{"key_1", "key_2"} {
		b.mustCreate(t, newKey(id, "ws_acme"))
	}
	next := successor("key_3", "key_1", time.Hour)
	next.MaxLive = 2
	if _, _, err := b.RotateKey(t.Context(), next); !errors.Is(err, apikey.ErrFull) {
		t.Errorf("a rotation with an overlap: %v", err)
	}
	if list, err := b.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 10); err != nil || len(list) != 2 || list[1].SuccessorID != "" {
		t.Errorf("the refused rotation left %+v, %v", list, err)
	}
	next.Overlap = 0
	if _, _, err := b.RotateKey(t.Context(), next); err != nil {
		t.Errorf("a rotation without an overlap: %v", err)
	}
}

func fullRace(t *testing.T, b bench) {
	const limit, racers = 5, 16
	for i := range limit - 1 {
		b.mustCreate(t, newKey("key_"+string(rune('a'+i)), "ws_acme"))
	}
	var succeeded atomic.Int32
	together(racers, func(i int) {
		id := "key_next_" + string(rune('a'+i))
		var err error
		if i < limit-1 {
			next := successor(id, "key_"+string(rune('a'+i)), time.Hour)
			next.MaxLive = limit
			_, _, err = b.RotateKey(t.Context(), next)
		} else {
			_, err = b.CreateKey(t.Context(), newKey(id, "ws_acme"), limit)
		}
		switch {
		case err == nil:
			succeeded.Add(1)
		case !errors.Is(err, apikey.ErrFull):
			t.Errorf("racing: %v", err)
		}
	})
	if n := succeeded.Load(); n != 1 {
		t.Errorf("%d of %d succeeded, want 1", n, racers)
	}
}
