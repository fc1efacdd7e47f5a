package consent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// TestEventsFollowTheOrderOfCommits checks that the feed loses no event while transactions commit in
// another order than they wrote, as the log of every service works.
func TestEventsFollowTheOrderOfCommits(t *testing.T) {
	t.Run("an event of an open transaction comes before later ones", func(t *testing.T) { openTransaction(t, nil) })
	t.Run("a failed transaction is passed over", func(t *testing.T) { openTransaction(t, errors.New("this transaction fails")) })
	t.Run("concurrent transactions lose no event", eventsConcurrently)
	t.Run("a follower is told of deleted events alone", deletedEvents)
	t.Run("a feed that waits does not say that there is nothing", waitingFeed)
	t.Run("a log that went back", logGoneBack)
}

// openEvents returns the log of a fresh database of PostgreSQL, whose transactions write concurrently.
func openEvents(t *testing.T) (*sqldb.DB, *outbox.Log) {
	t.Helper()
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations()))})
	return db, store.New(db).Events()
}

// follower is the activity service's end of a feed.
type follower struct {
	grpc.ServerStream

	ctx      context.Context //nolint:containedctx // a stream has one
	received chan *eventv1.WatchEventsResponse
	ended    chan error
}

func (f follower) Context() context.Context { return f.ctx }

func (f follower) Send(res *eventv1.WatchEventsResponse) error {
	select {
	case f.received <- res:
	case <-f.ctx.Done():
	}
	return f.ctx.Err()
}

// follow opens a feed at a cursor until the test ends.
func follow(t *testing.T, log *outbox.Log, cursor int64) follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := follower{ctx: ctx, received: make(chan *eventv1.WatchEventsResponse, 100), ended: make(chan error, 1)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		f.ended <- (&outbox.Feed{Log: log}).WatchEvents(&eventv1.WatchEventsRequest{Cursor: cursor}, f)
	}()
	t.Cleanup(func() {
		cancel()
		<-gone
	})
	return f
}

// kinds returns the kinds of the next n events.
func (f follower) kinds(t *testing.T, n int) []string {
	t.Helper()
	var kinds []string
	for len(kinds) < n {
		select {
		case res := <-f.received:
			for _, e := range res.GetEvents() {
				kinds = append(kinds, e.GetKind())
			}
		case <-time.After(time.Minute):
			t.Fatalf("only %d of %d events came: %q", len(kinds), n, kinds)
		}
	}
	return kinds
}

// write writes an event in a transaction of its own.
func write(t *testing.T, log *outbox.Log, kind string) {
	t.Helper()
	err := log.Change(t.Context(), outbox.Event{Kind: kind}, outbox.Observed{}, func(*sqldb.Tx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// openTransaction writes an event while a transaction with an earlier one is open, which then ends with
// the error.
func openTransaction(t *testing.T, failure error) {
	db, log := openEvents(t)
	f := follow(t, log, 0)
	written, end, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			err := log.Append(t.Context(), tx, outbox.Event{Kind: "first.opened"})
			close(written)
			<-end
			return errors.Join(err, failure)
		})
	}()
	<-written
	write(t, log, "second.committed") // does not wait for the first one
	time.Sleep(time.Second)           // the feed reads the log four times
	close(end)
	if err := <-ended; !errors.Is(err, failure) {
		t.Fatal(err)
	}
	write(t, log, "third.committed")
	want := []string{"first.opened", "second.committed", "third.committed"}
	if failure != nil {
		want = want[1:]
	}
	if got := f.kinds(t, len(want)); !slices.Equal(got, want) {
		t.Errorf("the feed had %q, want %q", got, want)
	}
}

