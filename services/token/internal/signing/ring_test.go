package signing_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/seal"
	"github.com/vidocu/usher/services/token/internal/signing"
)

// memory is a store whose clock the test drives.
type memory struct {
	mu   sync.Mutex
	rows []signing.Row
	kept map[string][]byte
	at   time.Time
}

func newMemory() *memory {
	return &memory{kept: map[string][]byte{}, at: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (m *memory) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *memory) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.at.Add(d)
}

func (m *memory) SigningKeys(context.Context) ([]signing.Row, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.rows), m.at, nil
}

func (m *memory) AddSigningKey(_ context.Context, row signing.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.rows, func(r signing.Row) bool { return r.Algorithm == row.Algorithm && r.Generation == row.Generation }) {
		return nil
	}
	m.rows = append(m.rows, row)
	slices.SortFunc(m.rows, func(a, b signing.Row) int {
		if a.Algorithm != b.Algorithm {
			return map[bool]int{true: -1, false: 1}[a.Algorithm < b.Algorithm]
		}
		return int(a.Generation - b.Generation)
	})
	return nil
}

func (m *memory) EraseSigningKey(_ context.Context, algorithm string, generation int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range m.rows {
		if r.Algorithm == algorithm && r.Generation == generation {
			m.rows[i].Sealed = nil
		}
	}
	return nil
}

func (m *memory) DeleteSigningKey(_ context.Context, algorithm string, generation int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = slices.DeleteFunc(m.rows, func(r signing.Row) bool { return r.Algorithm == algorithm && r.Generation == generation })
	return nil
}

func (m *memory) ResealSigningKey(_ context.Context, row signing.Row, sealed []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range m.rows {
		if r.Algorithm == row.Algorithm && r.Generation == row.Generation && bytes.Equal(r.Sealed, row.Sealed) {
			m.rows[i].Sealed = sealed
		}
	}
	return nil
}

func (m *memory) ResealSecret(_ context.Context, name string, before, after []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if bytes.Equal(m.kept[name], before) {
		m.kept[name] = after
	}
	return nil
}

func (m *memory) StoredSecret(_ context.Context, name string, sealed []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept[name] == nil {
		m.kept[name] = sealed
	}
	return m.kept[name], nil
}

func box() seal.Box { return seal.NewBox(secret.New(firstKey), secret.String{}) }

const (
	firstKey  = "0123456789abcdef0123456789abcdef"
	secondKey = "another key, another key, another key"
)

const lifetime = 96 * time.Hour

