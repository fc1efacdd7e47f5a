package connectedapp

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Disconnect ends everything between the session's user and the app, in all workspaces. Ending what is ended succeeds.
// ErrClientMissing when no app is named.
func (d Desk) Disconnect(ctx context.Context, session secret.String, clientID string) error {
	userID, err := d.Identity.UserID(ctx, session)
	if err != nil {
		return err
	}
	if clientID == "" {
		return ErrClientMissing
	}
	pair := Pair{UserID: userID, ClientID: clientID}
	if err := d.Connections.EndConnection(ctx, pair); err != nil {
		return err
	}
	// Access has ended and the raised epoch hides the consents already. Dropping them is tidiness, and fails nothing.
	if err := d.prune(ctx, pair); err != nil {
		d.Logger.WarnContext(ctx, "pruning the consents of a disconnected app failed", "error", err)
	}
	return nil
}

// prune drops only what is older than the epoch read after the end: a person who approves the app again at this very
// moment does so at the new epoch, and that consent must stay.
func (d Desk) prune(ctx context.Context, pair Pair) error {
	epoch, err := d.Connections.Epoch(ctx, pair.UserID, pair.ClientID)
	if err != nil {
		return err
	}
	return d.Approvals.Prune(ctx, pair, epoch)
}
