package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// Administration serves the operator, and the token service when it disables a client.
type Administration struct {
	authzv1.UnsafeAdministrationServiceServer

	Clients registry.Clients
}

// CreateClient registers a client.
func (s *Administration) CreateClient(ctx context.Context, req *authzv1.CreateClientRequest) (*authzv1.CreateClientResponse, error) {
	registered := newRegistration(req)
	if registered.ID == "" {
		registered.ID = client.NewID()
	}
	keys, err := registry.ParseKeys(req.GetJwks())
	if err != nil {
		return nil, toStatus(err)
	}
	newSecret, err := s.Clients.CreateClient(ctx, registered, req.GetAllowReservedName(), keys...)
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.CreateClientResponse{Registration: s.readBack(ctx, registered), ClientSecret: newSecret.Reveal()}, nil
}

// newRegistration converts the description of a new client.
func newRegistration(req *authzv1.CreateClientRequest) client.Registration {
	registered := client.Registration{
		Client: client.Client{
			ID: req.GetClientId(), Name: req.GetName(), Type: client.Type(enumname.Of(req.GetType())), GrantTypes: req.GetGrantTypes(),
			ResourceServer: req.GetResourceServer(), RefreshRetry: secondsOrNil(req.RefreshRetrySeconds),
			Reuse:            oauth.Reuse(enumname.Of(req.GetReuse())),
			Service:          oauth.Service{WorkspaceID: req.GetWorkspaceId()},
			IDTokenAlgorithm: req.GetIdTokenSignedResponseAlg(),
			Identity: oauth.AppIdentity{
				Publisher: req.GetPublisher(), Purpose: req.GetPurpose(),
				ClientURI: req.GetClientUri(), PolicyURI: req.GetPolicyUri(), TermsURI: req.GetTosUri(),
			},
			BackChannelLogout: client.BackChannelLogout{
				LogoutURI: req.GetBackchannelLogoutUri(), LogoutSessionRequired: req.GetBackchannelLogoutSessionRequired(),
			},
			KeyAuthentication: client.KeyAuthentication{URI: req.GetJwksUri(), Algorithm: req.GetTokenEndpointAuthSigningAlg()},
			Security: client.Security{
				PushRequired: req.GetRequirePushedAuthorizationRequests(), DPoPRequired: req.GetDpopBoundAccessTokens(), Profile: client.Profile(enumname.Of(req.GetProfile())),
			},
		},
		RedirectURIs: req.GetRedirectUris(), Scope: oauth.Scope(req.GetScopes()), DefaultScope: oauth.Scope(req.GetDefaultScopes()),
		ApplicationType: client.ApplicationType(enumname.Of(req.GetApplicationType())), Unverified: req.GetUnverified(),
		OptionalScope:          oauth.Scope(req.GetOptionalScopes()),
		PostLogoutRedirectURIs: req.GetPostLogoutRedirectUris(),
	}
	if req.GetSubjectType() == authzv1.SubjectType_SUBJECT_TYPE_PAIRWISE {
		registered.Sector = registry.PairwiseSector
	}
	return registered
}

// FindClient returns a client.
func (s *Administration) FindClient(ctx context.Context, req *authzv1.FindClientRequest) (*authzv1.FindClientResponse, error) {
	registered, err := s.find(ctx, req.GetClientId())
	if err != nil {
		return nil, err
	}
	return &authzv1.FindClientResponse{Registration: registered}, nil
}

func (s *Administration) find(ctx context.Context, id string) (*authzv1.Registration, error) {
	if err := checkClientID(id); err != nil {
		return nil, err
	}
	registered, err := s.Clients.Store.FindClient(ctx, id)
	if err != nil {
		return nil, toStatus(err)
	}
	return registration(registered), nil
}

