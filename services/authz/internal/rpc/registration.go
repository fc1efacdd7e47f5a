package rpc

import (
	"context"
	"errors"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
)

// Registrations serves clients that register themselves.
type Registrations struct {
	authzv1.UnsafeRegistrationServiceServer

	Registrar dynamic.Registrar
	Tokens    dynamic.InitialTokens
	// Count counts registrations by their result; the reason of success is UNSPECIFIED.
	Count func(failed bool, reason errorv1.Reason)
}

// RegisterClient registers a client.
func (s *Registrations) RegisterClient(
	ctx context.Context, req *authzv1.RegisterClientRequest,
) (*authzv1.RegisterClientResponse, error) {
	registered, err := s.Registrar.Register(ctx, metadataOf(req.GetMetadata()), secret.New(req.GetInitialAccessToken()), req.GetSourceAddress())
	err = registrationStatus(err)
	s.Count(err != nil, oerr.Reason(err))
	if err != nil {
		return nil, err
	}
	return &authzv1.RegisterClientResponse{
		Client: registeredClient(registered), ClientSecret: registered.Secret.Reveal(), RegistrationAccessToken: registered.Token.Reveal(),
	}, nil
}

// GetRegistration reads a registration.
func (s *Registrations) GetRegistration(
	ctx context.Context, req *authzv1.GetRegistrationRequest,
) (*authzv1.GetRegistrationResponse, error) {
	registered, err := s.Registrar.Read(ctx, req.GetClientId(), secret.New(req.GetRegistrationAccessToken()))
	return &authzv1.GetRegistrationResponse{Client: registeredClient(registered)}, registrationStatus(err)
}

// UpdateRegistration replaces a registration.
func (s *Registrations) UpdateRegistration(
	ctx context.Context, req *authzv1.UpdateRegistrationRequest,
) (*authzv1.UpdateRegistrationResponse, error) {
	updated, err := s.Registrar.Update(ctx, dynamic.Update{
		ClientID: req.GetClientId(), Token: secret.New(req.GetRegistrationAccessToken()),
		Metadata: metadataOf(req.GetMetadata()), Secret: secret.New(req.GetClientSecret()),
		Source: req.GetSourceAddress(),
	})
	if err != nil {
		return nil, registrationStatus(err)
	}
	return &authzv1.UpdateRegistrationResponse{
		Client: registeredClient(updated), ClientSecret: updated.Secret.Reveal(), RegistrationAccessToken: updated.Token.Reveal(),
	}, nil
}

// DisableRegistration disables the client of a registration that has had grants.
func (s *Registrations) DisableRegistration(
	ctx context.Context, req *authzv1.DisableRegistrationRequest,
) (*authzv1.DisableRegistrationResponse, error) {
	disabled, err := s.Registrar.Disable(ctx, req.GetClientId(), secret.New(req.GetRegistrationAccessToken()))
	return &authzv1.DisableRegistrationResponse{Disabled: disabled}, registrationStatus(err)
}

// ApplyDeleteRegistration deletes a registration.
func (s *Registrations) ApplyDeleteRegistration(
	ctx context.Context, req *authzv1.ApplyDeleteRegistrationRequest,
) (*authzv1.ApplyDeleteRegistrationResponse, error) {
	revoke, err := s.Registrar.Delete(ctx, req.GetClientId(), secret.New(req.GetRegistrationAccessToken()))
	return &authzv1.ApplyDeleteRegistrationResponse{RevocationRequired: revoke}, registrationStatus(err)
}

// CreateInitialAccessToken issues an initial access token.
func (s *Registrations) CreateInitialAccessToken(
	ctx context.Context, req *authzv1.CreateInitialAccessTokenRequest,
) (*authzv1.CreateInitialAccessTokenResponse, error) {
	seconds := min(max(req.GetLifetimeSeconds(), -1), math.MaxInt32) // so that it cannot overflow
	issued, token, err := s.Tokens.Create(ctx, dynamic.InitialToken{
		Name: req.GetName(), Scope: req.GetScopes(), UsesLeft: int(req.GetUses()),
	}, time.Duration(seconds)*time.Second)
	return &authzv1.CreateInitialAccessTokenResponse{InitialAccessToken: initialToken(issued), Token: token.Reveal()}, registrationStatus(err)
}

// ListInitialAccessTokens lists the initial access tokens.
func (s *Registrations) ListInitialAccessTokens(
	ctx context.Context, _ *authzv1.ListInitialAccessTokensRequest,
) (*authzv1.ListInitialAccessTokensResponse, error) {
	list, err := s.Tokens.Store.ListInitialTokens(ctx)
	return &authzv1.ListInitialAccessTokensResponse{InitialAccessTokens: convert.Each(list, initialToken)}, registrationStatus(err)
}