// waitingFeed: an empty message would say that the follower has every event.
func waitingFeed(t *testing.T) {
	t.Parallel()
	const longerThanAHeartbeat = 7 * time.Second
	db, log := openEvents(t)
	f := follow(t, log, 0)
	<-f.received // the first message is sent at once
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		if err := log.Append(t.Context(), tx, outbox.Event{Kind: "first.opened"}); err != nil {
			return err
		}
		select {
		case res := <-f.received:
			return fmt.Errorf("a feed with an open transaction sent %v", res)
		case <-time.After(longerThanAHeartbeat):
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.kinds(t, 1); got[0] != "first.opened" {
		t.Errorf("the feed had %q", got)
	}
}

// logGoneBack: after a crash, or a failover to a replica that had not everything, cursors are given again.
func logGoneBack(t *testing.T) {
	db, log := openEvents(t)
	setCursor := func(n int) {
		if _, err := db.Exec(t.Context(), `SELECT setval('event_cursor', $1)`, n); err != nil {
			t.Fatal(err)
		}
	}
	write(t, log, "first.committed")
	f := follow(t, log, 0)
	f.kinds(t, 1)
	setCursor(3)            // as if two transactions had failed
	time.Sleep(time.Second) // the feed looks four times
	setCursor(1)
	write(t, log, "second.committed")
	setCursor(4)
	if got := f.kinds(t, 1); got[0] != "second.committed" {
		t.Errorf("with a cursor that was given twice, the feed had %q", got)
	}
	setCursor(1) // before events that the follower has
	select {
	case err := <-f.ended:
		if status.Code(err) != codes.Unavailable {
			t.Errorf("the feed ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the feed goes on behind its cursor")
	}
	if res := <-follow(t, log, 2).received; !res.GetReset_() {
		t.Error("the next feed does not tell the follower that the log went back")
	}
}

func eventsConcurrently(t *testing.T) {
	const writers, each = 8, 60
	db, log := openEvents(t)
	f := follow(t, log, 0)
	failed := errors.New("every seventh fails")
	want := map[string]bool{}
	for w := range writers {
		for n := range each {
			want[fmt.Sprintf("writer%d.event%d", w, n)] = n%7 != 0
		}
		go func() {
			for n := range each {
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
					err := log.Append(t.Context(), tx, outbox.Event{Kind: fmt.Sprintf("writer%d.event%d", w, n)})
					if n%7 == 0 {
						return failed
					}
					return err
				})
				if err != nil && !errors.Is(err, failed) {
					t.Errorf("writing an event: %v", err)
				}
			}
		}()
	}
	count := 0
	for _, committed := range want {
		if committed {
			count++
		}
	}
	last := map[string]string{}
	for _, kind := range f.kinds(t, count) {
		if !want[kind] {
			t.Errorf("the event %s failed, or came twice", kind)
		}
		want[kind] = false
		var w, n, before int
		_, _ = fmt.Sscanf(kind, "writer%d.event%d", &w, &n)
		if _, err := fmt.Sscanf(last[fmt.Sprint(w)], "%d", &before); err == nil && n < before {
			t.Errorf("the events of writer %d came in the order %d, %d", w, before, n)
		}
		last[fmt.Sprint(w)] = fmt.Sprint(n)
	}
}

// deletedEvents: the cursors of failed transactions are missing from the log too, and are nothing that
// a follower has missed.
func deletedEvents(t *testing.T) {
	db, log := openEvents(t)
	_ = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		return errors.Join(log.Append(t.Context(), tx, outbox.Event{Kind: "first.failed"}), errors.New("this transaction fails"))
	})
	write(t, log, "second.committed")
	if res := <-follow(t, log, 0).received; res.GetReset_() {
		t.Errorf("a follower at the beginning is told of missing events at %d", res.GetCursor())
	}
	if _, err := db.Exec(t.Context(), `UPDATE events SET created_at = 0`); err != nil {
		t.Fatal(err)
	}
	if err := log.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res := <-follow(t, log, 0).received; !res.GetReset_() || res.GetCursor() != 2 {
		t.Errorf("after events were deleted: reset %t at %d, want at 2", res.GetReset_(), res.GetCursor())
	}
	if res := <-follow(t, log, 2).received; res.GetReset_() {
		t.Error("a follower that read all deleted events is told of missing ones")
	}
	if res := <-follow(t, log, 40).received; !res.GetReset_() || res.GetCursor() != 2 {
		t.Errorf("a follower ahead of the log: reset %t at %d, want at 2", res.GetReset_(), res.GetCursor())
	}
}
