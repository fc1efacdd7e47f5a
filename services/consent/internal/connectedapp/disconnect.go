package connectedapp

import (
	"context"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// DisconnectIn revokes the grants of the session's user to the client in one workspace. It is
// idempotent. ErrClientMissing when clientID is empty, ErrNotConnected when the user never approved
// the client, or the workspace is not one of the user's or of an approval.
func (s Service) DisconnectIn(ctx context.Context, session secret.String, clientID, workspaceID string) error {
	pair, err := s.connection(ctx, session, clientID)
	if err != nil {
		return err
	}
	if err := s.requireWorkspace(ctx, pair, workspaceID); err != nil {
		return err
	}
	if err := s.Connections.EndConnectionIn(ctx, pair, workspaceID); err != nil {
		return err
	}
	// The approvals of other workspaces are still valid, so the epoch does not hide the ones of this
	// workspace: until they are deleted they are listed, and a retry deletes them.
	epoch, err := s.Connections.GetPairEpoch(ctx, pair)
	if err != nil {
		return err
	}
	return s.Approvals.PruneIn(ctx, pair, workspaceID, epoch)
}

// EndInstallation revokes one grant of the session's user to a client whose identifier all
// installations share; the other grants and the approval stay. It is idempotent. Its errors are those
// of Disconnect.
func (s Service) EndInstallation(ctx context.Context, session secret.String, clientID, id string) error {
	pair, err := s.connection(ctx, session, clientID)
	if err != nil {
		return err
	}
	return s.Connections.EndInstallation(ctx, pair, id)
}

// requireWorkspace fails with ErrNotConnected unless the workspace is one of the user's, or of an
// approval of the client.
func (s Service) requireWorkspace(ctx context.Context, pair oauth.UserClient, workspaceID string) error {
	names, err := s.Identity.WorkspaceNames(ctx, pair.UserID)
	if err != nil {
		return err
	}
	if _, found := names[workspaceID]; found {
		return nil
	}
	return s.requireApproval(ctx, pair, func(a Approval) bool { return a.WorkspaceID == workspaceID })
}

// requireApproval fails with ErrNotConnected unless the user has approved the client as matches says.
func (s Service) requireApproval(ctx context.Context, pair oauth.UserClient, matches func(Approval) bool) error {
	approvals, err := s.Approvals.Approvals(ctx, pair.UserID)
	if err == nil && !slices.ContainsFunc(approvals, func(a Approval) bool { return a.ClientID == pair.ClientID && matches(a) }) {
		err = ErrNotConnected
	}
	return err
}

// Disconnect revokes every grant of the session's user to the client, in all workspaces. It is
// idempotent. ErrClientMissing when clientID is empty, ErrNotConnected when the user never approved
// the client, so that made-up identifiers leave no rows in the token service.
func (s Service) Disconnect(ctx context.Context, session secret.String, clientID string) error {
	pair, err := s.connection(ctx, session, clientID)
	if err != nil {
		return err
	}
	return s.disconnect(ctx, pair)
}

// disconnect revokes every grant of a user-client that is known to be connected.
func (s Service) disconnect(ctx context.Context, pair oauth.UserClient) error {
	if err := s.Connections.EndConnection(ctx, pair); err != nil {
		return err
	}
	// The grants are revoked and the new epoch hides the consents already. Deleting them is
	// cleanup, whose failure is only logged.
	if err := s.prune(ctx, pair); err != nil {
		s.Logger.WarnContext(ctx, "pruning the consents of a disconnected client failed", "error", err)
	}
	return nil
}

// disconnectTimeout is how long DisconnectAll may take for all clients of a user.
const disconnectTimeout = 30 * time.Second

// DisconnectAll revokes every grant of the session's user to every client. It is idempotent, also for a
// client that is disconnected concurrently. It resolves the session and reads the clients once, and not
// once more for each client. A caller that goes away does not interrupt it: some clients would stay
// connected.
func (s Service) DisconnectAll(ctx context.Context, session secret.String) error {
	userID, err := s.Identity.UserID(ctx, session)
	if err != nil {
		return err
	}
	f, err := s.gather(ctx, userID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), disconnectTimeout)
	defer cancel()
	for clientID := range f.current() {
		if err := s.disconnect(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}); err != nil {
			return err
		}
	}
	return nil
}

// connection returns the user-client of the session's user. ErrClientMissing when clientID is empty,
// ErrNotConnected unless the token service or our own store has the user-client. Either is enough: every
// token that was issued must be revocable.
func (s Service) connection(ctx context.Context, session secret.String, clientID string) (oauth.UserClient, error) {
	userID, err := s.Identity.UserID(ctx, session)
	pair := oauth.UserClient{UserID: userID, ClientID: clientID}
	if err != nil {
		return pair, err
	}
	if clientID == "" {
		return pair, ErrClientMissing
	}
	connections, err := s.Connections.ListConnections(ctx, userID)
	if err != nil || slices.ContainsFunc(connections, func(c oauth.Connection) bool { return c.ClientID == clientID }) {
		return pair, err
	}
	return pair, s.requireApproval(ctx, pair, func(Approval) bool { return true })
}

// prune deletes only consents older than the epoch that it reads after the revocation: a concurrent
// new approval of the client has the new epoch, and that consent must stay.
func (s Service) prune(ctx context.Context, pair oauth.UserClient) error {
	epoch, err := s.Connections.GetPairEpoch(ctx, pair)
	if err != nil {
		return err
	}
	return s.Approvals.Prune(ctx, pair, epoch)
}
