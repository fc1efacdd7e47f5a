package outbox

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

const (
	// pollInterval is how often an open feed reads the head of the log.
	pollInterval = 250 * time.Millisecond
	// heartbeat is the longest time between two messages while everything was read.
	heartbeat = 5 * time.Second
	// lifetime is how long a feed lasts before it ends with OK: shorter than the grace of an aged
	// connection (rpcserver).
	lifetime = 2 * time.Minute
	// pageSize is the most events of a message, and pageBytes the size from which it gets no more: gRPC
	// refuses a message of 4 MiB, and one event is far smaller (maxValue).
	pageSize  = 200
	pageBytes = 1 << 20
)

// Feed serves the events of one service.
type Feed struct {
	eventv1.UnsafeEventServiceServer

	Log *Log
}

// Register serves the events of a log.
func (l *Log) Register(r grpc.ServiceRegistrar) { eventv1.RegisterEventServiceServer(r, &Feed{Log: l}) }

// Stop ends the open feeds, so that they do not delay a process that stops.
func (l *Log) Stop() { l.stop.Do(func() { close(l.stopping) }) }

// WatchEvents streams the events after a cursor.
func (f *Feed) WatchEvents(req *eventv1.WatchEventsRequest, stream eventv1.EventService_WatchEventsServer) error {
	ctx, cancel := context.WithTimeout(stream.Context(), lifetime)
	defer cancel()
	cursor, err := f.start(ctx, req.GetCursor(), stream)
	if err != nil {
		return f.ended(stream.Context(), ctx, err)
	}
	from := reader{log: f.Log, cursor: cursor}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	sent := time.Now()
	for {
		events, all, err := from.next(ctx)
		if err != nil {
			return f.ended(stream.Context(), ctx, err)
		}
		res := page(from.cursor, events)
		// A message without events says that there are none, which is not known while one is being written.
		if len(events) > 0 || all && time.Since(sent) >= heartbeat {
			if err := stream.Send(res); err != nil {
				return err
			}
			from.cursor, sent = res.GetCursor(), time.Now()
		}
		if len(events) == pageSize || len(res.GetEvents()) < len(events) {
			continue
		}
		select {
		case <-tick.C:
		case <-f.Log.stopping:
			return nil
		case <-ctx.Done():
			return f.ended(stream.Context(), ctx, ctx.Err())
		}
	}
}

// page returns a message with the first of the events: at least one of them, and as many as pageBytes
// allows.
func page(cursor int64, events []entry) *eventv1.WatchEventsResponse {
	res := &eventv1.WatchEventsResponse{Cursor: cursor}
	size := 0
	for _, e := range events {
		m := toProto(e)
		if size += proto.Size(m); size > pageBytes && len(res.GetEvents()) > 0 {
			break
		}
		res.Events, res.Cursor = append(res.Events, m), e.cursor
	}
	return res
}

// start acknowledges the requested cursor and sends the first message.
func (f *Feed) start(ctx context.Context, from int64, stream eventv1.EventService_WatchEventsServer) (int64, error) {
	if _, err := f.Log.db.Exec(ctx, f.Log.acknowledge, from); err != nil {
		return 0, err
	}
	var head, trimmed int64
	if err := f.Log.db.QueryRow(ctx, f.Log.head).Scan(&head); err != nil {
		return 0, err
	}
	if err := f.Log.db.QueryRow(ctx, f.Log.trimmed).Scan(&trimmed); err != nil {
		return 0, err
	}
	res := &eventv1.WatchEventsResponse{Cursor: from}
	switch {
	case from > head:
		res.Cursor, res.Reset_ = head, true
	case from < trimmed:
		// A first follower starts at 0: earlier events are not missing unless some were deleted.
		res.Cursor, res.Reset_ = trimmed, true
	}
	return res.GetCursor(), stream.Send(res)
}

// ended returns the status of a feed: OK at the end of its lifetime.
func (f *Feed) ended(caller, own context.Context, err error) error {
	if caller.Err() == nil && errors.Is(own.Err(), context.DeadlineExceeded) {
		return nil
	}
	if errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, errBehind) {
		return oerr.Unavailable(err)
	}
	return err
}

func toProto(e entry) *eventv1.Event {
	m := &eventv1.Event{
		Cursor: e.cursor, Kind: e.Kind, Actor: &eventv1.Actor{Kind: eventv1.ActorKind(e.Actor.Kind), Id: e.Actor.ID}, UserId: e.UserID,
		WorkspaceId: e.WorkspaceID, ClientId: e.ClientID, ObjectId: e.Object, Details: e.Details, RequestId: e.requestID,
		EventTime: timestamppb.New(e.at),
	}
	for _, c := range e.Changes {
		m.Changes = append(m.Changes, &eventv1.Change{Field: c.Field, Before: c.Before, After: c.After})
	}
	return m
}
