package rpc

import (
	"context"
	"errors"
	"net/url"
	"strings"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/source"
	"github.com/vidocu/usher/services/token/internal/idtoken"
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
	hint, err := s.pushedHint(ctx, req.GetForm())
	if err != nil {
		return nil, toStatus(err)
	}
	pushed, err := s.Authz.Pushed.PushAuthorization(ctx, &authzv1.PushAuthorizationRequest{
		Client: client, Form: req.GetForm(), DpopJkt: proof.Key, DpopAlgorithm: proof.Algorithm, IdTokenHint: hint,
	})
	if err != nil {
		return nil, toStatus(oerr.Wrap("pushing an authorization request", oerr.UnlessImplemented(err)))
	}
	res := &tokenv1.PushAuthorizationResponse{RequestUri: pushed.GetRequestUri(), ExpiresIn: pushed.GetExpiresIn()}
	if r := pushed.GetRefusal(); r != nil {
		res.Refusal = &tokenv1.PushRefusal{
			Error: r.GetError(), ErrorDescription: r.GetErrorDescription(), Cause: r.GetCause(), ClientId: r.GetClientId(),
			ExpectedParameter: r.GetExpectedParameter(), Expected: r.GetExpected(),
		}
	}
	return res, nil
}

// pushedHint verifies the parameter id_token_hint of a pushed request; nil where there is none, and for
// any other string than an ID token of this server, which authz refuses.
func (s *OAuth) pushedHint(ctx context.Context, form string) (*authzv1.IdTokenHint, error) {
	const name = "id_token_hint"
	if s.Hints == nil || !strings.Contains(form, name) {
		return nil, nil //nolint:nilnil // no hint is not a failure
	}
	params, err := url.ParseQuery(form)
	if err != nil || params.Get(name) == "" {
		return nil, nil //nolint:nilnil // authz parses the form, strictly
	}
	hint, err := s.Hints.Check(ctx, params.Get(name))
	if errors.Is(err, idtoken.ErrInvalid) {
		return nil, nil //nolint:nilnil // authz refuses the parameter
	}
	if err != nil {
		return nil, err
	}
	return &authzv1.IdTokenHint{ClientId: hint.ClientID, UserId: hint.UserID}, nil
}
