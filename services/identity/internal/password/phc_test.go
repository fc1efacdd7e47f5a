package password_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/password"
)

const (
	salt = "MDEyMzQ1Njc4OWFiY2RlZg"                      // 16 bytes
	key  = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" // 32 bytes
)

func malformed() map[string]string {
	return map[string]string{
		"nothing":              "",
		"the password itself":  "examplepassword",
		"argon2i":              "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"argon2d":              "$argon2d$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"bcrypt":               "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"no version":           "$argon2id$m=19456,t=2,p=1$" + salt + "$" + key,
		"version 16":           "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key,
		"no dollar":            "argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"text behind":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "$",
		"a line behind":        "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "\n",
		"another order":        "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + key,
		"one more parameter":   "$argon2id$v=19$m=19456,t=2,p=1,data=eA$" + salt + "$" + key,
		"a zero in front":      "$argon2id$v=19$m=019456,t=2,p=1$" + salt + "$" + key,
		"a sign":               "$argon2id$v=19$m=19456,t=+2,p=1$" + salt + "$" + key,
		"a negative number":    "$argon2id$v=19$m=19456,t=-2,p=1$" + salt + "$" + key,
		"hexadecimal":          "$argon2id$v=19$m=0x4c00,t=2,p=1$" + salt + "$" + key,
		"padding":              "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "==$" + key,
		"base64url":            "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("_", 22) + "$" + key,
		"loose bits":           "$argon2id$v=19$m=19456,t=2,p=1$" + salt[:21] + "h$" + key,
		"a break in the salt":  "$argon2id$v=19$m=19456,t=2,p=1$" + salt[:4] + "\n" + salt[4:] + "$" + key,
		"little memory":        "$argon2id$v=19$m=7167,t=2,p=1$" + salt + "$" + key,
		"much memory":          "$argon2id$v=19$m=131073,t=2,p=1$" + salt + "$" + key,
		"memory beyond 32 bit": "$argon2id$v=19$m=4294986752,t=2,p=1$" + salt + "$" + key,
		"no pass":              "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
		"many passes":          "$argon2id$v=19$m=19456,t=9,p=1$" + salt + "$" + key,
		"no lane":              "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
		"many lanes":           "$argon2id$v=19$m=19456,t=2,p=5$" + salt + "$" + key,
		"lanes beyond 8 bit":   "$argon2id$v=19$m=19456,t=2,p=257$" + salt + "$" + key,
		"a short salt":         "$argon2id$v=19$m=19456,t=2,p=1$" + salt[:20] + "$" + key,
		"no salt":              "$argon2id$v=19$m=19456,t=2,p=1$$" + key,
		"no key":               "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"a long key":           "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("a", 88),
		"endless":              "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("a", 1<<20),
	}
}

func TestAStringOutsideTheFormOrTheBoundsIsRefusedUncomputed(t *testing.T) {
	h := password.New(password.Config{Concurrency: 1, Derive: func(_, _ []byte, p password.Parameters, size uint32) []byte {
		t.Errorf("computed with %+v", p)
		return make([]byte, size)
	}})
	for name, phc := range malformed() {
		if _, err := password.Parse(phc); !errors.Is(err, password.ErrMalformed) {
			t.Errorf("%s: Parse gives %v", name, err)
		}
		if phc == "" {
			continue // an account without a password
		}
		if ok, _, err := h.Verify(t.Context(), secret.New(phc), secret.New("x")); ok || !errors.Is(err, password.ErrMalformed) {
			t.Errorf("%s: Verify gives %v, %v", name, ok, err)
		}
	}
}

func TestAStringWithinTheBoundsIsRead(t *testing.T) {
	for _, cost := range []string{"m=7168,t=1,p=1", "m=19456,t=2,p=1", "m=131072,t=8,p=4"} {
		phc := "$argon2id$v=19$" + cost + "$" + salt + "$" + key
		if e, err := password.Parse(phc); err != nil || e.PHC() != phc || string(e.Salt) != "0123456789abcdef" {
			t.Errorf("%s: %+v, %v", cost, e, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, phc := range malformed() {
		f.Add(phc)
	}
	f.Add(referenceHash)
	f.Fuzz(func(t *testing.T, phc string) {
		e, err := password.Parse(phc)
		if err != nil {
			if !errors.Is(err, password.ErrMalformed) || e.Key != nil {
				t.Errorf("%q: %+v, %v", phc, e, err)
			}
			return
		}
		if e.PHC() != phc {
			t.Errorf("%q is read as %q", phc, e.PHC())
		}
		if e.Memory > 131072 || e.Time > 8 || e.Threads > 4 || e.Threads == 0 || e.Time == 0 || len(e.Key) < 16 || len(e.Salt) < 16 {
			t.Errorf("%q is out of bounds", phc)
		}
	})
}