// RevokeInitialAccessToken revokes an initial access token.
func (s *Registrations) RevokeInitialAccessToken(
	ctx context.Context, req *authzv1.RevokeInitialAccessTokenRequest,
) (*authzv1.RevokeInitialAccessTokenResponse, error) {
	return &authzv1.RevokeInitialAccessTokenResponse{}, registrationStatus(s.Tokens.Store.RevokeInitialToken(ctx, req.GetId()))
}

// registrationStatus converts the errors of package dynamic; toStatus converts the others.
func registrationStatus(err error) error {
	var refused *dynamic.MetadataError
	switch {
	case errors.As(err, &refused) && refused.Member == "redirect_uris":
		return oerr.Refuse(errorv1.Cause_CAUSE_REDIRECT_URI_REFUSED, refused.Error(), oerr.WithField(refused.Member))
	case refused != nil:
		return oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_METADATA_REFUSED, refused.Error(), oerr.WithField(refused.Member))
	case errors.Is(err, dynamic.ErrOff):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, dynamic.ErrOff.Error())
	case errors.Is(err, dynamic.ErrToken):
		return oerr.New(errorv1.Reason_REASON_INVALID_REGISTRATION_TOKEN, dynamic.ErrToken.Error())
	case errors.Is(err, dynamic.ErrShared):
		return oerr.New(errorv1.Reason_REASON_UNAUTHORIZED_CLIENT, dynamic.ErrShared.Error())
	case errors.Is(err, dynamic.ErrFull):
		return oerr.Unavailable(err)
	case errors.Is(err, dynamic.ErrUnknownToken):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, dynamic.ErrUnknownToken.Error(), oerr.WithField("id"))
	}
	return toStatus(err)
}

func initialToken(t dynamic.InitialToken) *authzv1.InitialAccessToken {
	issued := &authzv1.InitialAccessToken{Id: t.ID, Name: t.Name, Scopes: t.Scope, UsesLeft: int32(t.UsesLeft)}
	if !t.CreatedAt.IsZero() {
		issued.CreateTime, issued.ExpireTime = timestamppb.New(t.CreatedAt), timestamppb.New(t.ExpiresAt)
	}
	return issued
}

func registeredClient(r dynamic.Registered) *authzv1.RegisteredClient {
	m := r.Metadata
	return &authzv1.RegisteredClient{ClientId: r.ID, CreateTime: timestamppb.New(r.CreatedAt), Metadata: &authzv1.ClientMetadata{
		RedirectUris: m.RedirectURIs, TokenEndpointAuthMethod: m.AuthMethod, GrantTypes: m.GrantTypes, ResponseTypes: m.ResponseTypes,
		ClientName: m.Name, ClientUri: m.URI, LogoUri: m.LogoURI, Scope: m.Scope, Contacts: m.Contacts, TosUri: m.TermsURI,
		PolicyUri: m.PolicyURI, JwksUri: m.KeysURI, Jwks: m.Keys, SoftwareId: m.SoftwareID, SoftwareVersion: m.SoftwareVersion,
		ApplicationType: m.ApplicationType, BackchannelLogoutUri: m.LogoutURI,
		BackchannelLogoutSessionRequired: m.LogoutSessionRequired, PostLogoutRedirectUris: m.PostLogoutURIs,
		DpopBoundAccessTokens: m.DPoPRequired, RequirePushedAuthorizationRequests: m.PushRequired, IdTokenSignedResponseAlg: m.IDTokenAlgorithm,
		SubjectType: m.SubjectType, TokenEndpointAuthSigningAlg: m.KeyAlgorithm,
	}}
}

func metadataOf(m *authzv1.ClientMetadata) dynamic.Metadata {
	return dynamic.Metadata{
		RedirectURIs: m.GetRedirectUris(), AuthMethod: m.GetTokenEndpointAuthMethod(), GrantTypes: m.GetGrantTypes(),
		ResponseTypes: m.GetResponseTypes(), Name: m.GetClientName(), URI: m.GetClientUri(), LogoURI: m.GetLogoUri(), Scope: m.GetScope(),
		Contacts: m.GetContacts(), TermsURI: m.GetTosUri(), PolicyURI: m.GetPolicyUri(), KeysURI: m.GetJwksUri(), Keys: m.GetJwks(),
		SoftwareID: m.GetSoftwareId(), SoftwareVersion: m.GetSoftwareVersion(), Statement: m.GetSoftwareStatement(),
		ApplicationType: m.GetApplicationType(), LogoutURI: m.GetBackchannelLogoutUri(),
		LogoutSessionRequired: m.GetBackchannelLogoutSessionRequired(), PostLogoutURIs: m.GetPostLogoutRedirectUris(),
		DPoPRequired: m.GetDpopBoundAccessTokens(), PushRequired: m.GetRequirePushedAuthorizationRequests(),
		IDTokenAlgorithm: m.GetIdTokenSignedResponseAlg(), SubjectType: m.GetSubjectType(), KeyAlgorithm: m.GetTokenEndpointAuthSigningAlg(),
	}
}
