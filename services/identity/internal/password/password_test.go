package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/password"
)

// referenceHash is the output of the reference implementation: echo -n password | argon2
// saltsaltsaltsalt -id -t 2 -k 19456 -p 1 -l 32.
const referenceHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$T95q7S205tf9WI4HhYOZDIQmMMAbntacGXTIku0gXT8"

func hash(t *testing.T, h *password.Hasher, clear string) secret.String {
	t.Helper()
	phc, err := h.Hash(t.Context(), secret.New(clear))
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func verify(t *testing.T, h *password.Hasher, phc, clear string) bool {
	t.Helper()
	ok, _, err := h.Verify(t.Context(), secret.New(phc), secret.New(clear))
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestAStringOfAnotherImplementationIsVerified(t *testing.T) {
	h := password.New(password.Config{Concurrency: 1})
	if !verify(t, h, referenceHash, "password") || verify(t, h, referenceHash, "Password") {
		t.Error("the reference implementation's string is not understood")
	}
}

func TestOnlyTheRightPasswordIsRight(t *testing.T) {
	h := password.New(password.Config{Concurrency: 4})
	phc := hash(t, h, "pässword ✓").Reveal()
	for clear, want := range map[string]bool{
		"pässword ✓": true, "pässword ✓ ": false, "Pässword ✓": false, "": false, "pässword ✓\x00": false,
	} {
		if verify(t, h, phc, clear) != want {
			t.Errorf("%q is %v", clear, !want)
		}
	}
}

func TestEachStringHasASaltOfItsOwn(t *testing.T) {
	h := password.New(password.Config{Concurrency: 1})
	a, b := hash(t, h, "same").Reveal(), hash(t, h, "same").Reveal()
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("strings are %q and %q", a, b)
	}
}

func TestLongPasswordsAreWrongAndCannotBeSet(t *testing.T) {
	h := password.New(password.Config{Concurrency: 1})
	longest := strings.Repeat("x", password.MaxLength)
	phc := hash(t, h, longest).Reveal()
	if !verify(t, h, phc, longest) || verify(t, h, phc, longest+"x") {
		t.Error("the longest password is not the longest that is right")
	}
	for _, clear := range []string{"", longest + "x"} {
		if _, err := h.Hash(t.Context(), secret.New(clear)); !errors.Is(err, password.ErrUnusable) {
			t.Errorf("a password of %d bytes was set: %v", len(clear), err)
		}
	}
}

// recorder records the cost of each computation and returns a key of zeros, like that of decoy.
type recorder struct{ costs []cost }

type cost struct {
	password.Parameters
	salt, size int
}

func (r *recorder) derive(_ []byte, salt []byte, p password.Parameters, size uint32) []byte {
	r.costs = append(r.costs, cost{p, len(salt), int(size)})
	return make([]byte, size)
}

func TestAnUnknownAccountCostsAsMuchAsAnyOther(t *testing.T) {
	anybody := hash(t, password.New(password.Config{Concurrency: 1}), "x")
	r := &recorder{}
	h := password.New(password.Config{Concurrency: 1, Derive: r.derive})
	for _, phc := range []secret.String{anybody, {}} {
		for _, clear := range []string{"wrong", "", strings.Repeat("x", 5000)} {
			if ok, _, err := h.Verify(t.Context(), phc, secret.New(clear)); ok || err != nil {
				t.Errorf("Verify: %v, %v", ok, err)
			}
		}
	}
	if len(r.costs) != 6 {
		t.Fatalf("%d computations for 6 checks", len(r.costs))
	}
	for _, c := range r.costs {
		if c != r.costs[0] {
			t.Errorf("a check costs %+v, another %+v", c, r.costs[0])
		}
	}
}

func TestNoMoreRunAtOnceThanConfigured(t *testing.T) {
	const limit, callers = 3, 20
	var running, most atomic.Int32
	synctest.Test(t, func(t *testing.T) {
		turn := make(chan struct{})
		h := password.New(password.Config{Concurrency: limit, Derive: func(_, _ []byte, _ password.Parameters, size uint32) []byte {
			most.Store(max(most.Load(), running.Add(1)))
			<-turn
			running.Add(-1)
			return make([]byte, size)
		}})
		var done sync.WaitGroup
		for range callers {
			done.Go(func() { _, _, _ = h.Verify(t.Context(), secret.String{}, secret.New("x")) })
		}
		synctest.Wait()
		if running.Load() != limit {
			t.Errorf("%d run, want %d", running.Load(), limit)
		}
		for range callers {
			turn <- struct{}{}
		}
		done.Wait()
	})
	if most.Load() != limit {
		t.Errorf("%d ran at once, want %d", most.Load(), limit)
	}
}

func TestACancelledCallIsNotComputed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var computed atomic.Int32
		turn := make(chan struct{})
		h := password.New(password.Config{Concurrency: 1, Derive: func(_, _ []byte, _ password.Parameters, size uint32) []byte {
			computed.Add(1)
			<-turn
			return make([]byte, size)
		}})
		go func() { _, _, _ = h.Verify(t.Context(), secret.String{}, secret.New("x")) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, _, err := h.Verify(ctx, secret.String{}, secret.New("x"))
			failed <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled caller gets %v", err)
		}
		close(turn)
		synctest.Wait()
		if _, err := h.Hash(ctx, secret.New("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller with a cancelled context gets %v", err)
		}
		if computed.Load() != 1 {
			t.Errorf("%d computations, want 1", computed.Load())
		}
	})
}

