package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// The limits of one request.
const (
	maxReadings = 2
	maxBatch    = 1000
	// maxGrantSeconds is ten years: the life of a grant is bounded by a setting of the token service.
	maxGrantSeconds = 10 * 365 * 24 * 60 * 60
)

// Registry reads clients.
type Registry interface {
	// List returns the clients of the identifiers, with their scopes and without what else a registration
	// has. It omits unknown ones.
	List(ctx context.Context, ids []string) ([]client.Registration, error)
}

// Clients authenticates and describes clients.
type Clients struct {
	authzv1.UnsafeClientServiceServer

	Guard    client.Guard
	Registry Registry
	// Proofs records the DPoP proofs of requests.
	Proofs client.Proofs
	// Flow resolves the codes of requests.
	Flow flow.Flow
	// Uses keeps the clients that registered themselves as long as they are used.
	Uses Uses
	// Scopes records the scopes of tokens that clients got for themselves.
	Scopes flow.ScopeRecorder
	Logger *slog.Logger
}

// Uses notes which clients are used.
type Uses interface {
	// Use notes that a client made a request which may issue what is valid for grant; 0 for a request
	// that issues nothing.
	Use(ctx context.Context, clientID string, grant time.Duration) error
}

// AuthenticateClient validates the credentials that a client sent, in one or two readings, or its
// assertion. If it accepts them, it resolves the code or the device code of the request.
func (s *Clients) AuthenticateClient(
	ctx context.Context, req *authzv1.AuthenticateClientRequest,
) (*authzv1.AuthenticateClientResponse, error) {
	registered, err := s.validateCredentials(ctx, req)
	if err != nil {
		return nil, toStatus(err)
	}
	// A code or a device code is resolved first, which consumes neither: without one that is approved,
	// anyone could have proofs recorded.
	var approved oauth.ApprovedRequest
	var refused error
	switch {
	case req.GetDeviceCode() != "":
		approved, refused = s.Flow.PollDevice(ctx, secret.New(req.GetDeviceCode()), registered.ID)
	case req.GetCode() != "":
		approved, refused = s.Flow.Codes.Resolve(ctx, secret.New(req.GetCode()))
	}
	if refused == nil {
		if err := s.useProof(ctx, req); err != nil {
			return nil, toStatus(err)
		}
	}
	s.noteUse(ctx, registered.ID, req.GetGrantLifetimeSeconds())
	res := &authzv1.AuthenticateClientResponse{Client: describe(registered), ServiceScopes: registered.Service.Scope, Lease: leaseOf(req, registered)}
	switch {
	case req.GetDeviceCode() == "" && req.GetCode() == "":
		return res, nil
	case errors.Is(refused, code.ErrInvalid), errors.Is(refused, device.ErrRefused):
		res.Code = &authzv1.AuthenticateClientResponse_CodeRefusal{CodeRefusal: oerr.Named(cause.Of(refused))}
	case refused != nil:
		return nil, toStatus(refused)
	default:
		res.Code = &authzv1.AuthenticateClientResponse_ResolvedCode{ResolvedCode: convert.CodeToProto(approved)}
	}
	return res, nil
}

// leaseOf returns how long the response to an authentication by a secret, or without one, may be used
// again; nil for not at all. A code, an assertion and a proof are used once.
func leaseOf(req *authzv1.AuthenticateClientRequest, registered client.Client) *authzv1.AuthenticationLease {
	if req.GetCode() != "" || req.GetDeviceCode() != "" || req.GetAssertion() != nil || req.GetProof() != nil || registered.Stamp.Trusted <= 0 {
		return nil
	}
	return &authzv1.AuthenticationLease{
		ClientVersion: registered.Stamp.Version, TrustedMicroseconds: registered.Stamp.Trusted.Microseconds(),
		HoldsMicroseconds: registered.Stamp.Holds.Microseconds(),
	}
}

// noteUse notes the use of a client. A failure does not fail the request: a client is kept for much
// longer than until its next use.
func (s *Clients) noteUse(ctx context.Context, clientID string, seconds int64) {
	grant := time.Duration(min(max(seconds, 0), maxGrantSeconds)) * time.Second
	if err := s.Uses.Use(ctx, clientID, grant); err != nil {
		s.Logger.WarnContext(ctx, "the use of a client was not noted", "client_id", clientID, "error", err)
	}
}

