package attempt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/shortlived/shortlivedtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/attempt"
)

const (
	perAccount = 10
	signIns    = 5
	perSource  = 25
	window     = 15 * time.Minute
)

// bench is a Guard over a check that counts its calls and returns result.
type bench struct {
	*attempt.Guard
	verified atomic.Int32
	result   error
}

func open(entries ratelimit.Entries, now func() time.Time) *bench {
	return &bench{result: account.ErrInvalidCredentials, Guard: &attempt.Guard{
		Limiter: &ratelimit.Limiter{Entries: entries, Prefix: attempt.Prefix, Now: now},
		Account: ratelimit.Budget{Limit: perAccount, Window: window}, Source: ratelimit.Budget{Limit: perSource, Window: window},
		SignIns: ratelimit.Budget{Limit: signIns, Window: window},
	}}
}

func (d *bench) try(ctx context.Context, typed, source string) error {
	return d.Check(ctx, attempt.Try{Typed: typed, Source: source}, func(context.Context) error {
		d.verified.Add(1)
		return d.result
	})
}

// fails makes n attempts and requires that each returns the check's result.
func (d *bench) fails(t *testing.T, n int, typed, source string) {
	t.Helper()
	for i := range n {
		if err := d.try(t.Context(), typed, source); !errors.Is(err, d.result) {
			t.Fatalf("attempt %d of %.30q from %q: %v", i+1, typed, source, err)
		}
	}
}

func (d *bench) wantLimited(t *testing.T, typed, source string) time.Duration {
	t.Helper()
	before := d.verified.Load()
	err := d.try(t.Context(), typed, source)
	var limited *ratelimit.LimitedError
	if !errors.As(err, &limited) || limited.RetryAfter <= 0 || limited.RetryAfter > window {
		t.Fatalf("%.30q from %q: %v", typed, source, err)
	}
	if d.verified.Load() != before {
		t.Errorf("%.30q from %q was checked", typed, source)
	}
	return limited.RetryAfter
}

func each(t *testing.T, test func(t *testing.T, d *bench, entries shortlived.Store, advance func(time.Duration))) {
	t.Helper()
	shortlivedtest.Each(t, func(t *testing.T, entries shortlived.Store, _ func(time.Duration)) {
		var now atomic.Int64 // a clock that stands still, so that no window ends on its own
		now.Store(time.Now().UnixNano())
		clock := func() time.Time { return time.Unix(0, now.Load()) }
		test(t, open(entries, clock), entries, func(d time.Duration) { now.Add(int64(d)) })
	})
}

func TestABurstInParallelCannotOutrunTheBudget(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		var limited atomic.Int32
		racetest.Run(50, func(i int) {
			var l *ratelimit.LimitedError
			if errors.As(d.try(t.Context(), "john@a.test", fmt.Sprintf("192.0.2.%d", i)), &l) {
				limited.Add(1)
			}
		})
		if d.verified.Load() != perAccount || limited.Load() != 50-perAccount {
			t.Errorf("%d were checked and %d refused, want %d and %d", d.verified.Load(), limited.Load(), perAccount, 50-perAccount)
		}
	})
}

func TestSecurityCase24_EverySpellingSharesOneBudget(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		for _, typed := range []string{"émile@a.test", "ÉMILE@A.test", " Émile@a.TEST\r\n", "\u00a0émile@a.test", "éMILE@a.Test"} {
			d.fails(t, perAccount/5, typed, "")
		}
		d.wantLimited(t, "Émile@A.Test", "")
		d.fails(t, 1, "emile@a.test", "")       // another account
		d.fails(t, 1, "\u00e9mile@a.test2", "") // likewise
		// Capitals have a final sigma at the end of a word, so that they are no spelling of the other
		// address: the store finds no account of today's rules by the form of release 0.1, which is the
		// same for both.
		d.fails(t, perAccount, "\u039b\u039f\u0393\u039f\u03a3@a.test", "")
		d.wantLimited(t, "\u03bb\u03bf\u03b3\u03bf\u03c2@a.test", "")
		d.fails(t, perAccount, "\u03bb\u03bf\u03b3\u03bf\u03c3@a.test", "")
	})
}

