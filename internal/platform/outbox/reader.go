package outbox

import (
	"context"
	"slices"
	"strings"
	"time"
)

const (
	// recheck is how long a reader waits before it looks again at the transactions that are writing.
	recheck = 10 * time.Millisecond
	// rechecks is how often it looks again before it leaves them to the next poll.
	rechecks = 10
)

// reader reads the events after a cursor. Concurrent transactions commit their cursors in any order, so
// that it reads only up to a cursor below which none can appear any more.
type reader struct {
	log *Log
	// cursor is the last one that was read.
	cursor int64
	// last is the cursor up to which it reads next, and unfinished the transactions that may still commit
	// one below it. Both are empty when everything was read.
	last       int64
	unfinished []string
}

// next returns the events after the cursor, and none while a transaction may still commit one of them.
func (r *reader) next(ctx context.Context) ([]entry, error) {
	if r.last == 0 {
		head, err := r.head(ctx)
		if err != nil || head <= r.cursor {
			return nil, err
		}
		r.last = head
		if r.unfinished, err = r.writing(ctx); err != nil {
			return nil, err
		}
	}
	if finished, err := r.settle(ctx); err != nil || !finished {
		return nil, err
	}
	events, err := r.log.read(ctx, r.cursor, r.last, pageSize)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 { // the transactions that took these cursors have failed
		r.cursor = r.last
	}
	if len(events) < pageSize {
		r.last = 0
	}
	return events, nil
}

// settle waits a short while for the transactions that are unfinished, and reports whether all are.
func (r *reader) settle(ctx context.Context) (bool, error) {
	for n := 0; len(r.unfinished) > 0; n++ {
		if n == rechecks {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(recheck):
		}
		writing, err := r.writing(ctx)
		if err != nil {
			return false, err
		}
		r.unfinished = slices.DeleteFunc(r.unfinished, func(id string) bool { return !slices.Contains(writing, id) })
	}
	return true, nil
}

func (r *reader) head(ctx context.Context) (int64, error) {
	var head int64
	return head, r.log.db.QueryRow(ctx, r.log.head).Scan(&head)
}

// writing returns the transactions that are writing an event.
func (r *reader) writing(ctx context.Context) ([]string, error) {
	if r.log.writers == "" {
		return nil, nil
	}
	var list string
	if err := r.log.db.QueryRow(ctx, r.log.writers).Scan(&list); err != nil {
		return nil, err
	}
	return strings.Fields(list), nil
}
