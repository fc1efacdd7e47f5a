package signing_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/services/token/internal/signing"
)

// signingKey returns the identifier of the key that signs now.
func signingKey(t *testing.T, r *signing.Ring) string {
	t.Helper()
	text, err := r.Sign("ES256", "JWT", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.ParseToken(text, 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	return token.KeyID
}

// TestN10_1_AKeySignsUntilItsSuccessorDoes, to the second, also on a replica that has not read the keys since the
// successor was published.
func TestN10_1_AKeySignsUntilItsSuccessorDoes(t *testing.T) {
	m := newMemory()
	one, two := ring(t, m), ring(t, m)
	first := signingKey(t, one)
	m.advance(lifetime - signing.Lead)
	if err := one.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := two.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		first bool
	}{{0, true}, {signing.Lead - time.Second, true}, {time.Second, false}} {
		m.advance(step.after)
		for replica, r := range []*signing.Ring{one, two} {
			if got := signingKey(t, r); (got == first) != step.first {
				t.Errorf("replica %d, %s after the last step: the first key signs is %t", replica+1, step.after, got == first)
			}
		}
	}
}

// TestN10_1_AnIDTokenComesBackLongAfterItsKeySigned: as an id_token_hint, for more than a year after verifiers
// have stopped to see the key. No rotation ran for long before, so that the successor had to be published first.
func TestN10_1_AnIDTokenComesBackLongAfterItsKeySigned(t *testing.T) {
	const day = 24 * time.Hour
	m := newMemory()
	r := ring(t, m)
	first := signingKey(t, r)
	text, err := r.Sign("ES256", "JWT", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after                        time.Duration
		signs, published, comingBack bool
	}{
		{10 * lifetime, true, true, true},
		{signing.Lead, false, true, true},
		{399 * day, false, false, true},
		{2 * day, false, false, false},
	} {
		m.advance(step.after)
		if err := r.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := signingKey(t, r) == first; got != step.signs {
			t.Errorf("%s after the last step it signs: %t", step.after, got)
		}
		if got := verifies(t, text, r.Published()); got != step.published {
			t.Errorf("%s after the last step it is published: %t", step.after, got)
		}
		if got := verifies(t, text, r.Verifying()); got != step.comingBack {
			t.Errorf("%s after the last step its tokens verify: %t", step.after, got)
		}
		stored := slices.ContainsFunc(m.rows, func(row signing.Row) bool { return row.KeyID == first })
		if stored != step.comingBack {
			t.Errorf("%s after the last step it is stored: %t", step.after, stored)
		}
	}
}

// TestN10_1_APublicKeyOfAnotherPairDoesNotStart: its tokens would verify nowhere.
func TestN10_1_APublicKeyOfAnotherPairDoesNotStart(t *testing.T) {
	m, other := newMemory(), newMemory()
	ring(t, m)
	ring(t, other)
	m.rows[0].Public = other.rows[0].Public
	if _, err := signing.Open(t.Context(), signing.Config{
		Store: m, Box: box(), Lifetime: lifetime, Now: m.now, Logger: slog.New(slog.DiscardHandler),
	}); err == nil {
		t.Error("a ring opens with the public key of another pair")
	}
}
