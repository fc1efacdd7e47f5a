package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"

	"github.com/vidocu/usher/internal/platform/secret"
)

// MaxLength is the longest password that may be right, in bytes.
const MaxLength = 1024

// ErrBusy says that as many wait already as may: this one would wait for longer than anybody's patience.
var ErrBusy = errors.New("too many passwords are being checked, try again shortly")

// ErrUnusable is a password that may not be set: it is empty or longer than MaxLength.
var ErrUnusable = errors.New("password is empty or longer than 1024 bytes")

// ErrCharacters is a password that may not be set, though it may be right where it was set before: it has characters that RFC 8265
// refuses, since they are written in several ways or not on every keyboard.
var ErrCharacters = errors.New("password has control characters or invisible ones")

// Derive computes size bytes from a password and a salt.
type Derive func(password []byte, salt []byte, p Parameters, size uint32) []byte

// Config is what a Hasher needs.
type Config struct {
	// Concurrency is how many computations run at once, at least 1; the others wait.
	Concurrency int
	// Waiting is how many may wait at once; 0 is 32 for each that runs, which take about a second.
	Waiting int
	// Derive is for tests; nil is argon2id.
	Derive Derive
}

// defaultWaiting is how many may wait for each that runs. A computation takes some 30 ms of a core.
const defaultWaiting = 32

// Hasher computes passwords. Its methods may be called concurrently; while they wait for their turn they end with the
// context. When too many wait they fail with ErrBusy at once: a line that outlives its callers would only burn cores.
type Hasher struct {
	// line holds everybody who runs or waits, and slots those who run.
	line   chan struct{}
	slots  chan struct{}
	derive Derive
}

// New makes a hasher.
func New(c Config) *Hasher {
	if c.Derive == nil {
		c.Derive = argon2id
	}
	running := max(c.Concurrency, 1)
	if c.Waiting <= 0 {
		c.Waiting = defaultWaiting * running
	}
	return &Hasher{line: make(chan struct{}, running+c.Waiting), slots: make(chan struct{}, running), derive: c.Derive}
}

// Running is how many computations run.
func (h *Hasher) Running() int { return len(h.slots) }

// Waiting is how many wait for their turn.
func (h *Hasher) Waiting() int { return max(len(h.line)-len(h.slots), 0) }

func argon2id(password []byte, salt []byte, p Parameters, size uint32) []byte {
	return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, size)
}

// Hash turns a new password into a PHC string of its normalised form with a fresh salt. It fails with ErrUnusable, with
// ErrCharacters, with ErrBusy or with the context's error.
func (h *Hasher) Hash(ctx context.Context, password secret.String) (secret.String, error) {
	prepared, err := settable(password.Reveal())
	if err != nil {
		return secret.String{}, err
	}
	e := Encoded{Parameters: Recommended(), Salt: make([]byte, saltLength), Key: make([]byte, keyLength)}
	if _, err := rand.Read(e.Salt); err != nil {
		return secret.String{}, fmt.Errorf("drawing a salt: %w", err)
	}
	if e.Key, err = h.compute(ctx, prepared, e); err != nil {
		return secret.String{}, err
	}
	return secret.New(e.PHC()), nil
}

// Verify reports whether a password is the one that a PHC string was made of, and whether the string is stale: release 0.1 made it of
// the password as it was typed, which has another normalised form. Such a password costs a second computation, for every account and
// for none alike. An empty string stands for an account that nobody can sign in to: it takes the same work, and no password is right.
// So does a password longer than MaxLength. It fails with ErrMalformed for any other string that Hash did not make, with ErrBusy, or
// with the context's error.
func (h *Hasher) Verify(ctx context.Context, stored, presented secret.String) (right, stale bool, err error) {
	e := nobody()
	if !stored.IsZero() {
		if e, err = Parse(stored.Reveal()); err != nil {
			return false, false, err
		}
	}
	typed := presented.Reveal()
	usable := !stored.IsZero() && len(typed) <= MaxLength
	typed = typed[:min(len(typed), MaxLength)]
	prepared := normal(typed)
	right, err = h.matches(ctx, prepared, e)
	if right || err != nil || prepared == typed {
		return right && usable, false, err
	}
	right, err = h.matches(ctx, typed, e)
	return right && usable, right && usable, err
}

func (h *Hasher) matches(ctx context.Context, password string, e Encoded) (bool, error) {
	key, err := h.compute(ctx, password, e)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, e.Key) == 1, nil
}

// nobody costs what a string of Hash costs.
func nobody() Encoded {
	return Encoded{Parameters: Recommended(), Salt: make([]byte, saltLength), Key: make([]byte, keyLength)}
}

// compute waits for its turn. A caller that has gone by then is not worth the work.
func (h *Hasher) compute(ctx context.Context, password string, e Encoded) ([]byte, error) {
	select {
	case h.line <- struct{}{}:
		defer func() { <-h.line }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to compute a password: %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("waiting to compute a password: %w", err)
	}
	return h.derive([]byte(password), e.Salt, e.Parameters, uint32(len(e.Key))), nil
}
