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

// Sessions implements flow.Sessions with the identity service.
type Sessions struct {
	Client identityv1.SessionServiceClient
}

// Check returns the user of a session, or flow.ErrSignedOut if the session is invalid.
func (s Sessions) Check(ctx context.Context, session secret.String) (flow.User, error) {
	res, err := s.Client.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		return flow.User{}, flow.ErrSignedOut
	}
	if err != nil {
		return flow.User{}, fmt.Errorf("getting the session: %w", err)
	}
	user := flow.User{UserID: res.GetSession().GetUserId()}
	if at := res.GetSession().GetAuthenticateTime(); at != nil {
		user.AuthenticatedAt = at.AsTime()
	}
	return user, nil
}
