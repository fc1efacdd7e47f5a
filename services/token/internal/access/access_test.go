package access_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/access"
	"github.com/vidocu/usher/services/token/internal/accesstest"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// TestWireContract6_TheScopeMatrix: security case 75, cell by cell.
func TestWireContract6_TheScopeMatrix(t *testing.T) {
	rules := catalog.Default().Rules
	accesstest.Each(t, func(t *testing.T, tokens accesstest.Tokens, c accesstest.Cell) {
		d := access.Decider{Tokens: tokens, Rules: rules}
		identity, denial, err := d.Decide(t.Context(), access.Request{Token: "token", Sent: true, Method: c.Method, Path: c.Path})
		if err != nil {
			t.Fatal(err)
		}
		if c.Status == 0 {
			want := enforce.Identity{
				Kind: enforce.AccessToken, Subject: c.Facts.UserID, ClientID: c.Facts.ClientID, WorkspaceID: c.Facts.WorkspaceID, Scope: c.Facts.Scope,
			}
			if c.Facts.Kind == introspect.APIKey {
				want = enforce.Identity{Kind: enforce.APIKey, Subject: c.Facts.KeyID, WorkspaceID: c.Facts.WorkspaceID}
			}
			if denial != nil || identity != want {
				t.Errorf("%s: %v %+v, want it passed on as %+v", c.Name, denial, identity, want)
			}
			return
		}
		want := enforce.Denial{Status: c.Status, Code: c.Code, Message: c.Message, Challenge: c.Challenge}
		if denial == nil || *denial != want || identity != (enforce.Identity{}) {
			t.Errorf("%s: %+v, want %+v", c.Name, denial, want)
		}
	})
}

func TestWireContract6_TheTokenIsJudgedBeforeThePath(t *testing.T) {
	d := access.Decider{Tokens: accesstest.Tokens{}, Rules: catalog.Default().Rules}
	for _, row := range []struct {
		request   access.Request
		challenge string
	}{
		{access.Request{Method: "GET", Path: "/nowhere"}, "Bearer"},
		{access.Request{Sent: true, Method: "GET", Path: "/nowhere"}, `Bearer error="invalid_token"`},
		{access.Request{Token: "dead", Sent: true, Method: "GET", Path: "/nowhere"}, `Bearer error="invalid_token"`},
	} {
		_, denial, err := d.Decide(t.Context(), row.request)
		if err != nil || denial == nil || denial.Status != 401 || denial.Challenge != row.challenge {
			t.Errorf("%+v: %v, %v, want 401 with %s", row.request, denial, err, row.challenge)
		}
	}
}

// world is what a Lookup stands on; it counts what it was asked.
type world struct {
	keys  map[secret.Hash]introspect.Facts
	down  error
	found int
	used  []string
}

func (*world) Access(context.Context, string) (introspect.Facts, error) {
	return introspect.Facts{}, introspect.ErrInactive
}

func (w *world) FindKey(_ context.Context, key secret.Hash) (introspect.Facts, error) {
	w.found++
	facts, ok := w.keys[key]
	if !ok {
		return introspect.Facts{}, introspect.ErrInactive
	}
	return facts, nil
}

func (w *world) Used(id []byte) { w.used = append(w.used, string(id)) }

func (w *world) Plan(_ context.Context, workspaceID string) (string, error) {
	return map[string]string{"ws_acme": "pro"}[workspaceID], w.down
}

func TestAKeyIsLookedUpOnlyIfItCanBeOne(t *testing.T) {
	key := secret.Generate(secret.APIKey).Reveal()
	w := &world{keys: map[secret.Hash]introspect.Facts{
		secret.Sum(key): {Kind: introspect.APIKey, KeyID: "key_1", WorkspaceID: "ws_acme", LongUnused: true},
	}}
	l := access.Lookup{AccessTokens: w, Keys: w, KeyUses: w, Plans: w}
	for _, credential := range []string{"vdo_live_", key[:len(key)-1], key + "x", "vdo_live_" + key} {
		if _, err := l.Live(t.Context(), credential); !errors.Is(err, introspect.ErrInactive) || w.found > 0 {
			t.Errorf("what cannot be a key: %v, %d look-ups", err, w.found)
		}
	}
	facts, err := l.Live(t.Context(), key)
	if err != nil || facts.Plan != "pro" || facts.KeyID != "key_1" || len(w.used) != 1 || w.used[0] != "key_1" {
		t.Errorf("a key: %+v, %v, uses %v", facts, err, w.used)
	}
	w.down = errors.New("identity is away")
	if _, err := l.Live(t.Context(), key); err == nil || errors.Is(err, introspect.ErrInactive) {
		t.Errorf("a plan that cannot be known: %v", err)
	}
}

func BenchmarkDecide(b *testing.B) {
	d := access.Decider{Tokens: accesstest.Tokens{"token": {
		Kind: introspect.AccessToken, UserID: "usr_1", ClientID: "app", WorkspaceID: "ws_1", Scope: "videos:read export:write", Plan: "pro",
	}}, Rules: catalog.Default().Rules}
	b.ReportAllocs()
	for b.Loop() {
		if _, denial, err := d.Decide(b.Context(), access.Request{Token: "token", Method: "POST", Path: "/v1/videos/vid_1/export"}); denial != nil || err != nil {
			b.Fatal(denial, err)
		}
	}
}
