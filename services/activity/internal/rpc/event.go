package rpc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

func toEvent(e trail.Event) *eventv1.Event {
	m := &eventv1.Event{
		Kind: e.Kind, Actor: &eventv1.Actor{Kind: eventv1.ActorKind(e.ActorKind), Id: e.ActorID}, UserId: e.UserID, WorkspaceId: e.WorkspaceID,
		ClientId: e.ClientID, ObjectId: e.Object, Details: e.Details, RequestId: e.RequestID, EventTime: timestamppb.New(e.At), Count: e.Count,
	}
	for _, c := range e.Changes {
		m.Changes = append(m.Changes, &eventv1.Change{Field: c.Field, Before: c.Before, After: c.After})
	}
	return m
}

func fromEvent(source string, m *eventv1.Event) trail.Event {
	e := trail.Event{
		Source: source, Cursor: m.GetCursor(), Kind: m.GetKind(), ActorKind: int32(m.GetActor().GetKind()), ActorID: m.GetActor().GetId(),
		UserID: m.GetUserId(), WorkspaceID: m.GetWorkspaceId(), ClientID: m.GetClientId(), Object: m.GetObjectId(), Details: m.GetDetails(),
		RequestID: m.GetRequestId(), At: m.GetEventTime().AsTime(), Count: max(m.GetCount(), 1),
	}
	for _, c := range m.GetChanges() {
		e.Changes = append(e.Changes, trail.Change{Field: c.GetField(), Before: c.GetBefore(), After: c.GetAfter()})
	}
	return e
}

// Feed opens the feed of one service.
type Feed struct {
	Source string
	Client eventv1.EventServiceClient
}

// Open opens the feed after a cursor.
func (f Feed) Open(ctx context.Context, cursor int64) (trail.Stream, error) {
	stream, err := f.Client.WatchEvents(ctx, &eventv1.WatchEventsRequest{Cursor: cursor})
	if err != nil {
		return nil, fmt.Errorf("following the events of %s: %w", f.Source, err)
	}
	return feedStream{f.Source, stream}, nil
}

// feedStream is trail.Stream.
type feedStream struct {
	source string
	stream eventv1.EventService_WatchEventsClient
}

// Next is trail.Stream.
func (s feedStream) Next() (trail.Batch, error) {
	res, err := s.stream.Recv()
	if err != nil {
		return trail.Batch{}, err //nolint:wrapcheck // io.EOF has to stay recognizable
	}
	b := trail.Batch{Cursor: res.GetCursor(), Reset: res.GetReset_()}
	for _, e := range res.GetEvents() {
		b.Events = append(b.Events, fromEvent(s.source, e))
	}
	return b, nil
}
