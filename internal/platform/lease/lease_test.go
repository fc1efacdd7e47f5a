package lease_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
)

// rows are the database: a version, and how often it was read.
type rows struct {
	version int64
	reads   int
	err     error
}

func (r *rows) read(context.Context) (int64, error) {
	r.reads++
	return r.version, r.err
}

func want(t *testing.T, v *lease.Version, version int64) {
	t.Helper()
	if got, err := v.Current(t.Context()); got != version || err != nil {
		t.Errorf("the version is %d, %v, want %d", got, err, version)
	}
}

func TestAVersionIsUsedAsLongAsItIsTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &rows{version: 1}
		v := lease.NewVersion(db.read, false)
		want(t, v, 1)
		db.version = 2 // by another replica
		time.Sleep(lease.Trust / 2)
		want(t, v, 1)
		if db.reads != 1 {
			t.Errorf("%d reads, want 1", db.reads)
		}
		time.Sleep(lease.Trust)
		want(t, v, 2)
	})
}

func TestAVersionInUseIsReadAgainInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &rows{version: 1}
		v := lease.NewVersion(db.read, false)
		want(t, v, 1)
		time.Sleep(lease.Trust - time.Millisecond)
		db.version = 2
		want(t, v, 1) // and begins a read
		synctest.Wait()
		want(t, v, 2)
		if db.reads != 2 {
			t.Errorf("%d reads, want 2", db.reads)
		}
	})
}

func TestAChangeIsSeenByItsOwnReplicaAndWaitsForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for alone, wait := range map[bool]time.Duration{true: 0, false: lease.Wait} {
			db := &rows{version: 1}
			v := lease.NewVersion(db.read, alone)
			want(t, v, 1)
			time.Sleep(time.Millisecond)
			db.version = 2
			startedAt := time.Now()
			if err := v.Changed(t.Context()); err != nil || time.Since(startedAt) != wait {
				t.Errorf("alone %v: %v after %s, want after %s", alone, err, time.Since(startedAt), wait)
			}
			want(t, v, 2)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := lease.NewVersion((&rows{}).read, false).Changed(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that is gone: %v, want its context's error", err)
		}
	})
}

func TestAVersionThatCannotBeReadIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		db := &rows{version: 1}
		v := lease.NewVersion(db.read, false)
		values := lease.NewCache[string](v, 10)
		load := func(context.Context) (string, time.Duration, error) { return "value", time.Hour, nil }
		if got, err := values.Get(t.Context(), "key", load); got != "value" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		db.err = gone
		time.Sleep(lease.Trust)
		if got, err := values.Get(t.Context(), "key", load); got != "" || !errors.Is(err, gone) {
			t.Errorf("without the version: %q, %v, want the error of the read", got, err)
		}
		db.err = nil
		want(t, v, 1)
	})
}

func TestAValueIsCachedUntilItsVersionOrItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, loads, failure := &rows{version: 1}, 0, error(nil)
		v := lease.NewVersion(db.read, true)
		values := lease.NewCache[int](v, 10)
		get := func(holds time.Duration, wantLoads int) {
			t.Helper()
			got, err := values.Get(t.Context(), "key", func(context.Context) (int, time.Duration, error) {
				loads++
				return loads, holds, failure
			})
			if loads != wantLoads || got != loads && failure == nil || !errors.Is(err, failure) {
				t.Errorf("%d, %v after %d loads, want %d loads", got, err, loads, wantLoads)
			}
		}
		get(time.Minute, 1)
		get(time.Minute, 1)
		db.version = 2
		if err := v.Changed(t.Context()); err != nil {
			t.Fatal(err)
		}
		get(time.Minute, 2)
		time.Sleep(time.Minute)
		get(0, 3) // its time is over, and this one holds for no time
		get(time.Minute, 4)
		db.version = 3
		if err := v.Changed(t.Context()); err != nil {
			t.Fatal(err)
		}
		failure = errors.New("unknown")
		get(time.Minute, 5)
		get(time.Minute, 6) // a failure is not cached
	})
}

func TestAStampEndsWithTheTrustInItsVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &rows{version: 7}
		load := func(context.Context) (string, time.Duration, error) { return "value", time.Hour, nil }
		stamp := func(alone bool, wait time.Duration) lease.Stamp {
			t.Helper()
			values := lease.NewCache[string](lease.NewVersion(db.read, alone), 10)
			if _, err := values.Get(t.Context(), "key", load); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			_, got, err := values.GetStamped(t.Context(), "key", load)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for name, c := range map[string]struct {
			alone bool
			wait  time.Duration
			want  lease.Stamp
		}{
			"a version that was read now":            {want: lease.Stamp{Version: 7, Trusted: lease.Trust, Holds: time.Hour}},
			"the rest of the trust":                  {wait: 20 * time.Millisecond, want: lease.Stamp{Version: 7, Trusted: lease.Trust - 20*time.Millisecond, Holds: time.Hour - 20*time.Millisecond}},
			"a change does not wait for others here": {alone: true},
		} {
			if got := stamp(c.alone, c.wait); got != c.want {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
			}
		}
	})
}
