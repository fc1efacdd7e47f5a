package connectedapp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

var (
	errSignedOut = errors.New("session required")
	errDown      = errors.New("down")
)

// world is identity, authz, token and the store of a Service, in memory, for usr_john alone. The
// named call returns its error in fail; atEnd runs right after a connection was revoked.
type world struct {
	mu          sync.Mutex
	workspaces  map[string]string
	clients     map[string]string
	connections map[string]oauth.Connection
	approvals   []connectedapp.Approval
	revocations []connectedapp.Revocation
	fail        map[string]error
	atEnd       func()
	// digests are those of the clients now, and installations the grants to those that share their
	// identifier.
	digests       map[string]string
	installations []oauth.Installation
	ended         []string
	// calls counts the calls by name.
	calls map[string]int
}

func newWorld() *world {
	return &world{
		workspaces:  map[string]string{"ws_acme": "Acme", "ws_zoo": "Zoo"},
		clients:     map[string]string{"app_1": "Zebra", "app_2": "apple", "app_3": "Mango"},
		connections: map[string]oauth.Connection{},
		fail:        map[string]error{},
		atEnd:       func() {},
		calls:       map[string]int{},
	}
}

func (w *world) service() connectedapp.Service {
	return connectedapp.Service{
		Identity: w, Clients: w, Connections: w, Approvals: w,
		ScopeOrder: func() []string { return []string{"videos:read", "videos:write", "export:write"} },
		Logger:     slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// approve adds an approval, each a minute after the one before.
func (w *world) approve(clientID, workspaceID string, epoch int64, scope ...string) {
	w.approvals = append(w.approvals, connectedapp.Approval{
		ClientID: clientID, WorkspaceID: workspaceID, Epoch: epoch, Scope: oauth.Scope(scope),
		First: minute(len(w.approvals)), At: minute(len(w.approvals)),
	})
}

func minute(n int) time.Time { return time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC) }

func (w *world) enter(call string) (leave func(), err error) {
	w.mu.Lock()
	w.calls[call]++
	return w.mu.Unlock, w.fail[call]
}

func (w *world) UserID(_ context.Context, session secret.String) (string, error) {
	leave, err := w.enter("UserID")
	defer leave()
	if err == nil && session.Reveal() != "john" {
		err = errSignedOut
	}
	return "usr_john", err
}

func (w *world) WorkspaceNames(context.Context, string) (map[string]string, error) {
	leave, err := w.enter("WorkspaceNames")
	defer leave()
	return w.workspaces, err
}

func (w *world) DescribeClients(_ context.Context, ids []string) (map[string]connectedapp.Client, error) {
	leave, err := w.enter("DescribeClients")
	defer leave()
	found := map[string]connectedapp.Client{}
	for _, id := range ids {
		if name, ok := w.clients[id]; ok {
			found[id] = connectedapp.Client{
				Name: name, Identity: &oauth.AppIdentity{Publisher: "Publisher of " + name}, DescriptionDigest: w.digests[id],
				Shared: slices.ContainsFunc(w.installations, func(i oauth.Installation) bool { return i.ClientID == id }),
			}
		}
	}
	return found, err
}

func (w *world) ListConnections(context.Context, string) ([]oauth.Connection, error) {
	leave, err := w.enter("ListConnections")
	defer leave()
	var list []oauth.Connection
	for _, c := range w.connections {
		list = append(list, c)
	}
	return list, err
}

func (w *world) EndConnection(ctx context.Context, p oauth.UserClient) error {
	leave, err := w.enter("EndConnection")
	defer leave()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || p.UserID != "usr_john" {
		return err
	}
	c := w.connections[p.ClientID]
	w.connections[p.ClientID] = oauth.Connection{ClientID: p.ClientID, Epoch: c.Epoch + 1, LastUsed: c.LastUsed}
	w.atEnd()
	return nil
}

func (w *world) EndConnectionIn(_ context.Context, p oauth.UserClient, _ string) error {
	leave, err := w.enter("EndConnection")
	defer leave()
	if err != nil || p.UserID != "usr_john" {
		return err
	}
	c := w.connections[p.ClientID]
	w.connections[p.ClientID] = oauth.Connection{ClientID: p.ClientID, Epoch: c.Epoch + 1, Lenient: c.Lenient + 1, LastUsed: c.LastUsed}
	w.atEnd()
	return nil
}

func (w *world) ListInstallations(_ context.Context, _ string, ids []string) ([]oauth.Installation, error) {
	leave, err := w.enter("ListInstallations")
	defer leave()
	return slices.DeleteFunc(slices.Clone(w.installations), func(i oauth.Installation) bool { return !slices.Contains(ids, i.ClientID) }), err
}

func (w *world) EndInstallation(_ context.Context, p oauth.UserClient, id string) error {
	leave, err := w.enter("EndInstallation")
	defer leave()
	w.ended = append(w.ended, p.UserID+" "+p.ClientID+" "+id)
	return err
}

func (w *world) ListRevocations(context.Context, string) ([]connectedapp.Revocation, error) {
	leave, err := w.enter("ListRevocations")
	defer leave()
	return w.revocations, err
}

func (w *world) PruneIn(_ context.Context, p oauth.UserClient, workspaceID string, epoch int64) error {
	leave, err := w.enter("Prune")
	defer leave()
	if err == nil {
		w.approvals = slices.DeleteFunc(w.approvals, func(a connectedapp.Approval) bool {
			return a.ClientID == p.ClientID && a.WorkspaceID == workspaceID && a.Epoch < epoch
		})
	}
	return err
}

func (w *world) GetPairEpoch(_ context.Context, u oauth.UserClient) (int64, error) {
	leave, err := w.enter("GetPairEpoch")
	defer leave()
	return w.connections[u.ClientID].Epoch, err
}

func (w *world) Approvals(context.Context, string) ([]connectedapp.Approval, error) {
	leave, err := w.enter("Approvals")
	defer leave()
	return slices.Clone(w.approvals), err
}

func (w *world) Prune(_ context.Context, p oauth.UserClient, epoch int64) error {
	leave, err := w.enter("Prune")
	defer leave()
	if err == nil {
		w.approvals = slices.DeleteFunc(w.approvals, func(a connectedapp.Approval) bool {
			return a.ClientID == p.ClientID && a.Epoch < epoch
		})
	}
	return err
}