func TestSecurityCase18_AnUnknownAddressHasABudgetToo(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		for _, typed := range []string{"nobody@a.test", "no address", strings.Repeat("x", 500) + "@a.test"} {
			d.fails(t, perAccount, typed, "")
			d.wantLimited(t, typed, "")
		}
	})
}

func TestABudgetIsWholeAgainWhenItsWindowEnds(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, advance func(time.Duration)) {
		d.fails(t, perAccount, "john@a.test", "")
		left := d.wantLimited(t, "john@a.test", "")
		advance(left - time.Microsecond)
		if again := d.wantLimited(t, "john@a.test", ""); again != time.Microsecond {
			t.Errorf("a microsecond before its end a window has %v left", again)
		}
		advance(time.Microsecond)
		d.fails(t, perAccount, "john@a.test", "")
		if left := d.wantLimited(t, "john@a.test", ""); left != window {
			t.Errorf("the next window has %v left", left)
		}
	})
}

func TestSuccessGivesBackItsOwnAttemptAndNoOther(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		d.fails(t, perAccount-1, "john@a.test", "")
		d.result = nil
		d.fails(t, 3*perAccount, "john@a.test", "")
		d.result = account.ErrInvalidCredentials
		d.fails(t, 1, "john@a.test", "")
		d.wantLimited(t, "john@a.test", "")
	})
}

// TestSuccessfulSignInsAreBoundedForEachAccount: each leaves a session and its events behind.
func TestSuccessfulSignInsAreBoundedForEachAccount(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, advance func(time.Duration)) {
		d.result = nil
		signIn := func(typed, source string) error {
			return d.SignIn(t.Context(), attempt.Try{Typed: typed, Source: source}, func(context.Context) error { return d.result })
		}
		succeed := func(n int, typed string) {
			t.Helper()
			for range n {
				if err := signIn(typed, "192.0.2.1"); err != nil {
					t.Fatalf("%s: %v", typed, err)
				}
			}
		}
		succeed(signIns-1, "john@a.test")
		d.result = account.ErrInvalidCredentials
		if err := signIn("john@a.test", ""); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("a wrong password: %v", err)
		}
		d.result = nil
		succeed(1, " John@A.test") // a failed attempt is not counted here
		var limited *ratelimit.LimitedError
		for range perSource + 1 { // what is refused here is counted nowhere else
			if err := signIn("JOHN@a.test", "192.0.2.1"); !errors.As(err, &limited) || limited.RetryAfter <= 0 || limited.RetryAfter > window {
				t.Fatalf("one sign-in more: %v", err)
			}
		}
		succeed(1, "esther@a.test")
		d.fails(t, 1, "john@a.test", "192.0.2.1") // an attempt that is no sign-in
		advance(limited.RetryAfter)
		succeed(signIns, "john@a.test")
		if err := d.Unlock(t.Context(), "john@a.test"); err != nil {
			t.Fatal(err)
		}
		succeed(signIns, "john@a.test")
	})
}

func TestAnAttemptRefusedForTheAccountIsNotCountedForTheSource(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		d.fails(t, perAccount, "robot@a.test", "192.0.2.1") // a stranger, who locks the robot's account
		for range perSource + 1 {
			d.wantLimited(t, "robot@a.test", "198.51.100.7")
		}
		d.fails(t, 1, "john@a.test", "198.51.100.7")
	})
}

