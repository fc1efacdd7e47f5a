package requestlog_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/services/activity/internal/requestlog"
)

var errDown = errors.New("the database is down")

// failing stores batches until it fails.
type failing struct{ stored, fails int }

func (f *failing) Record(context.Context, requestlog.Batch, func(requestlog.Kinds) ([]requestlog.Row, error)) error {
	if f.stored == f.fails {
		return errDown
	}
	f.stored++
	return nil
}

// TestAFailureSaysWhetherSomeOfTheRequestsWereStored: those may not be recorded again, and the others must.
func TestAFailureSaysWhetherSomeOfTheRequestsWereStored(t *testing.T) {
	var entries []requestlog.Entry
	for _, client := range []string{"one", "two", "three"} {
		entries = append(entries, requestlog.Entry{Kind: requestlog.Kind{ClientID: client}, Count: 1, Last: time.Now()})
	}
	for fails, partly := range map[int]bool{0: false, 1: true, 2: true} {
		err := requestlog.Log{Store: &failing{fails: fails}}.Record(t.Context(), entries)
		if !errors.Is(err, errDown) || errors.Is(err, requestlog.ErrPartly) != partly {
			t.Errorf("after %d batches: %v", fails, err)
		}
	}
	if err := (requestlog.Log{Store: &failing{fails: -1}}).Record(t.Context(), entries); err != nil {
		t.Errorf("without a failure: %v", err)
	}
}
