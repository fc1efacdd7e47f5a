package opening_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/opening"
)

func TestSecurity116_ASourceMayBeginSoManyRequestsAndNoMore(t *testing.T) {
	store := shortlived.NewMemory(shortlived.MemoryOptions{Now: time.Now})
	defer func() { _ = store.Close() }()
	limit := opening.Limit{Entries: store, Requests: 2, Window: time.Hour}
	for i, row := range []struct {
		source  string
		allowed bool
	}{
		{"192.0.2.1", true},
		{"192.0.2.1", true},
		{"192.0.2.1", false},
		{"192.0.2.2", true},
		{"192.0.2.1", false},
		{"2001:db8::1", true},
		{"2001:db8::2", true},
		{"2001:db8::3", false},
		{"2001:db8:0:1::1", true},
		{"", true},
		{"", true},
		{"", true},
	} {
		err := limit.Allow(t.Context(), row.source)
		var limited *opening.LimitedError
		if row.allowed && err != nil || !row.allowed && (!errors.As(err, &limited) || limited.RetryAfter != time.Hour) {
			t.Errorf("request %d, of %q: %v, want allowed %t", i, row.source, err, row.allowed)
		}
	}
}

func TestTheZeroLimitLimitsNobody(t *testing.T) {
	if err := (opening.Limit{}).Allow(t.Context(), "192.0.2.1"); err != nil {
		t.Error(err)
	}
}

// away is a store that cannot be asked.
type away struct{}

func (away) Spend(context.Context, string, int64, time.Duration) (bool, error) {
	return false, shortlived.ErrUnavailable
}

func TestAStoreThatIsAwayIsNotTakenForABudgetThatIsSpent(t *testing.T) {
	err := opening.Limit{Entries: away{}, Requests: 1, Window: time.Hour}.Allow(t.Context(), "192.0.2.1")
	if !errors.Is(err, shortlived.ErrUnavailable) {
		t.Error(err)
	}
}