func TestASourceCannotResetItsBudgetWithAnAccountOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		for i := range perSource {
			d.result = account.ErrInvalidCredentials
			d.fails(t, 1, fmt.Sprintf("victim%d@a.test", i), "192.0.2.1")
			if i < perSource-1 {
				d.result = nil
				d.fails(t, 1, "mallory@a.test", "192.0.2.1")
			}
		}
		d.wantLimited(t, "another@a.test", "192.0.2.1")
		d.wantLimited(t, "mallory@a.test", "192.0.2.1")
		d.result = account.ErrInvalidCredentials
		d.fails(t, perAccount, "another@a.test", "192.0.2.2") // the refused attempt was not counted for the account
	})
}

func TestASourceIsANetworkHoweverItIsWritten(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		n := 0
		from := func(source string) {
			n++
			d.fails(t, 1, fmt.Sprintf("%d@a.test", n), source)
		}
		for i := range perSource {
			from([]string{"2001:db8:1:2::1", "2001:DB8:1:2:ffff::", "[2001:db8:1:2::7]:443", "2001:db8:1:2::9%eth0"}[i%4])
			from([]string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1:1234"}[i%3])
			from("no address")
		}
		for _, spent := range []string{"2001:db8:1:2:abcd::", "192.0.2.1", "no address"} {
			d.wantLimited(t, "x@a.test", spent)
		}
		for _, other := range []string{"2001:db8:1:3::1", "192.0.2.2", ""} {
			from(other)
		}
	})
}

func TestAnAttemptDuringAnOutageIsNotCounted(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		d.result = errDown
		d.fails(t, 3*perSource, "john@a.test", "192.0.2.1")
	})
}

func TestACancelledAttemptIsRefunded(t *testing.T) {
	each(t, func(t *testing.T, d *bench, _ shortlived.Store, _ func(time.Duration)) {
		for range 2 * perAccount {
			ctx, cancel := context.WithCancel(t.Context())
			err := d.Check(ctx, attempt.Try{Typed: "john@a.test"}, func(ctx context.Context) error {
				cancel()
				return ctx.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	})
}

func TestReplicasShareTheBudgets(t *testing.T) {
	each(t, func(t *testing.T, d *bench, entries shortlived.Store, _ func(time.Duration)) {
		d.fails(t, perAccount/2, "john@a.test", "")
		other := open(entries, d.Limiter.Now)
		other.fails(t, perAccount/2, "john@a.test", "")
		other.wantLimited(t, "john@a.test", "")
		d.wantLimited(t, "john@a.test", "")
	})
}

var errDown = errors.New("down")

// down is a short-lived store that fails after a number of calls.
type down struct {
	ratelimit.Entries
	after int
}

func (e *down) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	if e.after--; e.after < 0 {
		return false, errDown
	}
	return e.Entries.Spend(ctx, key, limit, window)
}

func TestWithoutTheShortLivedStoreNothingIsChecked(t *testing.T) {
	for after := range 2 {
		d := open(&down{Entries: shortlived.NewMemory(shortlived.MemoryOptions{}), after: after}, time.Now)
		if err := d.try(t.Context(), "john@a.test", "192.0.2.1"); !errors.Is(err, errDown) || d.verified.Load() != 0 {
			t.Errorf("after %d calls: %v, %d checked", after, err, d.verified.Load())
		}
	}
}

// keys records the keys of the store's calls.
type keys struct {
	ratelimit.Entries
	seen []string
}

func (e *keys) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	e.seen = append(e.seen, key)
	if window <= 0 {
		return false, errors.New("an entry without an end")
	}
	return e.Entries.Spend(ctx, key, limit, window)
}

func TestOnlyHashesNameABudget(t *testing.T) {
	e := &keys{Entries: shortlived.NewMemory(shortlived.MemoryOptions{})}
	open(e, time.Now).fails(t, 1, "john@a.test", "192.0.2.1")
	if len(e.seen) != 2 {
		t.Errorf("%d budgets were spent", len(e.seen))
	}
	for _, key := range e.seen {
		if strings.Contains(key, "john") || strings.Contains(key, "192.0") || !strings.HasPrefix(key, "identity:attempt:") {
			t.Errorf("a key is %s", key)
		}
	}
}
