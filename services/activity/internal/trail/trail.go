// Package trail follows the services' events into the audit trail.
//
// It owns the cursor of each feed: a batch is stored in the transaction that moves the cursor from
// the one that was read, so that an event is neither lost nor stored twice, whenever a process dies
// and however many replicas follow. It never decides what is an event: the services do.
package trail

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Change is one field of an object before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Event is one event.
type Event struct {
	// Source is the service that wrote it, and Cursor its place there.
	Source string
	Cursor int64
	Kind   string
	// ActorKind has the numbers of usher.event.v1.ActorKind.
	ActorKind                             int32
	ActorID                               string
	UserID, WorkspaceID, ClientID, Object string
	Changes                               []Change
	Details                               map[string]string
	RequestID                             string
	At                                    time.Time
	Count                                 int64
}

// Filter selects events. Empty fields select all.
type Filter struct {
	UserID, WorkspaceID, ClientID, ActorID, RequestID string
	Kinds                                             []string
	Start, End                                        time.Time
	// SignInsByHour makes the failed sign-ins of an hour one event, at the first of them, with their sum,
	// and likewise those of a program from one place, without a sum. Only with UserID.
	SignInsByHour bool
	// WithoutReturned leaves out the tokens that a client gave back; those that an operator revoked stay.
	WithoutReturned bool
	// After is the last event of the previous page.
	After Place
	Limit int
}

// Place is the place of an event in the list.
type Place struct {
	At     int64
	Source string
	Cursor int64
}

// Batch is one message of a feed.
type Batch struct {
	Events []Event
	// Cursor is the place up to which every event was sent.
	Cursor int64
	// Reset says that events after the requested cursor are missing.
	Reset bool
}

// ErrMoved says that another process stored the batch, or a later one.
var ErrMoved = errors.New("the feed was moved by another process")

// Store persists events and cursors.
type Store interface {
	// FeedCursor returns how far a source was stored; 0 for the start.
	FeedCursor(ctx context.Context, source string) (int64, error)
	// StoreEvents stores events and moves the cursor of their source; ErrMoved if it is not at from.
	StoreEvents(ctx context.Context, source string, from int64, b Batch) error
}

// Stream is an open feed.
type Stream interface {
	// Next returns the next message; io.EOF where the feed ends by itself.
	Next() (Batch, error)
}

// Follower follows one feed.
type Follower struct {
	Source string
	Store  Store
	// Open opens the feed after a cursor; the stream ends with ctx.
	Open   func(ctx context.Context, cursor int64) (Stream, error)
	Logger *slog.Logger
	// Stored, if not nil, is called after each message with the number of its events.
	Stored func(events int)
}

// Follow stores events until ctx ends or the feed does. Its error says why; nil where the feed ended
// by itself.
func (f Follower) Follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cursor, err := f.Store.FeedCursor(ctx, f.Source)
	if err != nil {
		return err
	}
	stream, err := f.Open(ctx, cursor)
	if err != nil {
		return err
	}
	for {
		batch, err := stream.Next()
		if err != nil {
			return err
		}
		if batch.Reset {
			f.Logger.WarnContext(ctx, "events are missing: the service's log was restored, or nothing read it for its longest retention",
				"source", f.Source, "cursor", cursor, "continues_after", batch.Cursor)
		}
		if batch.Cursor == cursor && len(batch.Events) == 0 {
			f.stored(0)
			continue
		}
		if err := f.Store.StoreEvents(ctx, f.Source, cursor, batch); err != nil {
			return err
		}
		cursor = batch.Cursor
		f.stored(len(batch.Events))
	}
}

func (f Follower) stored(events int) {
	if f.Stored != nil {
		f.Stored(events)
	}
}