func ring(t *testing.T, m *memory) *signing.Ring {
	t.Helper()
	r, err := signing.Open(t.Context(), signing.Config{Store: m, Box: box(), Lifetime: lifetime, Now: m.now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// known reports whether one of the keys has the kid of a token.
func known(t *testing.T, text string, keys []jose.Key) bool {
	t.Helper()
	token, err := jose.ParseToken(text, 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	return len(token.Candidates(keys)) == 1
}

// verifies reports whether one of the keys signed a token.
func verifies(t *testing.T, text string, keys []jose.Key) bool {
	t.Helper()
	token, err := jose.ParseToken(text, 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(token.Candidates(keys), func(k jose.Key) bool {
		_, err := token.Verify(k)
		return err == nil
	})
}

// TestN10_1_NoVerificationFailsInARotation: two replicas rotate for a month, of which the second reads the
// keys up to two hours late. A verifier caches the keys for a day, and verifies tokens until they expire an hour
// after they were signed.
func TestN10_1_NoVerificationFailsInARotation(t *testing.T) {
	m := newMemory()
	one, two := ring(t, m), ring(t, m)
	type signed struct {
		text string
		at   time.Time
	}
	var tokens []signed
	cached, cachedAt := one.Published(), m.now()
	seen := map[string]bool{}
	for step := range 30 * 24 {
		m.advance(time.Hour)
		if err := one.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if step%2 == 0 { // every other hour
			if err := two.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range []*signing.Ring{one, two} {
			text, err := r.Sign(oauth.IDTokenAlgorithms()[step%2], "JWT", map[string]int{"n": step})
			if err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			tokens = append(tokens, signed{text, m.now()})
			token, _ := jose.ParseToken(text, 4<<10)
			seen[token.KeyID] = true
		}
		tokens = slices.DeleteFunc(tokens, func(s signed) bool { return m.now().Sub(s.at) > time.Hour })
		if m.now().Sub(cachedAt) > signing.CacheLimit {
			cached, cachedAt = two.Published(), m.now()
		}
		for _, s := range tokens {
			if !known(t, s.text, cached) {
				t.Fatalf("step %d: keys cached %s ago verify no token of %s ago", step, m.now().Sub(cachedAt), m.now().Sub(s.at))
			}
			if !known(t, s.text, one.Published()) {
				t.Fatalf("step %d: the present keys verify no token of %s ago", step, m.now().Sub(s.at))
			}
		}
	}
	if rotations := len(seen); rotations < 14 {
		t.Errorf("%d keys have signed in a month, each for four days", rotations)
	}
	if published := len(one.Published()); published > 6 {
		t.Errorf("%d keys are published", published)
	}
	for _, r := range m.rows {
		if m.now().Sub(r.ActiveAt) > 2*lifetime && r.Sealed != nil {
			t.Errorf("the private key %d of %s is still stored", r.Generation, r.Algorithm)
		}
	}
}

// TestN10_1_OneKeyWinsOnConcurrentReplicas: replicas that start or rotate at once sign with the same key.
func TestN10_1_OneKeyWinsOnConcurrentReplicas(t *testing.T) {
	m := newMemory()
	rings := make([]*signing.Ring, 4)
	var all sync.WaitGroup
	for i := range rings {
		all.Go(func() { rings[i] = ring(t, m) })
	}
	all.Wait()
	if len(m.rows) != len(oauth.IDTokenAlgorithms()) {
		t.Fatalf("%d keys are stored", len(m.rows))
	}
	for _, r := range rings {
		text, err := r.Sign("RS256", "JWT", struct{}{})
		if err != nil || !verifies(t, text, rings[0].Published()) {
			t.Errorf("another replica does not verify: %v", err)
		}
	}
}

// TestN10_1_AnotherEncryptionKeyDoesNotStart: instead of signing with new keys that no verifier expects.
func TestN10_1_AnotherEncryptionKeyDoesNotStart(t *testing.T) {
	m := newMemory()
	ring(t, m)
	other := seal.NewBox(secret.New(secondKey), secret.String{})
	_, err := signing.Open(t.Context(), signing.Config{Store: m, Box: other, Lifetime: lifetime, Now: m.now, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Error("a ring opens with another key")
	}
	if _, err := signing.OpenSubjects(t.Context(), m, box()); err != nil {
		t.Fatal(err)
	}
	if _, err := signing.OpenSubjects(t.Context(), m, other); err == nil {
		t.Error("the subjects open with another key")
	}
}

// TestN10_5_APairwiseSubjectIsOneForAUserAndASector: on each replica, and no other.
func TestN10_5_APairwiseSubjectIsOneForAUserAndASector(t *testing.T) {
	m := newMemory()
	one, err := signing.OpenSubjects(t.Context(), m, box())
	if err != nil {
		t.Fatal(err)
	}
	two, err := signing.OpenSubjects(t.Context(), m, box())
	if err != nil {
		t.Fatal(err)
	}
	sub := one.Pairwise("a.example", "usr_john")
	if sub != two.Pairwise("a.example", "usr_john") || len(sub) > 255 {
		t.Errorf("the subject is %q, and on another replica another one", sub)
	}
	for _, other := range []string{one.Pairwise("b.example", "usr_john"), one.Pairwise("a.example", "usr_jane"), one.Pairwise("a.exampleusr", "_john")} {
		if sub == other {
			t.Errorf("two users or sectors share the subject %q", sub)
		}
	}
}

// TestN10_1_TheEncryptionKeyIsReplaced in three steps, each a rolling one: the new key is known, the new key
// encrypts, the old key is gone. Replicas of two neighbouring steps sign and verify side by side, and no
// subject changes.
func TestN10_1_TheEncryptionKeyIsReplaced(t *testing.T) {
	m := newMemory()
	first, second := secret.New(firstKey), secret.New(secondKey)
	open := func(box seal.Box) (*signing.Ring, string) {
		t.Helper()
		r, err := signing.Open(t.Context(), signing.Config{Store: m, Box: box, Lifetime: lifetime, Now: m.now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		subjects, err := signing.OpenSubjects(t.Context(), m, box)
		if err != nil {
			t.Fatal(err)
		}
		return r, subjects.Pairwise("a.example", "usr_john")
	}
	before, sub := open(seal.NewBox(first, secret.String{}))
	for step, box := range []seal.Box{seal.NewBox(first, second), seal.NewBox(second, first), seal.NewBox(second, secret.String{})} {
		after, same := open(box)
		text, err := after.Sign("RS256", "JWT", struct{}{})
		if err != nil || !verifies(t, text, before.Published()) || same != sub {
			t.Fatalf("step %d: another key signs, or another subject is known: %v", step+1, err)
		}
		if err := before.Refresh(t.Context()); err != nil { // a replica of the previous step
			t.Errorf("step %d: a replica of the step before: %v", step+1, err)
		}
		before = after
	}
	m.advance(lifetime)
	if err := before.Rotate(t.Context()); err != nil {
		t.Errorf("the next rotation: %v", err)
	}
}
