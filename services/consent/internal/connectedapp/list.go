package connectedapp

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// List returns the clients of the session's user, ordered by name. A client is listed from the
// approval on, also before its code was redeemed.
func (s Service) List(ctx context.Context, session secret.String) ([]App, error) {
	userID, err := s.Identity.UserID(ctx, session)
	if err != nil {
		return nil, err
	}
	f, err := s.gather(ctx, userID)
	if err != nil {
		return nil, err
	}
	byClient := f.current()
	if len(byClient) == 0 {
		return nil, nil
	}
	clients, err := s.Clients.DescribeClients(ctx, slices.Sorted(maps.Keys(byClient)))
	if err != nil {
		return nil, err
	}
	installations, err := s.installations(ctx, userID, clients, f.workspaceNames)
	if err != nil {
		return nil, err
	}
	apps := make([]App, 0, len(byClient))
	for id, approvals := range byClient {
		apps = append(apps, App{
			ClientID: id, Name: cmp.Or(clients[id].Name, id), Identity: clients[id].Identity, Workspaces: s.workspaces(approvals, f.workspaceNames),
			// Approvals are in the order of time.
			FirstApprovedAt: first(approvals), ApprovedAt: approvals[len(approvals)-1].At, LastUsed: f.connections[id].LastUsed,
			Changes:       oauth.DescriptionChanges(f.connections[id].DescriptionDigest, clients[id].DescriptionDigest),
			Installations: installations[id], Lifetimes: f.connections[id].Lifetimes,
		})
	}
	slices.SortFunc(apps, func(a, b App) int { return byName(a.Name, b.Name, a.ClientID, b.ClientID) })
	return apps, nil
}

// first returns the time of the first approval.
func first(approvals []Approval) time.Time {
	earliest := slices.MinFunc(approvals, func(a, b Approval) int { return a.First.Compare(b.First) })
	return earliest.First
}

// installations returns the installations of the clients that share their identifiers, by client. They
// are read only if there is such a client.
func (s Service) installations(
	ctx context.Context, userID string, clients map[string]Client, workspaces map[string]string,
) (map[string][]Installation, error) {
	var shared []string
	for id, c := range clients {
		if c.Shared {
			shared = append(shared, id)
		}
	}
	byClient := map[string][]Installation{}
	for some := range slices.Chunk(shared, maxShared) {
		list, err := s.Connections.ListInstallations(ctx, userID, some)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			byClient[i.ClientID] = append(byClient[i.ClientID], Installation{
				ID: i.ID, WorkspaceName: nameOr(workspaces, i.WorkspaceID), CreatedAt: i.CreatedAt, LastUsed: i.LastUsed,
			})
		}
	}
	return byClient, nil
}

// maxShared is how many clients one ListInstallations call names.
const maxShared = 100

// facts are the data of three services about one user.
type facts struct {
	approvals []Approval
	// connections are by client; a client that is not in it has the zero value, as in Connections.
	connections    map[string]oauth.Connection
	workspaceNames map[string]string
}

func (s Service) gather(ctx context.Context, userID string) (facts, error) {
	var f facts
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { f.approvals, err = s.Approvals.Approvals(ctx, userID); return err })
	group.Go(func() (err error) { f.workspaceNames, err = s.Identity.WorkspaceNames(ctx, userID); return err })
	group.Go(func() error {
		list, err := s.Connections.ListConnections(ctx, userID)
		f.connections = make(map[string]oauth.Connection, len(list))
		for _, c := range list {
			f.connections[c.ClientID] = c
		}
		return err
	})
	err := group.Wait() // first, since f is incomplete before
	return f, err
}

// current returns the valid approvals, by client. An approval of an older epoch was revoked, or was
// recorded by a decision that a concurrent revocation invalidated: no token can be issued for it.
func (f facts) current() map[string][]Approval {
	byClient := make(map[string][]Approval)
	for _, a := range f.approvals {
		if c := f.connections[a.ClientID]; a.Epoch <= c.Epoch && a.Epoch >= c.Epoch-c.Lenient {
			byClient[a.ClientID] = append(byClient[a.ClientID], a)
		}
	}
	return byClient
}

// workspaces returns the rows of one client: for each workspace the union of the approved scopes,
// since every approval has its own tokens. Scopes that are no longer in the catalog come last: the
// client may still have a token with them.
func (s Service) workspaces(approvals []Approval, names map[string]string) []Workspace {
	approved := make(map[string]oauth.Scope)
	for _, a := range approvals {
		approved[a.WorkspaceID] = append(approved[a.WorkspaceID], a.Scope...)
	}
	list := make([]Workspace, 0, len(approved))
	for id, scope := range approved {
		list = append(list, Workspace{ID: id, Name: nameOr(names, id), Scope: scope.InOrder(s.ScopeOrder())})
	}
	slices.SortFunc(list, func(a, b Workspace) int { return byName(a.Name, b.Name, a.ID, b.ID) })
	return list
}

func nameOr(names map[string]string, id string) string {
	if name := names[id]; name != "" {
		return name
	}
	return id
}

// byName compares names without case; identifiers make the order of equal names deterministic.
func byName(a, b, idA, idB string) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(idA, idB))
}
