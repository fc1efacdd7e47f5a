package rpc

import (
	"context"
	"errors"
	"strings"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/access"
)

// Access serves resource servers and the gateway.
type Access struct {
	tokenv1.UnsafeAccessServiceServer

	Decider access.Decider
}

// CheckAccess decides whether a request may call its endpoint. A denial is a response and not an
// error; when the decision cannot be made the status is UNAVAILABLE, whatever the cause.
func (s *Access) CheckAccess(ctx context.Context, req *tokenv1.CheckAccessRequest) (*tokenv1.CheckAccessResponse, error) {
	identity, denial, err := s.Decider.Decide(ctx, access.Request{
		Credential: enforce.Credential{Token: req.GetToken(), DPoP: req.GetDpopScheme(), Proofs: req.GetDpop()},
		Method:     req.GetMethod(), Path: req.GetPath(), Source: req.GetSourceAddress(),
	})
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		return nil, oerr.Unavailable(err)
	}
	if denial != nil {
		return &tokenv1.CheckAccessResponse{Decision: &tokenv1.CheckAccessResponse_Denied{Denied: &tokenv1.Denied{
			Status: int32(denial.Status), Code: denial.Code, Message: denial.Message, Challenge: denial.Challenge,
		}}}, nil
	}
	return &tokenv1.CheckAccessResponse{Decision: &tokenv1.CheckAccessResponse_Allowed{Allowed: &tokenv1.Allowed{
		Kind: tokenKind(identity.Kind), Sub: identity.Subject, ClientId: identity.ClientID, WorkspaceId: identity.WorkspaceID,
		Scope: identity.Scope, Aud: strings.Fields(identity.Audience),
	}}}, nil
}

// tokenKind converts a kind: the enum of the contract has the same numbers.
func tokenKind(k enforce.Kind) tokenv1.TokenKind { return tokenv1.TokenKind(k) }
