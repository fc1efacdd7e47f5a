package introspect_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

var errDown = errors.New("the store is down")

// world is a store of one access and one refresh token of the client "app", and a recorder of uses.
type world struct {
	access, refresh string
	facts           introspect.Facts
	down            error
	lookups         []string
	used            []string
}

func newWorld() *world {
	issued := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	return &world{
		access:  secret.Generate(secret.AccessToken).Reveal(),
		refresh: secret.Generate(secret.RefreshToken).Reveal(),
		facts: introspect.Facts{
			Kind: enforce.AccessToken, Family: []byte("family"), UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme", DisplayName: "John Doe",
			Scope: "videos:read analyze:write", IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
		},
	}
}

func (w *world) introspector() introspect.Introspector {
	return introspect.Introspector{Store: w, Uses: w}
}

func (w *world) FindAccess(_ context.Context, token secret.Hash) (introspect.Facts, error) {
	return w.find("access", token, w.access)
}

func (w *world) FindManyAccess(ctx context.Context, tokens []secret.Hash) (map[secret.Hash]introspect.Facts, error) {
	found := make(map[secret.Hash]introspect.Facts)
	for _, token := range tokens {
		facts, err := w.find("many", token, w.access)
		if err == nil {
			found[token] = facts
		} else if !errors.Is(err, introspect.ErrInactive) {
			return nil, err
		}
	}
	return found, nil
}

func (w *world) FindRefresh(_ context.Context, token secret.Hash) (introspect.Facts, error) {
	return w.find("refresh", token, w.refresh)
}

func (w *world) find(kind string, token secret.Hash, held string) (introspect.Facts, error) {
	w.lookups = append(w.lookups, kind)
	if w.down != nil {
		return introspect.Facts{}, w.down
	}
	if token != secret.Sum(held) {
		return introspect.Facts{}, introspect.ErrInactive
	}
	return w.facts, nil
}

func (w *world) Used(family []byte) { w.used = append(w.used, string(family)) }

