package connectedapp

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/secret"
)

// EventKind is what happened to a client's access.
type EventKind int

// The kinds of events. The zero value is none.
const (
	// Approved is an approval by the user.
	Approved EventKind = 1
	// Disconnected is a revocation by the user.
	Disconnected EventKind = 2
	// Reused is a revocation after a spent refresh token was presented again.
	Reused EventKind = 3
	// Revoked is a revocation for another reason, or one that is not known any more.
	Revoked EventKind = 4
)

// Event is something that happened to a client's access.
type Event struct {
	Kind EventKind
	// ClientID is empty where all clients were revoked at once.
	ClientID string
	// ClientName is untrusted text, or the identifier of a client that is not registered any more.
	ClientName string
	// WorkspaceName is untrusted text; empty for all workspaces.
	WorkspaceName string
	At            time.Time
}

// Revocation is the latest revocation of a client's access.
type Revocation struct {
	Kind EventKind
	// ClientID is empty for all clients, and WorkspaceID for all workspaces.
	ClientID, WorkspaceID string
	At                    time.Time
}

// maxEvents is how many events Events returns.
const maxEvents = 200

// Events returns the latest approvals and revocations of the session's user, the newest first, as
// far as the stored approvals and the revocation log have them. Of each client and workspace there is at
// most one approval and one revocation, so the cost does not grow with time.
func (s Service) Events(ctx context.Context, session secret.String) ([]Event, error) {
	userID, err := s.Identity.UserID(ctx, session)
	if err != nil {
		return nil, err
	}
	var approvals []Approval
	var revocations []Revocation
	var workspaces map[string]string
	group, gathering := errgroup.WithContext(ctx)
	group.Go(func() (err error) { approvals, err = s.Approvals.Approvals(gathering, userID); return err })
	group.Go(func() (err error) { revocations, err = s.Connections.ListRevocations(gathering, userID); return err })
	group.Go(func() (err error) { workspaces, err = s.Identity.WorkspaceNames(gathering, userID); return err })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	events := latestApprovals(approvals, workspaces)
	for _, r := range revocations {
		e := Event{Kind: r.Kind, ClientID: r.ClientID, At: r.At}
		if r.WorkspaceID != "" {
			e.WorkspaceName = nameOr(workspaces, r.WorkspaceID)
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ClientID, b.ClientID)) })
	events = events[:min(len(events), maxEvents)]
	return events, s.name(ctx, events)
}

// latestApprovals returns the latest approval of each client and workspace.
func latestApprovals(approvals []Approval, workspaces map[string]string) []Event {
	type key struct{ client, workspace string }
	latest := make(map[key]Event)
	for _, a := range approvals { // in the order of time
		latest[key{a.ClientID, a.WorkspaceID}] = Event{
			Kind: Approved, ClientID: a.ClientID, WorkspaceName: nameOr(workspaces, a.WorkspaceID), At: a.At,
		}
	}
	return slices.Collect(maps.Values(latest))
}

// name sets the names of the clients of events.
func (s Service) name(ctx context.Context, events []Event) error {
	ids := map[string]bool{}
	for _, e := range events {
		if e.ClientID != "" {
			ids[e.ClientID] = true
		}
	}
	if len(ids) == 0 {
		return nil
	}
	names, err := s.Clients.ClientNames(ctx, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return err
	}
	for i := range events {
		events[i].ClientName = nameOr(names, events[i].ClientID)
	}
	return nil
}
