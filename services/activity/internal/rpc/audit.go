package rpc

import (
	"context"
	"strconv"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/activity/internal/access"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// EventReader lists events, the latest first.
type EventReader interface {
	Events(ctx context.Context, f trail.Filter) ([]trail.Event, error)
}

// Audit serves the audit trail.
type Audit struct {
	activityv1.UnsafeAuditServiceServer

	Reader  EventReader
	Access  access.Rules
	Clients ClientNames
}

// maxKinds is the most kinds of a filter.
const maxKinds = 50

// ListEvents lists events.
func (s *Audit) ListEvents(ctx context.Context, req *activityv1.ListEventsRequest) (*activityv1.ListEventsResponse, error) {
	f := trail.Filter{
		UserID: req.GetUserId(), WorkspaceID: req.GetWorkspaceId(), ClientID: req.GetClientId(), ActorID: req.GetActorId(),
		RequestID: req.GetRequestId(), Kinds: req.GetKinds(), Start: convert.TimeFromProto(req.GetStartTime()), End: convert.TimeFromProto(req.GetEndTime()),
	}
	if len(f.Kinds) > maxKinds {
		return nil, oerr.Invalid("kinds", "has more than "+strconv.Itoa(maxKinds)+" values")
	}
	var user access.User
	if !policy.IsOperator(ctx) {
		var err error
		if user, err = s.confirm(ctx, secret.New(req.GetSessionToken()), &f); err != nil {
			return nil, toStatus(err)
		}
	}
	const columns = 3
	page, err := paging.Of(req, columns)
	if err != nil {
		return nil, err
	}
	f.Limit = page.Size + 1
	if f.After, err = placeOf(page); err != nil {
		return nil, err
	}
	events, err := s.Reader.Events(ctx, f)
	if err != nil {
		return nil, toStatus(err)
	}
	found := convert.Each(events, toEvent)
	events, next := paging.Cut(events, paging.Fit(found, page.Size), func(e trail.Event) []string {
		return []string{paging.FormatTime(e.At), e.Source, paging.FormatNumber(e.Cursor)}
	})
	res := &activityv1.ListEventsResponse{Events: found[:len(events)], NextPageToken: next}
	if !policy.IsOperator(ctx) {
		if err := s.name(ctx, user, res); err != nil {
			return nil, toStatus(err)
		}
	}
	return res, nil
}

// placeOf returns the last event of the previous page; the zero value for the first page.
func placeOf(page paging.Page) (trail.Place, error) {
	at, err := page.Number(0)
	if err != nil {
		return trail.Place{}, err
	}
	cursor, err := page.Number(2)
	if err != nil {
		return trail.Place{}, err
	}
	if page.After[1] == "" && !page.First() {
		return trail.Place{}, paging.InvalidToken() // no source would be the first page
	}
	return trail.Place{At: at, Source: page.After[1], Cursor: cursor}, nil
}

// name adds the names of the clients and workspaces of the events.
func (s *Audit) name(ctx context.Context, user access.User, res *activityv1.ListEventsResponse) (err error) {
	var clients []string
	seen := map[string]bool{"": true}
	res.WorkspaceNames = map[string]string{}
	for _, e := range res.GetEvents() {
		if id := e.GetClientId(); !seen[id] {
			seen[id] = true
			clients = append(clients, id)
		}
		if name, member := user.Names[e.GetWorkspaceId()]; member {
			res.WorkspaceNames[e.GetWorkspaceId()] = name
		}
	}
	res.ClientNames, err = s.Clients.Names(ctx, clients)
	return err
}

// confirm restricts the filter to what the session's user may read. A session names one object: its
// own user, a workspace or a client.
func (s *Audit) confirm(ctx context.Context, session secret.String, f *trail.Filter) (access.User, error) {
	switch {
	case f.WorkspaceID != "":
		return s.Access.Workspace(ctx, session, f.WorkspaceID)
	case f.ClientID != "" && f.UserID == "":
		return s.Access.Client(ctx, session, f.ClientID)
	}
	user, err := s.Access.Own(ctx, session)
	if err != nil {
		return user, err
	}
	if f.UserID != "" && f.UserID != user.ID {
		return user, access.ErrNotFound
	}
	f.UserID, f.SignInsByHour, f.WithoutReturned = user.ID, true, true
	return user, nil
}