// TestAGuessThatWasRefutedIsAnAttempt: a password that is not in normal form takes two computations, and a
// caller who goes away during the first, or a queue that fills up meanwhile, does not take the guess back.
func TestAGuessThatWasRefutedIsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var computed atomic.Int32
		turn := make(chan struct{})
		h := password.New(password.Config{Concurrency: 1, Waiting: 1, Derive: func(_, _ []byte, _ password.Parameters, size uint32) []byte {
			computed.Add(1)
			<-turn
			return make([]byte, size)
		}})
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ok, _, err := h.Verify(ctx, secret.New(referenceHash), secret.New("a\u00a0b"))
			if ok {
				err = errors.New("it is right")
			}
			ended <- err
		}()
		synctest.Wait()
		go func() { _, _, _ = h.Verify(t.Context(), secret.String{}, secret.New("x")) }() // fills the queue
		synctest.Wait()
		leave()
		turn <- struct{}{}
		turn <- struct{}{}
		if err := <-ended; err != nil || computed.Load() < 2 {
			t.Errorf("the guess ends with %v after %d computations, want that it is wrong after 2", err, computed.Load())
		}
		close(turn)
	})
}

func TestSecurityCase116_ALineThatIsFullIsRefusedAtOnce(t *testing.T) {
	const running, waiting, callers = 2, 3, 300
	synctest.Test(t, func(t *testing.T) {
		turn := make(chan struct{})
		h := password.New(password.Config{
			Concurrency: running, Waiting: waiting,
			Derive: func(_, _ []byte, _ password.Parameters, size uint32) []byte {
				<-turn
				return make([]byte, size)
			},
		})
		var busy, computed atomic.Int32
		var done sync.WaitGroup
		for range callers {
			done.Go(func() {
				switch _, _, err := h.Verify(t.Context(), secret.String{}, secret.New("x")); {
				case errors.Is(err, password.ErrBusy):
					busy.Add(1)
				case err == nil:
					computed.Add(1)
				}
			})
		}
		synctest.Wait()
		if busy.Load() != callers-running-waiting {
			t.Errorf("%d are refused while %d run and %d wait", busy.Load(), running, waiting)
		}
		close(turn)
		done.Wait()
		if computed.Load() != running+waiting {
			t.Errorf("%d were computed, want %d", computed.Load(), running+waiting)
		}
		if _, _, err := h.Verify(t.Context(), secret.String{}, secret.New("x")); err != nil {
			t.Errorf("after the queue is empty: %v", err)
		}
	})
}
