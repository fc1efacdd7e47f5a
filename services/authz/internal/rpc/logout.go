package rpc

import (
	"context"
	"errors"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/backchannel"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// Logouts validates logout requests of clients.
type Logouts struct {
	authzv1.UnsafeLogoutServiceServer

	Flow   flow.Flow
	Sender backchannel.Sender
}

// DeliverLogoutToken posts a logout token to a client.
func (s *Logouts) DeliverLogoutToken(
	ctx context.Context, req *authzv1.DeliverLogoutTokenRequest,
) (*authzv1.DeliverLogoutTokenResponse, error) {
	result, err := s.Sender.Send(ctx, req.GetClientId(), secret.New(req.GetLogoutToken()))
	return &authzv1.DeliverLogoutTokenResponse{HttpStatus: int32(result.Status), Problem: result.Problem, Retry: result.Retry}, toStatus(err)
}

// CheckLogout validates a logout request.
func (s *Logouts) CheckLogout(ctx context.Context, req *authzv1.CheckLogoutRequest) (*authzv1.CheckLogoutResponse, error) {
	checked, err := s.Flow.CheckLogout(ctx, flow.LogoutRequest{
		ClientID: req.GetClientId(), RedirectURI: req.GetPostLogoutRedirectUri(), State: req.GetState(),
		SessionID: req.GetSessionId(), Session: secret.New(req.GetSessionToken()),
	})
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "the client is not registered, or disabled")
	case errors.Is(err, flow.ErrLogoutURI):
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_LOGOUT_URI_NOT_REGISTERED, err.Error(),
			oerr.WithField("post_logout_redirect_uri"), oerr.WithClient(req.GetClientId()), oerr.WithExpected(cause.Expected(err)))
	case err != nil:
		return nil, toStatus(err)
	}
	return &authzv1.CheckLogoutResponse{ClientName: checked.ClientName, Location: checked.Location, SameSession: checked.SameSession, Unverified: checked.Unverified}, nil
}
