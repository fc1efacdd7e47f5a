package lease

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/internal/platform/coalesce"
)

const (
	// Wait is how long a change waits, after its commit, for the other replicas. It may be shortened
	// only in a release after one whose Trust is shorter still: replicas of two releases run
	// concurrently during an upgrade.
	Wait = 60 * time.Millisecond
	// Trust is how long what was read may be used after the start of the read. It is shorter than
	// Wait by more than clocks diverge in that time.
	Trust = 50 * time.Millisecond
	// renewAfter is the age at which a version in use is read again in the background, so that
	// frequent requests never wait for it.
	renewAfter = Trust / 2
)

// Pause returns after Wait, or with ctx's error when ctx ends first.
func Pause(ctx context.Context) error {
	timer := time.NewTimer(Wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Version is the version of rows that many replicas change. Its methods may be called concurrently.
type Version struct {
	reads *coalesce.Loader[struct{}, reading]
	// alone says that no other process changes the rows.
	alone     bool
	startedAt time.Time
	last      atomic.Pointer[reading]
	// floor is the time of this replica's last change: only a reading from after it counts.
	floor    atomic.Int64
	renewing atomic.Bool
}

// reading is a version, and when its read began.
type reading struct {
	version int64
	at      time.Duration
}

// NewVersion returns a Version that read reads. alone says that no other process changes the rows.
func NewVersion(read func(ctx context.Context) (int64, error), alone bool) *Version {
	// A little ago, so that 0 is before every reading.
	v := &Version{alone: alone, startedAt: time.Now().Add(-time.Millisecond)}
	v.reads = coalesce.New(func(ctx context.Context, keys []struct{}) (map[struct{}]reading, error) {
		at := v.now()
		version, err := read(ctx)
		if err != nil {
			return nil, err
		}
		r := reading{version: version, at: at}
		v.keep(&r)
		return map[struct{}]reading{keys[0]: r}, nil
	})
	return v
}

// Current returns the version. It reflects every change whose Changed returned before the call. It
// returns the error of the read.
func (v *Version) Current(ctx context.Context) (int64, error) {
	r, err := v.current(ctx)
	return r.version, err
}

func (v *Version) current(ctx context.Context) (reading, error) {
	now, last := v.now(), v.last.Load()
	if last == nil || now-last.at >= Trust || int64(last.at) <= v.floor.Load() {
		r, _, err := v.reads.Get(ctx, struct{}{})
		return r, err
	}
	if now-last.at > renewAfter && v.renewing.CompareAndSwap(false, true) {
		go func() {
			defer v.renewing.Store(false)
			_, _, _ = v.reads.Get(context.WithoutCancel(ctx), struct{}{}) // the request that needs the version gets the error
		}()
	}
	return *last, nil
}

// stamp returns for how long another process may use a value that was read at r and holds until then;
// zero where a change does not wait for other processes.
func (v *Version) stamp(r reading, until time.Duration) Stamp {
	now := v.now()
	trusted := Trust - (now - r.at)
	if v.alone || trusted <= 0 {
		return Stamp{}
	}
	return Stamp{Version: r.version, Trusted: trusted, Holds: until - now}
}

// Changed is called after the commit of a change, and returns when every replica reflects it. It
// fails only when ctx ends first; the change stands then.
func (v *Version) Changed(ctx context.Context) error {
	now := int64(v.now())
	for floor := v.floor.Load(); floor < now && !v.floor.CompareAndSwap(floor, now); {
		floor = v.floor.Load()
	}
	if v.alone {
		return nil
	}
	return Pause(ctx)
}

// keep stores a reading unless a later one is stored.
func (v *Version) keep(r *reading) {
	for {
		last := v.last.Load()
		if last != nil && last.at >= r.at || v.last.CompareAndSwap(last, r) {
			return
		}
	}
}

// now is the time since the version was made, by the monotonic clock.
func (v *Version) now() time.Duration { return time.Since(v.startedAt) }
