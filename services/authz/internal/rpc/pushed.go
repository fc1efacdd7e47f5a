package rpc

import (
	"context"
	"errors"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// PushedAuthorizations serves pushed authorization requests.
type PushedAuthorizations struct {
	authzv1.UnsafePushedAuthorizationServiceServer

	Clients *Clients
	Flow    flow.Flow
}

// PushAuthorization stores the request of a client. The DPoP proof is recorded last: before the checks of
// the request, and the limit on those of strangers, anyone could have proofs recorded. A request whose
// proof was used before is stored until it expires, and its request_uri is not returned.
func (s *PushedAuthorizations) PushAuthorization(
	ctx context.Context, req *authzv1.PushAuthorizationRequest,
) (*authzv1.PushAuthorizationResponse, error) {
	registered, err := s.Clients.validateCredentials(ctx, req.GetClient())
	if err != nil {
		return nil, toStatus(err)
	}
	source := req.GetClient().GetSourceAddress()
	push := flow.PushRequest{
		ClientID: registered.ID, Form: req.GetForm(), Proof: flow.Proof{Key: req.GetDpopJkt(), Algorithm: req.GetDpopAlgorithm()}, Source: source,
	}
	if hint := req.GetIdTokenHint(); hint != nil {
		push.Hint = &flow.IDTokenHint{ClientID: hint.GetClientId(), UserID: hint.GetUserId()}
	}
	uri, lifetime, err := s.Flow.Push(document.WithSource(ctx, source), push)
	var refused *flow.RequestError
	switch {
	case errors.As(err, &refused):
		parameter, value := cause.Expected(err)
		return &authzv1.PushAuthorizationResponse{Refusal: &authzv1.PushRefusal{
			Error: refused.Code, ErrorDescription: refused.Text, Cause: oerr.Named(refused.Cause), ClientId: registered.ID,
			ExpectedParameter: parameter, Expected: value,
		}}, nil
	case err != nil:
		return nil, toStatus(err)
	}
	if err := s.Clients.useProof(ctx, req.GetClient()); err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.PushAuthorizationResponse{RequestUri: uri.Reveal(), ExpiresIn: int32(lifetime / time.Second)}, nil
}
