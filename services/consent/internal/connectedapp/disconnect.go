package connectedapp

import (
	"context"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Disconnect ends everything between the session's user and the app, in all workspaces. Ending what
// is ended succeeds. ErrClientMissing when no app is named, ErrNotConnected when the two never met:
// nobody can leave marks for made-up apps.
func (s Service) Disconnect(ctx context.Context, session secret.String, clientID string) error {
	userID, err := s.Identity.UserID(ctx, session)
	if err != nil {
		return err
	}
	if clientID == "" {
		return ErrClientMissing
	}
	pair := oauth.UserClient{UserID: userID, ClientID: clientID}
	if err := s.requireConnection(ctx, pair); err != nil {
		return err
	}
	if err := s.Connections.EndConnection(ctx, pair); err != nil {
		return err
	}
	// Access has ended and the raised epoch hides the consents already. Dropping them is tidiness,
	// and fails nothing.
	if err := s.prune(ctx, pair); err != nil {
		s.Logger.WarnContext(ctx, "pruning the consents of a disconnected app failed", "error", err)
	}
	return nil
}

// met fails with ErrNotConnected unless token or our own record knows the pair. Either is enough:
// whatever was issued must be possible to end.
func (s Service) requireConnection(ctx context.Context, pair oauth.UserClient) error {
	connections, err := s.Connections.ListConnections(ctx, pair.UserID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(connections, func(c oauth.Connection) bool { return c.ClientID == pair.ClientID }) {
		return nil
	}
	approvals, err := s.Approvals.Approvals(ctx, pair.UserID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(approvals, func(a Approval) bool { return a.ClientID == pair.ClientID }) {
		return nil
	}
	return ErrNotConnected
}

// prune drops only what is older than the epoch read after the end: a person who approves the app
// again at this very moment does so at the new epoch, and that consent must stay.
func (s Service) prune(ctx context.Context, pair oauth.UserClient) error {
	epoch, err := s.Connections.GetPairEpoch(ctx, pair)
	if err != nil {
		return err
	}
	return s.Approvals.Prune(ctx, pair, epoch)
}
