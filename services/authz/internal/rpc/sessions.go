package rpc

import (
	"context"
	"fmt"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// Sessions asks identity who a browser is: flow.Sessions.
type Sessions struct {
	Client identityv1.SessionServiceClient
}

// Check returns the session's user. It fails with flow.ErrSignedOut for a dead session.
func (s Sessions) Check(ctx context.Context, session secret.String) (string, error) {
	res, err := s.Client.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		return "", flow.ErrSignedOut
	}
	if err != nil {
		return "", fmt.Errorf("asking identity: %w", err)
	}
	return res.GetSession().GetUserId(), nil
}