// useProof records the use of the DPoP proof of a request, if it has one.
func (s *Clients) useProof(ctx context.Context, req *authzv1.AuthenticateClientRequest) error {
	if req.GetProof() == nil {
		return nil
	}
	lifetime := time.Duration(req.GetProof().GetLifetimeSeconds()) * time.Second
	return s.Proofs.Use(ctx, req.GetProof().GetId(), lifetime)
}

// validateCredentials validates the one client authentication of a request.
func (s *Clients) validateCredentials(ctx context.Context, req *authzv1.AuthenticateClientRequest) (client.Client, error) {
	ctx = document.WithSource(ctx, req.GetSourceAddress())
	n := len(req.GetCredentials())
	if sent := req.GetAssertion(); sent != nil {
		if n > 0 {
			return client.Client{}, invalid("assertion", "excludes credentials")
		}
		return s.Guard.AuthenticateAssertion(ctx, client.SentAssertion{
			Text: secret.New(sent.GetClientAssertion()), ClientID: sent.GetClientId(),
		}, req.GetSourceAddress())
	}
	if n == 0 || n > maxReadings {
		return client.Client{}, invalid("credentials", fmt.Sprintf("must be one to %d readings", maxReadings))
	}
	readings := make([]oauth.ClientCredentials, n)
	for i, c := range req.GetCredentials() {
		readings[i] = oauth.ClientCredentials{ID: c.GetClientId(), Secret: secret.New(c.GetClientSecret())}
	}
	return s.Guard.Authenticate(ctx, readings, req.GetSourceAddress())
}

// RecordServiceScopes records that a client got a token for itself.
func (s *Clients) RecordServiceScopes(
	_ context.Context, req *authzv1.RecordServiceScopesRequest,
) (*authzv1.RecordServiceScopesResponse, error) {
	if len(req.GetScopes()) > maxBatch {
		return nil, invalid("scopes", fmt.Sprintf("must be at most %d", maxBatch))
	}
	if client.ValidID(req.GetClientId()) {
		s.Scopes.Granted(req.GetClientId(), req.GetScopes())
	}
	return &authzv1.RecordServiceScopesResponse{}, nil
}

// BatchGetClients returns the public fields of several clients.
func (s *Clients) BatchGetClients(
	ctx context.Context, req *authzv1.BatchGetClientsRequest,
) (*authzv1.BatchGetClientsResponse, error) {
	if len(req.GetClientIds()) > maxBatch {
		return nil, invalid("client_ids", fmt.Sprintf("must be at most %d", maxBatch))
	}
	ids := slices.DeleteFunc(slices.Clone(req.GetClientIds()), func(id string) bool { return !client.ValidID(id) && !client.IsDocument(id) })
	list, err := s.Registry.List(ctx, ids)
	if err != nil {
		return nil, toStatus(err)
	}
	res := &authzv1.BatchGetClientsResponse{Clients: make([]*authzv1.Client, len(list))}
	for i, registered := range list {
		res.Clients[i] = describe(registered.Client)
		res.Clients[i].Identity = convert.AppIdentityToProto(registered.Identity)
		res.Clients[i].OwnerWorkspaceId = registered.Owner.WorkspaceID
		res.Clients[i].DescriptionDigest = registered.Description().Digest()
		res.Clients[i].Scopes = registered.Scope
	}
	return res, nil
}

func profile(p client.Profile) authzv1.Profile {
	if p == client.FAPI2 {
		return authzv1.Profile_PROFILE_FAPI2
	}
	return authzv1.Profile_PROFILE_UNSPECIFIED
}

func describe(registered client.Client) *authzv1.Client {
	kind := enumname.Parse[authzv1.ClientType](string(cmp.Or(registered.Type, client.Confidential)))
	described := &authzv1.Client{
		ClientId: registered.ID, Name: registered.Name, Type: kind, GrantTypes: registered.GrantTypes, ResourceServer: registered.ResourceServer,
		Reuse:       enumname.Parse[authzv1.Reuse](string(registered.Reuse)),
		WorkspaceId: registered.Service.WorkspaceID, IdTokenSignedResponseAlg: registered.EffectiveIDTokenAlgorithm(), SectorIdentifier: registered.Sector,
		DpopBoundAccessTokens: registered.DPoPRequired, Profile: profile(registered.Profile),
		BackchannelLogoutUri: registered.LogoutURI, BackchannelLogoutSessionRequired: registered.LogoutSessionRequired,
	}
	if retry := registered.RefreshRetry; retry != nil {
		described.RefreshRetrySeconds = proto.Int32(int32(*retry / time.Second))
	}
	return described
}
