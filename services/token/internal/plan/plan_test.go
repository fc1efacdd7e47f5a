package plan_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/services/token/internal/plan"
)

// directory is the identity service: the plan of every workspace, and what happens during the first
// lookup, after it was read.
type directory struct {
	plan   atomic.Value
	during func()
	calls  atomic.Int32
}

var errDown = errors.New("identity is down")

func (d *directory) Plan(context.Context, string) (string, error) {
	read, _ := d.plan.Load().(string)
	if d.calls.Add(1) == 1 && d.during != nil {
		d.during()
	}
	if read == "" {
		return "", errDown
	}
	return read, nil
}

func wantPlan(t *testing.T, c *plan.Cache, want string) {
	t.Helper()
	if got, err := c.Plan(t.Context(), "ws_acme"); err != nil || got != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}

func TestAPlanIsCachedUntilItIsInvalidated(t *testing.T) {
	for name, invalidate := range map[string]func(*plan.Cache){
		"one": func(c *plan.Cache) { c.Invalidate("ws_acme") },
		"all": (*plan.Cache).InvalidateAll,
	} {
		t.Run(name, func(t *testing.T) {
			d := &directory{}
			d.plan.Store("free")
			c := plan.New(d, time.Minute)
			wantPlan(t, c, "free")
			d.plan.Store("pro")
			wantPlan(t, c, "free")
			if fresh, err := c.Fresh(t.Context(), "ws_acme"); err != nil || fresh != "pro" {
				t.Errorf("read again: %q %v", fresh, err)
			}
			invalidate(c)
			wantPlan(t, c, "pro")
		})
		t.Run(name+" during a lookup", func(t *testing.T) {
			d := &directory{}
			d.plan.Store("free")
			c := plan.New(d, time.Minute)
			d.during = func() {
				d.plan.Store("pro")
				invalidate(c)
			}
			_, _ = c.Plan(t.Context(), "ws_acme") // it began before the change, and may return either
			wantPlan(t, c, "pro")
		})
	}
}

func TestAFailedLookupIsNotCachedAndATTLOfZeroCachesNothing(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Minute} {
		d := &directory{}
		d.plan.Store("")
		c := plan.New(d, ttl)
		if _, err := c.Plan(t.Context(), "ws_acme"); !errors.Is(err, errDown) {
			t.Errorf("while identity is down: %v", err)
		}
		d.plan.Store("free")
		wantPlan(t, c, "free")
		d.plan.Store("pro")
		want := "free"
		if ttl == 0 {
			want = "pro"
		}
		wantPlan(t, c, want)
	}
}
