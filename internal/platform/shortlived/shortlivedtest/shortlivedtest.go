// Package shortlivedtest tests both implementations of the short-lived store against its contract,
// and opens one of each for tests.
//
// It owns the suite. It never skips: without a Redis server the test fails with the way to get one.
package shortlivedtest

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
)

// Clock is a clock that tests move.
type Clock struct{ moved atomic.Int64 }

// Now returns the clock's time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.moved.Load())) }

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.moved.Add(int64(d)) }

// Each runs a test on an empty store of each implementation; advance moves its clock.
func Each(t *testing.T, test func(t *testing.T, store shortlived.Store, advance func(time.Duration))) {
	t.Helper()
	for name, open := range map[string]func(*testing.T, *Clock) shortlived.Store{
		"memory": func(_ *testing.T, c *Clock) shortlived.Store {
			return shortlived.NewMemory(shortlived.MemoryOptions{Now: c.Now})
		},
		"redis": openRedis,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &Clock{}
			store := open(t, clock)
			t.Cleanup(func() { _ = store.Close() })
			test(t, store, clock.Advance)
		})
	}
}

func openRedis(t *testing.T, clock *Clock) shortlived.Store {
	addr := os.Getenv("USHER_TEST_REDIS_ADDR")
	if addr == "" {
		t.Fatal("no Redis: run the tests through scripts/with-deps.sh (make test does)")
	}
	store, err := shortlived.OpenRedis(shortlived.RedisConfig{Addrs: []string{addr}, Prefix: secret.NewID("test_") + ":", Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// Contract is the suite.
func Contract(t *testing.T) {
	for name, test := range map[string]func(*testing.T, shortlived.Store, func(time.Duration)){
		"an entry is returned until it is deleted": putGetDelete,
		"the deadline is kept and never moved":     deadlines,
		"take gives an entry to one":               takeOnce,
		"put-new lets one in":                      putNewOnce,
		"compare-and-set lets one through":         compareAndSetOnce,
		"counts are exact":                         counts,
		"a budget is spent exactly":                spends,
	} {
		t.Run(name, func(t *testing.T) { Each(t, test) })
	}
}

func get(t *testing.T, s shortlived.Store, key string) string {
	t.Helper()
	v, found, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return "nothing"
	}
	return string(v)
}

func expect(t *testing.T, s shortlived.Store, key, want string) {
	t.Helper()
	if got := get(t, s, key); got != want {
		t.Errorf("%s holds %q, want %q", key, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func putGetDelete(t *testing.T, s shortlived.Store, _ func(time.Duration)) {
	expect(t, s, "k", "nothing")
	must(t, s.Put(t.Context(), "k", []byte("one"), time.Minute))
	expect(t, s, "k", "one")
	must(t, s.Put(t.Context(), "k", []byte("two\x00"), time.Minute))
	expect(t, s, "k", "two\x00")
	must(t, s.Delete(t.Context(), "k"))
	must(t, s.Delete(t.Context(), "k"))
	expect(t, s, "k", "nothing")
	must(t, s.Put(t.Context(), "empty", nil, time.Minute))
	expect(t, s, "empty", "")
}

func deadlines(t *testing.T, s shortlived.Store, advance func(time.Duration)) {
	must(t, s.Put(t.Context(), "k", []byte("one"), 10*time.Minute))
	for range 9 {
		advance(time.Minute)
		expect(t, s, "k", "one")
	}
	swapped, err := s.CompareAndSet(t.Context(), "k", []byte("one"), []byte("two"))
	must(t, err)
	if !swapped {
		t.Error("a live entry was not swapped")
	}
	advance(59 * time.Second)
	expect(t, s, "k", "two")
	advance(2 * time.Second)
	expect(t, s, "k", "nothing")
	if swapped, err = s.CompareAndSet(t.Context(), "k", []byte("two"), []byte("three")); err != nil || swapped {
		t.Errorf("an entry past its deadline was swapped: %v %v", swapped, err)
	}
	if _, found, err := s.Take(t.Context(), "k"); err != nil || found {
		t.Errorf("an entry past its deadline was taken: %v %v", found, err)
	}
	if put, err := s.PutNew(t.Context(), "k", []byte("four"), time.Minute); err != nil || !put {
		t.Errorf("an entry past its deadline keeps a new one out: %v %v", put, err)
	}
}

// race runs n calls that begin together and returns the number that returned true.
func race(t *testing.T, n int, call func() (bool, error)) int {
	t.Helper()
	var won atomic.Int32
	racetest.Run(n, func(int) {
		yes, err := call()
		if err != nil {
			t.Error(err)
		}
		if yes {
			won.Add(1)
		}
	})
	return int(won.Load())
}

const rounds = 50

func takeOnce(t *testing.T, s shortlived.Store, _ func(time.Duration)) {
	for range rounds {
		must(t, s.Put(t.Context(), "k", []byte("v"), time.Minute))
		won := race(t, 8, func() (bool, error) {
			v, found, err := s.Take(t.Context(), "k")
			return found && string(v) == "v", err
		})
		if won != 1 {
			t.Fatalf("%d took one entry", won)
		}
	}
}

func putNewOnce(t *testing.T, s shortlived.Store, _ func(time.Duration)) {
	for range rounds {
		won := race(t, 8, func() (bool, error) { return s.PutNew(t.Context(), "k", []byte("v"), time.Minute) })
		if won != 1 {
			t.Fatalf("%d put one new entry", won)
		}
		must(t, s.Delete(t.Context(), "k"))
	}
}

func compareAndSetOnce(t *testing.T, s shortlived.Store, _ func(time.Duration)) {
	for range rounds {
		must(t, s.Put(t.Context(), "k", []byte("old"), time.Minute))
		won := race(t, 8, func() (bool, error) { return s.CompareAndSet(t.Context(), "k", []byte("old"), []byte("new")) })
		if won != 1 {
			t.Fatalf("%d swapped one entry", won)
		}
		expect(t, s, "k", "new")
	}
	if swapped, err := s.CompareAndSet(t.Context(), "absent", nil, []byte("v")); err != nil || swapped {
		t.Errorf("an absent entry was swapped: %v %v", swapped, err)
	}
}

func counts(t *testing.T, s shortlived.Store, _ func(time.Duration)) {
	race(t, 40, func() (bool, error) {
		_, err := s.Count(t.Context(), "n", time.Minute)
		return true, err
	})
	n, err := s.Count(t.Context(), "n", time.Minute)
	must(t, err)
	if n != 41 {
		t.Errorf("the 41st count is %d", n)
	}
}

func spends(t *testing.T, s shortlived.Store, _ func(time.Duration)) {
	spend := func() (bool, error) { return s.Spend(t.Context(), "b", 10, time.Minute) }
	if n := race(t, 50, spend); n != 10 {
		t.Errorf("50 took %d of a budget of 10", n)
	}
	for range 3 {
		must(t, s.Refund(t.Context(), "b"))
	}
	if n := race(t, 50, spend); n != 3 {
		t.Errorf("50 took %d of the 3 that were given back", n)
	}
	for range 20 { // more than were taken
		must(t, s.Refund(t.Context(), "b"))
	}
	must(t, s.Refund(t.Context(), "never spent"))
	if n := race(t, 50, spend); n != 10 {
		t.Errorf("50 took %d of a budget of 10 that was given back whole", n)
	}
	if taken, err := s.Spend(t.Context(), "none", 0, time.Minute); err != nil || taken {
		t.Errorf("a budget of nothing was spent: %v %v", taken, err)
	}
}
