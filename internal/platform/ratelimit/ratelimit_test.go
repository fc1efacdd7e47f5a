package ratelimit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/shortlived"
)

// stopped is a clock that stands still.
func stopped() time.Time { return time.Unix(1_800_000_000, 0) }

func limiter(entries ratelimit.Entries) *ratelimit.Limiter {
	return &ratelimit.Limiter{Entries: entries, Prefix: "test:", Now: stopped}
}

func TestSecurity116_ASourceHasOneBudgetHoweverItIsWritten(t *testing.T) {
	l := limiter(shortlived.NewMemory(shortlived.MemoryOptions{Now: stopped}))
	for i, row := range []struct {
		source  string
		allowed bool
	}{
		{"192.0.2.1", true},
		{"192.0.2.1:443", true},
		{"::ffff:192.0.2.1", false},
		{"192.0.2.2", true},
		{"192.0.2.1", false},
		{"2001:db8::1", true},
		{"[2001:db8::2]:443", true},
		{"2001:DB8::3%eth0", false},
		{"2001:db8:0:1::1", true},
		{"", true},
		{"", true},
		{"", true},
	} {
		_, err := l.Spend(t.Context(), ratelimit.Budget{Limit: 2, Window: time.Hour}, ratelimit.Source(row.source))
		var limited *ratelimit.LimitedError
		switch {
		case row.allowed && err != nil:
			t.Errorf("request %d, of %q: %v", i, row.source, err)
		case !row.allowed && (!errors.As(err, &limited) || limited.RetryAfter <= 0 || limited.RetryAfter > time.Hour):
			t.Errorf("request %d, of %q: %v, want a LimitedError", i, row.source, err)
		}
	}
}

func TestABudgetOfZeroBoundsNothing(t *testing.T) {
	l := limiter(away{})
	for range 3 {
		if key, err := l.Spend(t.Context(), ratelimit.Budget{Window: time.Hour}, ratelimit.Source("192.0.2.1")); err != nil || key != "" {
			t.Errorf("%q, %v", key, err)
		}
	}
}

// away is a store that is down.
type away struct{}

func (away) Spend(context.Context, string, int64, time.Duration) (bool, error) {
	return false, shortlived.ErrUnavailable
}
func (away) Refund(context.Context, string) error { return shortlived.ErrUnavailable }
func (away) Delete(context.Context, string) error { return shortlived.ErrUnavailable }

func TestAStoreThatIsAwayIsNotAnExhaustedBudget(t *testing.T) {
	_, err := limiter(away{}).Spend(t.Context(), ratelimit.Budget{Limit: 1, Window: time.Hour}, ratelimit.Source("192.0.2.1"))
	var limited *ratelimit.LimitedError
	if !errors.Is(err, shortlived.ErrUnavailable) || errors.As(err, &limited) {
		t.Error(err)
	}
}

func TestFault_E2_AThrottledPlatformLeavesALogLine(t *testing.T) {
	var log bytes.Buffer
	now := stopped()
	clock := func() time.Time { return now }
	l := limiter(shortlived.NewMemory(shortlived.MemoryOptions{Now: stopped}))
	l.Exhausted = ratelimit.NewNotices(slog.New(slog.NewJSONHandler(&log, nil)), clock, "authz:user-codes:").Exhausted
	refuse := func(times int, name ratelimit.Name) {
		for range times {
			_, _ = l.Spend(t.Context(), ratelimit.Budget{Limit: 1, Window: time.Hour}, name)
		}
	}
	proxy, account := ratelimit.Source("10.0.0.7"), ratelimit.Name{Kind: "account", Value: "john@a.test"}
	refuse(1, proxy) // exhausts the budget
	refuse(50, proxy)
	refuse(3, account)
	now = now.Add(time.Minute)
	refuse(1, proxy)
	var lines []string
	for line := range strings.Lines(log.String()) {
		var l struct {
			Level, Limiter, Budget, Name string
			Refused                      int
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(l.Level, " ", l.Limiter, " ", l.Budget, " ", l.Name, " ", l.Refused))
	}
	want := []string{"WARN authz:user-codes source 10.0.0.7 1", "WARN authz:user-codes account  1", "WARN authz:user-codes source 10.0.0.7 50"}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") || strings.Contains(log.String(), "john") {
		t.Errorf("the log has\n%s\nwant\n%s", log.String(), strings.Join(want, "\n"))
	}
}
