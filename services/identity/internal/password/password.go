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

// MaxLength is the maximum length of a valid password, in bytes.
const MaxLength = 1024

// ErrBusy is returned if the queue is full: the caller would have to wait too long.
var ErrBusy = errors.New("too many passwords are being checked, try again shortly")

// ErrUnusable is returned for a new password that is empty or longer than MaxLength.
var ErrUnusable = errors.New("password is empty or longer than 1024 bytes")

// ErrCharacters is returned for a new password with characters that RFC 8265 refuses, because they
// have several encodings or are missing on some keyboards. An existing password may have them.
var ErrCharacters = errors.New("password has control characters or invisible ones")

// Derive computes size bytes from a password and a salt.
type Derive func(password []byte, salt []byte, p Parameters, size uint32) []byte

// Config configures a Hasher.
type Config struct {
	// Concurrency is how many computations run concurrently, at least 1; the others wait.
	Concurrency int
	// Waiting is how many may wait; 0 is 32 for each that runs, which take about a second.
	Waiting int
	// Derive is for tests; nil is argon2id.
	Derive Derive
}

// defaultWaiting is how many may wait for each that runs. A computation takes about 30 ms of a
// core.
const defaultWaiting = 32

// Hasher hashes passwords. Its methods may be called concurrently; a waiting call ends with its
// context. If the queue is full they return ErrBusy at once: a queue longer than its callers'
// deadlines would only waste CPU time.
type Hasher struct {
	// queue has an element for each call that runs or waits, and slots one for each that runs.
	queue  chan struct{}
	slots  chan struct{}
	derive Derive
}

// New returns a Hasher.
func New(c Config) *Hasher {
	if c.Derive == nil {
		c.Derive = argon2id
	}
	running := max(c.Concurrency, 1)
	if c.Waiting <= 0 {
		c.Waiting = defaultWaiting * running
	}
	return &Hasher{queue: make(chan struct{}, running+c.Waiting), slots: make(chan struct{}, running), derive: c.Derive}
}

// Running returns how many computations run.
func (h *Hasher) Running() int { return len(h.slots) }

// Waiting returns how many calls wait.
func (h *Hasher) Waiting() int { return max(len(h.queue)-len(h.slots), 0) }

func argon2id(password []byte, salt []byte, p Parameters, size uint32) []byte {
	return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, size)
}

// Hash returns the PHC string of a new password's normalized form with a new salt. It returns
// ErrUnusable, ErrCharacters, ErrBusy or the context's error.
func (h *Hasher) Hash(ctx context.Context, password secret.String) (secret.String, error) {
	prepared, err := prepareNew(password.Reveal())
	if err != nil {
		return secret.String{}, err
	}
	e := Encoded{Parameters: Recommended(), Salt: make([]byte, saltLength), Key: make([]byte, keyLength)}
	if _, err := rand.Read(e.Salt); err != nil {
		return secret.String{}, fmt.Errorf("generating a salt: %w", err)
	}
	if err := h.run(ctx, func() { e.Key = h.key(prepared, e) }); err != nil {
		return secret.String{}, err
	}
	return secret.New(e.PHC()), nil
}

// Verify reports whether a password matches a PHC string, and whether the string is stale: release
// 0.1 computed it from the password as typed, whose normalized form differs. Such a password costs
// a second computation, for existing and unknown accounts alike. An empty string stands for an
// account without a password: it takes the same work and matches no password, and so does a
// password longer than MaxLength. It returns ErrMalformed for any other string that Hash did not
// return, ErrBusy, or the context's error. After the first computation it returns none of these: a
// guess that was refuted is an attempt, whatever happens to its caller during the second.
func (h *Hasher) Verify(ctx context.Context, stored, presented secret.String) (right, stale bool, err error) {
	e := decoy()
	if !stored.IsZero() {
		if e, err = Parse(stored.Reveal()); err != nil {
			return false, false, err
		}
	}
	typed := presented.Reveal()
	usable := !stored.IsZero() && len(typed) <= MaxLength
	typed = typed[:min(len(typed), MaxLength)]
	prepared := normalize(typed)
	err = h.run(ctx, func() {
		if right = h.matches(prepared, e); !right && prepared != typed {
			right = h.matches(typed, e)
			stale = right
		}
	})
	return right && usable, stale && usable, err
}

func (h *Hasher) matches(password string, e Encoded) bool {
	return subtle.ConstantTimeCompare(h.key(password, e), e.Key) == 1
}

func (h *Hasher) key(password string, e Encoded) []byte {
	return h.derive([]byte(password), e.Salt, e.Parameters, uint32(len(e.Key)))
}

// decoy returns a hash that costs as much as one of Hash and matches no password.
func decoy() Encoded {
	return Encoded{Parameters: Recommended(), Salt: make([]byte, saltLength), Key: make([]byte, keyLength)}
}

// run waits for a slot, and computes nothing if ctx is done by then. What it has begun it completes.
func (h *Hasher) run(ctx context.Context, compute func()) error {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return fmt.Errorf("waiting to compute a password: %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting to compute a password: %w", err)
	}
	compute()
	return nil
}
