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

// Hash turns a new password into a PHC string with a fresh salt. It fails with ErrUnusable, with ErrBusy or
// with the context's error.
func (h *Hasher) Hash(ctx context.Context, password secret.String) (secret.String, error) {
	if n := len(password.Reveal()); n == 0 || n > MaxLength {
		return secret.String{}, ErrUnusable
	}
	e := Encoded{Parameters: Recommended(), Salt: make([]byte, saltLength), Key: make([]byte, keyLength)}
	if _, err := rand.Read(e.Salt); err != nil {
		return secret.String{}, fmt.Errorf("drawing a salt: %w", err)
	}
	var err error
	if e.Key, err = h.compute(ctx, password.Reveal(), e); err != nil {
		return secret.String{}, err
	}
	return secret.New(e.PHC()), nil
}

// Verify reports whether a password is the one that a PHC string was made of. An empty string stands for an account that
// nobody can sign in to: it takes the same work and the answer is no. So does a password longer than MaxLength. It fails
// with ErrMalformed for any other string that Hash did not make, with ErrBusy, or with the context's error.
func (h *Hasher) Verify(ctx context.Context, stored, presented secret.String) (bool, error) {
	password := presented.Reveal()
	usable := !stored.IsZero() && len(password) <= MaxLength
	e := nobody()
	if !stored.IsZero() {
		var err error
		if e, err = Parse(stored.Reveal()); err != nil {
			return false, err
		}
	}
	key, err := h.compute(ctx, password[:min(len(password), MaxLength)], e)
	if err != nil {
		return false, err
	}
	equal := subtle.ConstantTimeCompare(key, e.Key) == 1
	return equal && usable, nil
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
