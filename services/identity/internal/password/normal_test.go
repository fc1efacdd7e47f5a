package password_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/password"
)

// counting returns a Hasher that counts its computations.
func counting() (*password.Hasher, *atomic.Int32) {
	n := &atomic.Int32{}
	return password.New(password.Config{Concurrency: 2, Derive: func(clear, salt []byte, _ password.Parameters, size uint32) []byte {
		n.Add(1)
		return argon2.IDKey(clear, salt, 1, 64, 1, size)
	}}), n
}

func TestFault_A14_OnePasswordIsRightFromEveryKeyboard(t *testing.T) {
	h, _ := counting()
	for set, typed := range map[string][]string{
		"p\u00e4ss w\u00f6rd":  {"pa\u0308ss wo\u0308rd", "p\u00e4ss\u00a0w\u00f6rd", "p\u00e4ss\u3000w\u00f6rd"},
		"pa\u0308ss":           {"p\u00e4ss"},
		"\ud55c\uae00":         {"\u1112\u1161\u11ab\u1100\u1173\u11af"},
		"\u212bngstr\u00f6m":   {"\u00c5ngstro\u0308m", "A\u030angstr\u00f6m"},
		"\u039d\u03c2 \u0131I": {"\u039d\u03c2\u2003\u0131I"},
	} {
		stored, err := h.Hash(t.Context(), secret.New(set))
		if err != nil {
			t.Fatalf("%+q: %v", set, err)
		}
		for _, other := range append(typed, set) {
			if right, stale, err := h.Verify(t.Context(), stored, secret.New(other)); !right || stale || err != nil {
				t.Errorf("set as %+q, typed as %+q: %v, %v, %v", set, other, right, stale, err)
			}
		}
	}
}

func TestFault_A14_CaseAndWidthOfAPasswordCount(t *testing.T) {
	h, _ := counting()
	stored, err := h.Hash(t.Context(), secret.New("Stra\u00dfe 1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"stra\u00dfe 1", "Strasse 1", "Stra\u00dfe1", "Stra\u00dfe \uff11", "Stra\u00dfe 1 "} {
		if right, _, err := h.Verify(t.Context(), stored, secret.New(other)); right || err != nil {
			t.Errorf("%+q: %v, %v", other, right, err)
		}
	}
}

// asTyped returns a hash as release 0.1 computed it.
func asTyped(clear string) secret.String {
	e := password.Encoded{Parameters: password.Recommended(), Salt: []byte("0123456789abcdef")}
	e.Key = argon2.IDKey([]byte(clear), e.Salt, 1, 64, 1, 32)
	return secret.New(e.PHC())
}

func TestFault_A14_APasswordOfRelease01GoesOnBeingRight(t *testing.T) {
	h, n := counting()
	for _, row := range []struct {
		set, typed   string
		right, stale bool
		computations int32
	}{
		{"plain", "plain", true, false, 1},
		{"plain", "wrong", false, false, 1},
		{"p\u00e4ss", "p\u00e4ss", true, false, 1},
		{"p\u00e4ss", "pa\u0308ss", true, false, 1}, // release 0.1 composed it too
		{"pa\u0308ss", "pa\u0308ss", true, true, 2},
		{"pa\u0308ss", "p\u00e4ss", false, false, 1}, // until it was typed once as it was set
		{"pa\u0308ss", "po\u0308ss", false, false, 2},
		{"\u2764\ufe0f\x01", "\u2764\ufe0f\x01", true, false, 1}, // it could not be set today
		{"no\u00a0break", "no\u00a0break", true, true, 2},
	} {
		n.Store(0)
		right, stale, err := h.Verify(t.Context(), asTyped(row.set), secret.New(row.typed))
		if right != row.right || stale != row.stale || err != nil || n.Load() != row.computations {
			t.Errorf("set as %+q, typed as %+q: right %v, stale %v, %v after %d computations, want %+v",
				row.set, row.typed, right, stale, err, n.Load(), row)
		}
	}
}

func TestFault_A14_AnUnknownAccountTakesTheSameWork(t *testing.T) {
	h, n := counting()
	for _, typed := range []string{"plain", "pa\u0308ss", strings.Repeat("a\u0308", 999)} {
		n.Store(0)
		_, _, _ = h.Verify(t.Context(), asTyped("another"), secret.New(typed))
		some := n.Swap(0)
		if right, _, err := h.Verify(t.Context(), secret.String{}, secret.New(typed)); right || err != nil || n.Load() != some {
			t.Errorf("%+.9q: %v, %v, %d computations without an account and %d with one", typed, right, err, n.Load(), some)
		}
	}
}

func TestFault_A14_CharactersMissingOnSomeKeyboardsCannotBeSet(t *testing.T) {
	h, _ := counting()
	for clear, want := range map[string]error{
		"bell\x07":                     password.ErrCharacters,
		"line\nbreak":                  password.ErrCharacters,
		"zero\u200bwidth":              password.ErrCharacters,
		"":                             password.ErrUnusable,
		strings.Repeat("\u00e4", 513):  password.ErrUnusable,
		strings.Repeat("\u0958", 341):  password.ErrUnusable, // longer when composed
		strings.Repeat("a\u0308", 341): nil,
	} {
		if _, err := h.Hash(t.Context(), secret.New(clear)); !errors.Is(err, want) {
			t.Errorf("%+.12q: %v, want %v", clear, err, want)
		}
	}
}
