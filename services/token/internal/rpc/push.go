package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/source"
)

// PushAuthorization is RFC 9126 §2. It reads the client's authentication and the DPoP proof, as at
// every endpoint that clients call; the request itself is authz's.
func (s *OAuth) PushAuthorization(ctx context.Context, req *tokenv1.PushAuthorizationRequest) (*tokenv1.PushAuthorizationResponse, error) {
	creds, err := credentials(ctx, req)
	if err != nil {
		return nil, err
	}
	if creds.IsZero() {
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_NOT_NAMED, "client_id is required", oerr.WithField("client_id"))
	}
	proof, err := s.Proofs.Read(ctx, oauth.PushPath)
	if err != nil {
		return nil, toStatus(err)
	}
	client := &authzv1.AuthenticateClientRequest{SourceAddress: source.From(ctx)}
	presentCredentials(client, creds)
	presentProof(client, proof)
	pushed, err := s.Authz.Pushed.PushAuthorization(ctx, &authzv1.PushAuthorizationRequest{
		Client: client, Form: req.GetForm(), DpopJkt: proof.Key,
	})
	if status.Code(err) == codes.Unimplemented { // authz of release 0.1, during an upgrade
		return nil, oerr.Unavailable(err)
	}
	if err != nil {
		return nil, toStatus(fmt.Errorf("pushing an authorization request: %w", err))
	}
	res := &tokenv1.PushAuthorizationResponse{RequestUri: pushed.GetRequestUri(), ExpiresIn: pushed.GetExpiresIn()}
	if r := pushed.GetRefusal(); r != nil {
		res.Refusal = &tokenv1.PushRefusal{
			Error: r.GetError(), ErrorDescription: r.GetErrorDescription(), Cause: r.GetCause(), ClientId: r.GetClientId(),
		}
	}
	return res, nil
}
