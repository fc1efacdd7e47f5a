package device_test

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/device"
)

const (
	lifetime = 15 * time.Minute
	interval = 5 * time.Second
	request  = "the request"
	tv       = "vdo_client_tv"
)

type bench struct {
	*device.Store
	clock *authztest.Clock
	code  secret.String
}

// newBench returns a store with one device.
func newBench(t *testing.T, entries device.Entries) bench {
	t.Helper()
	b := bench{clock: authztest.NewClock(), code: secret.NewCode()}
	b.Store = &device.Store{Entries: entries, Lifetime: lifetime, Interval: interval, Now: b.clock.Now}
	if _, err := b.Keep(t.Context(), b.code, request, tv); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestN9_5_AnIntervalThatWasLengthenedStays(t *testing.T) {
	b := newBench(t, authztest.NewEntries())
	for i, row := range []struct {
		after   time.Duration
		tooSoon bool
	}{
		{0, false},                               // the first poll need not wait
		{interval, false},                        //
		{interval - 100*time.Millisecond, false}, // the network's jitter
		{time.Second, true},                      // 10 s from now on
		{interval, true},                         // 15 s
		{15 * time.Second, false},                //
		{10 * time.Second, true},                 // 20 s
		{20 * time.Second, false},                //
		{20 * time.Second, false},                //
		{15 * time.Second, true},                 //
	} {
		b.clock.Advance(row.after)
		tooSoon, err := b.CountPoll(t.Context(), b.code)
		if err != nil || tooSoon != row.tooSoon {
			t.Errorf("poll %d, %s after the one before: too soon is %v, %v", i+1, row.after, tooSoon, err)
		}
	}
}

func TestN9_5_ADeviceCodeIsItsClientsUntilItExpires(t *testing.T) {
	b := newBench(t, authztest.NewEntries())
	wantCause := func(what string, code secret.String, client string, want cause.Cause) {
		t.Helper()
		if id, err := b.Find(t.Context(), code, client); !errors.Is(err, device.ErrRefused) || cause.Of(err) != want || id != "" {
			t.Errorf("%s: %q, %v with %s, want %s", what, id, err, cause.Of(err), want)
		}
	}
	if id, err := b.Find(t.Context(), b.code, tv); err != nil || id != request {
		t.Errorf("found %q, %v", id, err)
	}
	wantCause("another client", b.code, "vdo_client_other", cause.DeviceCodeOtherClient)
	wantCause("an unknown code", secret.NewCode(), tv, cause.DeviceCodeUnknown)
	wantCause("no code", secret.New("x"), tv, cause.DeviceCodeMalformed)
	b.clock.Advance(lifetime)
	wantCause("an expired code", b.code, tv, cause.DeviceCodeExpired)
	wantCause("another client's expired code", b.code, "vdo_client_other", cause.DeviceCodeOtherClient)
}

func TestNoCodeIsStored(t *testing.T) {
	entries := authztest.NewEntries()
	b := newBench(t, entries)
	userCode, err := b.Keep(t.Context(), b.code, request, tv)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range entries.Keys() {
		value, ttl := entries.Kept(key)
		for _, code := range []string{b.code.Reveal(), userCode} {
			if text := key + string(value); strings.Contains(text, code) {
				t.Errorf("%s has a code", text)
			}
		}
		if ttl != lifetime && ttl != 2*lifetime {
			t.Errorf("%s is stored for %s", key, ttl)
		}
	}
}

// stores are the two implementations of the short-lived store.
func stores(t *testing.T) map[string]shortlived.Store {
	t.Helper()
	both := map[string]shortlived.Store{"memory": shortlived.NewMemory(shortlived.MemoryOptions{})}
	address := os.Getenv("USHER_TEST_REDIS_ADDR")
	if address == "" {
		t.Fatal("USHER_TEST_REDIS_ADDR is not set: run the tests through scripts/with-deps.sh (make test does)")
	}
	redis, err := shortlived.OpenRedis(shortlived.RedisConfig{Addrs: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	both["Redis"] = redis
	return both
}

func TestN9_5_OfPollsAtOnceOneIsNotTooSoon(t *testing.T) {
	for name, entries := range stores(t) {
		for range 20 {
			b := newBench(t, entries)
			var inTime atomic.Int64
			racetest.Run(16, func(int) {
				tooSoon, err := b.CountPoll(t.Context(), b.code)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if !tooSoon {
					inTime.Add(1)
				}
			})
			if inTime.Load() != 1 {
				t.Fatalf("%s: %d of 16 polls are in time, want 1", name, inTime.Load())
			}
		}
	}
}
