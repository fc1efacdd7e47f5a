package rpc

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Authz calls the authorization service: it authenticates clients, resolves codes and disables
// clients.
type Authz struct {
	Clients authzv1.ClientServiceClient
	Codes   authzv1.CodeServiceClient
	Devices authzv1.DeviceServiceClient
	Pushed  authzv1.PushedAuthorizationServiceClient
	// Administration makes the change behind DisableClient.
	Administration authzv1.AdministrationServiceClient
	// Reviews makes the change behind SuspendClient.
	Reviews authzv1.ReviewServiceClient
	// Registrations makes the change behind DeleteRegistration.
	Registrations authzv1.RegistrationServiceClient
	Logouts       authzv1.LogoutServiceClient
	// Cache may be nil: authz is called for each authentication then.
	Cache *AuthenticationCache
	// GrantLifetime is how long what a token request issues is valid without another request.
	GrantLifetime time.Duration
}

// DisableClient is revocation.Clients.
func (a Authz) DisableClient(ctx context.Context, clientID string) error {
	_, err := a.Administration.ApplyDisableClient(ctx, &authzv1.ApplyDisableClientRequest{ClientId: clientID})
	return oerr.Wrap("disabling a client", err)
}

// SuspendClient is revocation.Clients.
func (a Authz) SuspendClient(ctx context.Context, clientID, note string) error {
	_, err := a.Reviews.ApplySuspendClient(ctx, &authzv1.ApplySuspendClientRequest{ClientId: clientID, Note: note})
	return oerr.Wrap("suspending a client", err)
}

// OwnedByWorkspace is revocation.Clients.
func (a Authz) OwnedByWorkspace(ctx context.Context, clientID string) (bool, error) {
	res, err := a.Clients.BatchGetClients(ctx, &authzv1.BatchGetClientsRequest{ClientIds: []string{clientID}})
	for _, c := range res.GetClients() {
		if c.GetClientId() == clientID && c.GetOwnerWorkspaceId() != "" {
			return true, nil
		}
	}
	return false, oerr.Wrap("reading a client", err)
}

// RecordServiceScopes records that a client got a token for itself. Release 0.1 of authz records nothing.
func (a Authz) RecordServiceScopes(ctx context.Context, clientID string, scopes []string) error {
	_, err := a.Clients.RecordServiceScopes(ctx, &authzv1.RecordServiceScopesRequest{ClientId: clientID, Scopes: scopes})
	if status.Code(err) == codes.Unimplemented {
		return nil
	}
	return oerr.Wrap("recording scopes", err)
}

// DisableRegistration is revocation.Registrations.
func (a Authz) DisableRegistration(ctx context.Context, clientID string, token secret.String) (disabled bool, err error) {
	res, err := a.Registrations.DisableRegistration(ctx, &authzv1.DisableRegistrationRequest{
		ClientId: clientID, RegistrationAccessToken: token.Reveal(),
	})
	return res.GetDisabled(), oerr.Wrap("disabling the client of a registration", err)
}

// DeleteRegistration is revocation.Registrations.
func (a Authz) DeleteRegistration(ctx context.Context, clientID string, token secret.String) (revoke bool, err error) {
	res, err := a.Registrations.ApplyDeleteRegistration(ctx, &authzv1.ApplyDeleteRegistrationRequest{
		ClientId: clientID, RegistrationAccessToken: token.Reveal(),
	})
	return res.GetRevocationRequired(), oerr.Wrap("deleting a registration", err)
}

// ClientExists is revocation.Registrations.
func (a Authz) ClientExists(ctx context.Context, clientID string) (bool, error) {
	res, err := a.Clients.BatchGetClients(ctx, &authzv1.BatchGetClientsRequest{ClientIds: []string{clientID}})
	return len(res.GetClients()) > 0, oerr.Wrap("reading a client", err)
}

// RemoveFromWorkspace is revocation.Clients.
func (a Authz) RemoveFromWorkspace(ctx context.Context, clientID string) error {
	_, err := a.Administration.ApplyRemoveClientFromWorkspace(ctx, &authzv1.ApplyRemoveClientFromWorkspaceRequest{ClientId: clientID})
	return oerr.Wrap("removing a client from its workspace", err)
}

