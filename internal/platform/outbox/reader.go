package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

const (
	// patience is how long a reader waits for transactions that are writing, before it leaves them to
	// the next poll.
	patience = 2 * time.Second
	// recheck is how often it looks at them meanwhile.
	recheck = 10 * time.Millisecond
)

// errBehind is the end of a feed whose log has gone back: a backup was restored, or a replica promoted
// that had not everything. The follower's next feed begins with a reset.
var errBehind = errors.New("the log of events has gone back")

// reader reads the events after a cursor. Concurrent transactions commit their cursors in any order, so
// that it reads only up to a cursor below which none can appear any more.
type reader struct {
	log *Log
	// cursor is the last one that was read.
	cursor int64
	// seen is the head of the log when everything was read. It only saves reading again: cursors up to
	// it may be given once more, since a server that crashes can lose those of transactions that failed.
	seen int64
}

// next returns the events after the cursor, at most pageSize, and whether these are all. It returns none
// while a transaction may still commit an earlier one.
func (r *reader) next(ctx context.Context) (events []entry, all bool, err error) {
	var head int64
	if err := r.log.db.QueryRow(ctx, r.log.head).Scan(&head); err != nil {
		return nil, false, err
	}
	switch {
	case head < r.cursor:
		return nil, false, errBehind
	case head == r.cursor, head == r.seen:
		return nil, true, nil
	case r.log.writers == "":
		events, err = read(ctx, r.log.db, r.log.after, r.cursor, head, pageSize)
		return events, len(events) < pageSize, err
	}
	// One connection, since only the server with the events knows who is writing them.
	err = r.log.db.InTx(ctx, func(tx *sqldb.Tx) error {
		events, all = nil, false
		if err := tx.QueryRow(ctx, r.log.head).Scan(&head); err != nil {
			return err
		}
		settled, err := r.settle(ctx, tx)
		if err != nil || !settled {
			return err
		}
		events, err = read(ctx, tx, r.log.after, r.cursor, head, pageSize)
		all = len(events) < pageSize
		return err
	})
	if all {
		r.seen = head
	}
	return events, all, err
}

// settle waits for the transactions that are writing an event now, and reports whether all have ended.
func (r *reader) settle(ctx context.Context, tx *sqldb.Tx) (bool, error) {
	var list string
	if err := tx.QueryRow(ctx, r.log.writers).Scan(&list); err != nil {
		return false, err
	}
	unfinished := strings.Fields(list)
	for until := time.Now().Add(patience); len(unfinished) > 0; {
		if time.Now().After(until) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(recheck):
		}
		if err := tx.QueryRow(ctx, r.log.writers).Scan(&list); err != nil {
			return false, err
		}
		writing := strings.Fields(list)
		unfinished = slices.DeleteFunc(unfinished, func(id string) bool { return !slices.Contains(writing, id) })
	}
	return true, nil
}