// changed makes a change of a client and returns the registration afterwards.
func (s *Administration) changed(ctx context.Context, id string, change func() error) (*authzv1.Registration, error) {
	err := checkClientID(id)
	if err == nil {
		err = change()
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return s.find(ctx, id)
}

// readBack returns the registration of a client whose secret was just created, or fallback if it
// cannot be read. The secret is stored nowhere in clear and must reach the caller: a repeated
// request would expire the one in use.
func (s *Administration) readBack(ctx context.Context, fallback client.Registration) *authzv1.Registration {
	registered, err := s.find(ctx, fallback.ID)
	if err != nil {
		return registration(registry.Client{Registration: fallback})
	}
	return registered
}

// ListClients returns a page of clients.
func (s *Administration) ListClients(ctx context.Context, req *authzv1.ListClientsRequest) (*authzv1.ListClientsResponse, error) {
	p, err := paging.Of(req, 2)
	if err != nil {
		return nil, err
	}
	list, err := s.Clients.Store.ListClients(ctx, p.After[0], p.After[1], p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(a registry.Client) []string { return []string{a.Name, a.ID} })
	return &authzv1.ListClientsResponse{Registrations: convert.Each(list, registration), NextPageToken: next}, nil
}

// UpdateClient changes a client.
func (s *Administration) UpdateClient(ctx context.Context, req *authzv1.UpdateClientRequest) (*authzv1.UpdateClientResponse, error) {
	change, err := changeOf(req)
	if err != nil {
		return nil, toStatus(err)
	}
	registered, err := s.changed(ctx, change.ClientID, func() error { return s.Clients.UpdateClient(ctx, change) })
	return &authzv1.UpdateClientResponse{Registration: registered}, err
}

// changeOf converts the change of a client. It returns an *oauth.FieldError, or NOT_FOUND.
func changeOf(req *authzv1.UpdateClientRequest) (registry.Change, error) {
	if err := checkClientID(req.GetClientId()); err != nil {
		return registry.Change{}, err
	}
	if req.Name != nil && req.GetName() == "" {
		return registry.Change{}, oauth.InvalidField("name", "must not become empty")
	}
	change := registry.Change{
		ClientID: req.GetClientId(), Name: req.GetName(), RedirectURIs: req.GetRedirectUris(), Scope: oauth.Scope(req.GetScopes()),
		GrantTypes: req.GetGrantTypes(), ResourceServer: req.ResourceServer, AllowReservedName: req.GetAllowReservedName(),
		RefreshRetry: secondsOrNil(req.RefreshRetrySeconds), DefaultRefreshRetry: req.GetDefaultRefreshRetry(),
		WorkspaceID:     req.GetWorkspaceId(),
		ApplicationType: client.ApplicationType(enumname.Of(req.GetApplicationType())), Unverified: req.Unverified, //nolint:protogetter // absent is not false
		Reuse: oauth.Reuse(enumname.Of(req.GetReuse())), IdentityChange: identityChange(req), IDTokenAlgorithm: req.GetIdTokenSignedResponseAlg(),
		PushRequired: req.RequirePushedAuthorizationRequests, DPoPRequired: req.DpopBoundAccessTokens, Profile: client.Profile(enumname.Of(req.GetProfile())), //nolint:protogetter // absent is not false
	}
	change.LogoutURI, change.LogoutSessionRequired = req.BackchannelLogoutUri, req.BackchannelLogoutSessionRequired //nolint:protogetter // absent is not empty
	if len(req.GetPostLogoutRedirectUris()) > 0 || req.GetClearPostLogoutRedirectUris() {
		change.PostLogoutRedirectURIs = append([]string{}, req.GetPostLogoutRedirectUris()...)
	}
	if len(req.GetDefaultScopes()) > 0 || req.GetClearDefaultScopes() {
		change.DefaultScope = append(oauth.Scope{}, req.GetDefaultScopes()...)
	}
	return change, addKeys(&change, req)
}

// RotateClientSecret generates another secret.
func (s *Administration) RotateClientSecret(
	ctx context.Context, req *authzv1.RotateClientSecretRequest,
) (*authzv1.RotateClientSecretResponse, error) {
	if err := checkClientID(req.GetClientId()); err != nil {
		return nil, err
	}
	newSecret, err := s.Clients.RotateClientSecret(ctx, req.GetClientId(), overlap(req.GetOverlapSeconds()), req.GetReplaceKeys())
	if err != nil {
		return nil, toStatus(err)
	}
	registered := client.Registration{Client: client.Client{ID: req.GetClientId()}}
	return &authzv1.RotateClientSecretResponse{ClientSecret: newSecret.Reveal(), Registration: s.readBack(ctx, registered)}, nil
}

// RevokePreviousClientSecret ends the overlap of a rotation.
func (s *Administration) RevokePreviousClientSecret(
	ctx context.Context, req *authzv1.RevokePreviousClientSecretRequest,
) (*authzv1.RevokePreviousClientSecretResponse, error) {
	registered, err := s.changed(ctx, req.GetClientId(), func() error {
		return s.Clients.RevokePreviousClientSecret(ctx, req.GetClientId())
	})
	return &authzv1.RevokePreviousClientSecretResponse{Registration: registered}, err
}

// EnableClient enables a client again.
func (s *Administration) EnableClient(ctx context.Context, req *authzv1.EnableClientRequest) (*authzv1.EnableClientResponse, error) {
	return &authzv1.EnableClientResponse{}, s.setDisabled(ctx, req.GetClientId(), false)
}

// ApplyDisableClient disables a client.
func (s *Administration) ApplyDisableClient(
	ctx context.Context, req *authzv1.ApplyDisableClientRequest,
) (*authzv1.ApplyDisableClientResponse, error) {
	return &authzv1.ApplyDisableClientResponse{}, s.setDisabled(ctx, req.GetClientId(), true)
}

// ApplyRemoveClientFromWorkspace removes a client from its workspace.
func (s *Administration) ApplyRemoveClientFromWorkspace(
	ctx context.Context, req *authzv1.ApplyRemoveClientFromWorkspaceRequest,
) (*authzv1.ApplyRemoveClientFromWorkspaceResponse, error) {
	if err := checkClientID(req.GetClientId()); err != nil {
		return nil, err
	}
	err := s.Clients.Store.RemoveFromWorkspace(ctx, req.GetClientId())
	return &authzv1.ApplyRemoveClientFromWorkspaceResponse{}, toStatus(err)
}

func (s *Administration) setDisabled(ctx context.Context, id string, disabled bool) error {
	if client.IsDocument(id) {
		if !document.ValidURL(id) {
			return toStatus(client.ErrUnknown)
		}
	} else if err := checkClientID(id); err != nil {
		return err
	}
	return toStatus(s.Clients.Store.SetClientDisabled(ctx, id, disabled))
}

// checkClientID refuses an invalid client identifier before any lookup.
func checkClientID(id string) error {
	if id == "" {
		return toStatus(oauth.InvalidField("client_id", "is required"))
	}
	if !client.ValidID(id) {
		return toStatus(client.ErrUnknown)
	}
	return nil
}

// secondsOrNil converts an optional number of seconds.
func secondsOrNil(seconds *int32) *time.Duration {
	if seconds == nil {
		return nil
	}
	d := time.Duration(*seconds) * time.Second
	return &d
}

func registration(registered registry.Client) *authzv1.Registration {
	r := &authzv1.Registration{
		Client: describe(registered.Client), RedirectUris: registered.RedirectURIs, Scopes: registered.Scope, Disabled: registered.Disabled,
		DefaultScopes: registered.DefaultScope, ApplicationType: enumname.Parse[authzv1.ApplicationType](string(registered.ApplicationType)), Unverified: registered.Unverified,
		RequirePushedAuthorizationRequests: registered.PushRequired,
	}
	r.PostLogoutRedirectUris, r.SubjectType = registered.PostLogoutRedirectURIs, authzv1.SubjectType_SUBJECT_TYPE_PUBLIC
	if registered.Sector != "" {
		r.SubjectType = authzv1.SubjectType_SUBJECT_TYPE_PAIRWISE
	}
	r.CreateTime = convert.TimeToProto(registered.CreatedAt) // the zero time is a client that could not be read
	for _, s := range registered.Secrets {
		r.Secrets = append(r.Secrets, &authzv1.ClientSecret{
			LastFour: s.LastFour, CreateTime: timestamppb.New(s.CreatedAt), SecretId: s.ID, CreatedByUserId: s.CreatedBy,
			LastUseTime: convert.TimeToProto(s.LastUsedAt), ExpireTime: convert.TimeToProto(s.ExpiresAt),
		})
	}
	r.Identity, r.OptionalScopes = convert.AppIdentityToProto(registered.AppIdentity()), registered.OptionalScope
	addRegisteredKeys(r, registered)
	addOwner(r, registered)
	r.UnusedScopes = registered.UnusedScope
	return r
}