func TestALiveAccessTokenTellsItsFacts(t *testing.T) {
	w := newWorld()
	got, err := w.introspector().Bearer(t.Context(), w.access, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.facts, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// notTokens are strings that no store ever held: by their form, not by a look-up.
func (w *world) notTokens() map[string]string {
	last := len(w.access) - 1
	flip := func(s string) string {
		if s[last] == '0' {
			return s[:last] + "1"
		}
		return s[:last] + "0"
	}
	return map[string]string{
		"empty": "", "nonsense": "nonsense", "only a prefix": "vdo_oat_",
		"access token, wrong checksum": flip(w.access), "refresh token, wrong checksum": flip(w.refresh),
		"access token cut": w.access[:last], "access token and more": w.access + "0",
		"space": " " + w.access, "scheme": "Bearer " + w.access,
		"client secret": secret.Generate(secret.ClientSecret).Reveal(),
	}
}

func TestWireContract3_WhatIsNoTokenIsInactiveWithoutALookUp(t *testing.T) {
	w := newWorld()
	w.down = errDown // even then
	for name, text := range w.notTokens() {
		if _, err := w.introspector().Bearer(t.Context(), text, 0); !errors.Is(err, introspect.ErrInactive) {
			t.Errorf("%s: %v, want ErrInactive", name, err)
		}
		for _, server := range []bool{false, true} {
			if _, err := w.introspector().ForClient(t.Context(), "app", server, text); !errors.Is(err, introspect.ErrInactive) {
				t.Errorf("%s for a client: %v, want ErrInactive", name, err)
			}
		}
	}
	if len(w.lookups) != 0 {
		t.Errorf("look-ups %v", w.lookups)
	}
}

// TestWireContract4_3_KindsAreToldApart: a refresh token is no bearer's token, and an API key is
// inactive over HTTP.
func TestWireContract4_3_KindsAreToldApart(t *testing.T) {
	w := newWorld()
	key := secret.Generate(secret.APIKey).Reveal()
	if _, err := w.introspector().Bearer(t.Context(), w.refresh, 0); !errors.Is(err, introspect.ErrInactive) || len(w.lookups) != 0 {
		t.Errorf("a refresh token as a bearer's: %v after look-ups %v", err, w.lookups)
	}
	if _, err := w.introspector().ForClient(t.Context(), "app", false, key); !errors.Is(err, introspect.ErrInactive) || len(w.lookups) != 0 {
		t.Errorf("an API key over HTTP: %v after look-ups %v", err, w.lookups)
	}
	for token, refresh := range map[string]bool{w.access: false, w.refresh: true} {
		got, err := w.introspector().ForClient(t.Context(), "app", false, token)
		if err != nil || (got.Kind == enforce.RefreshToken) != refresh {
			t.Errorf("kind=%v, %v: want refresh=%v", got.Kind, err, refresh)
		}
	}
	if len(w.lookups) != 2 {
		t.Errorf("look-ups %v, want one a token", w.lookups)
	}
}

func TestWireContract4_3_WhoMaySeeAToken(t *testing.T) {
	w := newWorld()
	unknown := secret.Generate(secret.AccessToken).Reveal()
	for _, row := range []struct {
		name   string
		client string
		server bool
		token  string
		seen   bool
	}{
		{"an app its own access token", "app", false, w.access, true},
		{"an app its own refresh token", "app", false, w.refresh, true},
		{"an app another's access token", "other", false, w.access, false},
		{"an app another's refresh token", "other", false, w.refresh, false},
		{"a resource server every access token", "server", true, w.access, true},
		{"a resource server another's refresh token", "server", true, w.refresh, false},
		{"a resource server its own refresh token", "app", true, w.refresh, true},
		{"a nameless caller", "", false, w.access, false},
		{"an app what does not exist", "app", false, unknown, false},
		{"a resource server what does not exist", "server", true, unknown, false},
	} {
		got, err := w.introspector().ForClient(t.Context(), row.client, row.server, row.token)
		want := w.facts
		if row.token == w.refresh {
			want.Kind = enforce.RefreshToken
		}
		switch {
		case row.seen && err != nil:
			t.Errorf("%s: %v, want the facts", row.name, err)
		case row.seen && !cmp.Equal(got, want):
			t.Errorf("%s: other facts than the store's", row.name)
		case !row.seen && !errors.Is(err, introspect.ErrInactive):
			t.Errorf("%s: %v, want ErrInactive", row.name, err)
		}
	}
}

func TestAUseIsHeardOnlyWhenTheLastIsLongAgo(t *testing.T) {
	w := newWorld()
	see := func(token string) {
		if _, err := w.introspector().ForClient(t.Context(), "app", false, token); err != nil {
			t.Fatal(err)
		}
	}
	see(w.access)
	if len(w.used) != 0 {
		t.Errorf("uses %v although the last was recorded just now", w.used)
	}
	w.facts.LongUnused = true
	see(w.access)
	if _, err := w.introspector().Bearer(t.Context(), w.access, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"family", "family"}, w.used); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
}

func TestAnOutageIsNeitherInactiveNorAUse(t *testing.T) {
	w := newWorld()
	w.down, w.facts.LongUnused = errDown, true
	if _, err := w.introspector().Bearer(t.Context(), w.access, 0); !errors.Is(err, errDown) || errors.Is(err, introspect.ErrInactive) {
		t.Errorf("Bearer: %v, want the outage", err)
	}
	for _, token := range []string{w.access, w.refresh} {
		for _, id := range []string{"app", "other"} {
			_, err := w.introspector().ForClient(t.Context(), id, false, token)
			if !errors.Is(err, errDown) || errors.Is(err, introspect.ErrInactive) {
				t.Errorf("ForClient: %v, want the outage", err)
			}
		}
	}
	w.down = introspect.ErrInactive
	_, err := w.introspector().Bearer(t.Context(), w.access, 0)
	if !errors.Is(err, introspect.ErrInactive) || len(w.used) != 0 {
		t.Errorf("a dead token: %v, uses %v", err, w.used)
	}
}

// plans has a cached plan and the plan that identity returns now.
type plans struct{ remembered, now string }

func (p plans) Plan(context.Context, string) (string, error)  { return p.remembered, nil }
func (p plans) Fresh(context.Context, string) (string, error) { return p.now, nil }

// staleness is a feed whose lease has expired.
type staleness bool

func (d staleness) Snapshot(int64) feed.Snapshot { return feed.Snapshot{Trusted: !bool(d)} }

func TestAPlanFromBeforeAnEntryIsNotTold(t *testing.T) {
	w := newWorld()
	for doubted, want := range map[bool]string{false: "pro", true: "free"} {
		i := w.introspector()
		i.Plans, i.Freshness = plans{remembered: "pro", now: "free"}, staleness(doubted)
		facts, err := i.Bearer(t.Context(), w.access, 7)
		if err != nil || facts.Plan != want {
			t.Errorf("doubted %t: the plan is %q %v, want %q", doubted, facts.Plan, err, want)
		}
	}
}