// Client authenticates a client by its credentials, for a request from a source address.
func (a Authz) Client(ctx context.Context, creds grant.Credentials, source string) (*authzv1.Client, error) {
	res, err := a.authenticate(ctx, creds, &authzv1.AuthenticateClientRequest{SourceAddress: source})
	return res.GetClient(), err
}

func (a Authz) authenticate(
	ctx context.Context, creds grant.Credentials, req *authzv1.AuthenticateClientRequest,
) (*authzv1.AuthenticateClientResponse, error) {
	presentCredentials(req, creds)
	res, err := a.Cache.authenticate(req, func() (*authzv1.AuthenticateClientResponse, error) { return a.Clients.AuthenticateClient(ctx, req) })
	if err != nil {
		return nil, fmt.Errorf("authenticating the client: %w", err)
	}
	return res, nil
}

// presentCredentials adds the client authentication to a request.
func presentCredentials(req *authzv1.AuthenticateClientRequest, creds grant.Credentials) {
	for _, r := range creds.Readings {
		req.Credentials = append(req.Credentials, &authzv1.ClientCredentials{ClientId: r.ID, ClientSecret: r.Secret.Reveal()})
	}
	if !creds.Assertion.IsZero() {
		req.Assertion = &authzv1.ClientAssertion{ClientAssertion: creds.Assertion.Reveal(), ClientId: creds.ClientID}
	}
}

// Authenticate is grant.Clients. It resolves the code or the device code of the request in the same
// call.
func (a Authz) Authenticate(ctx context.Context, req grant.Request) (grant.Client, error) {
	call := &authzv1.AuthenticateClientRequest{SourceAddress: req.Source, GrantLifetimeSeconds: int64(a.GrantLifetime / time.Second)}
	switch code, deviceCode := req.Code.Reveal(), req.DeviceCode.Reveal(); {
	case req.GrantType == oauth.AuthorizationCodeGrant && len(code) <= grant.MaxCode:
		call.Code = code
	case req.GrantType == oauth.DeviceCodeGrant && len(deviceCode) <= grant.MaxCode:
		call.DeviceCode = deviceCode
	}
	presentProof(call, req.Proof)
	res, err := a.authenticate(ctx, req.Credentials, call)
	if err != nil {
		return grant.Client{}, err
	}
	c := res.GetClient()
	fapi2 := c.GetProfile() == authzv1.Profile_PROFILE_FAPI2
	client := grant.Client{
		ID: c.GetClientId(), GrantTypes: c.GetGrantTypes(), Reuse: oauth.Reuse(enumname.Of(c.GetReuse())),
		IDTokenAlgorithm: c.GetIdTokenSignedResponseAlg(), Sector: c.GetSectorIdentifier(),
		Public: c.GetType() == authzv1.ClientType_CLIENT_TYPE_PUBLIC, DPoPRequired: c.GetDpopBoundAccessTokens() || fapi2, FAPI2: fapi2,
		Service: oauth.Service{WorkspaceID: c.GetWorkspaceId(), Scope: res.GetServiceScopes()},
	}
	if c.RefreshRetrySeconds != nil {
		window := time.Duration(c.GetRefreshRetrySeconds()) * time.Second
		client.RefreshRetry = &window
	}
	switch result := res.GetCode().(type) {
	case *authzv1.AuthenticateClientResponse_ResolvedCode:
		client.Code = &grant.ResolvedCode{Approved: convert.CodeFromProto(result.ResolvedCode)}
	case *authzv1.AuthenticateClientResponse_CodeRefusal:
		client.Code = &grant.ResolvedCode{Err: cause.With(grant.ErrCodeUnknown, oerr.NameOf(result.CodeRefusal))}
	}
	return client, nil
}

// Resolve is grant.Codes, for authz of release 0.1, which does not resolve the code in Authenticate.
func (a Authz) Resolve(ctx context.Context, code secret.String) (oauth.ApprovedRequest, error) {
	res, err := a.Codes.ResolveCode(ctx, &authzv1.ResolveCodeRequest{Code: code.Reveal()})
	if oerr.Reason(err) == errorv1.Reason_REASON_INVALID_CODE {
		return oauth.ApprovedRequest{}, cause.With(grant.ErrCodeUnknown, oerr.NameOf(oerr.Cause(err)))
	}
	return convert.CodeFromProto(res), oerr.Wrap("resolving the code", err)
}
