package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// Administration serves the operator, and the token service where an app is kept out.
type Administration struct {
	authzv1.UnsafeAdministrationServiceServer

	Clients registry.Clients
}

// CreateClient registers an app.
func (s *Administration) CreateClient(ctx context.Context, req *authzv1.CreateClientRequest) (*authzv1.CreateClientResponse, error) {
	app := client.Registration{
		Client: client.Client{
			ID: req.GetClientId(), Name: req.GetName(), Type: typeOf(req.GetType()), GrantTypes: req.GetGrantTypes(),
			ResourceServer: req.GetResourceServer(),
		},
		RedirectURIs: req.GetRedirectUris(), Scope: oauth.Scope(req.GetScopes()),
	}
	if app.ID == "" {
		app.ID = client.NewID()
	}
	drawn, err := s.Clients.CreateClient(ctx, registry.New{Registration: app, AllowReservedName: req.GetAllowReservedName()})
	if err != nil {
		return nil, fail(err)
	}
	return &authzv1.CreateClientResponse{Registration: s.told(ctx, app), ClientSecret: drawn.Reveal()}, nil
}

// FindClient reads an app.
func (s *Administration) FindClient(ctx context.Context, req *authzv1.FindClientRequest) (*authzv1.FindClientResponse, error) {
	app, err := s.find(ctx, req.GetClientId())
	if err != nil {
		return nil, err
	}
	return &authzv1.FindClientResponse{Registration: app}, nil
}

func (s *Administration) find(ctx context.Context, id string) (*authzv1.Registration, error) {
	if err := wantClient(id); err != nil {
		return nil, err
	}
	app, err := s.Clients.FindClient(ctx, id)
	if err != nil {
		return nil, fail(err)
	}
	return registration(app), nil
}

// told is an app that was just given a secret; what is known of it when it cannot be read. The secret is nowhere else and must get
// through: whoever repeats the request would end the one in use.
func (s *Administration) told(ctx context.Context, known client.Registration) *authzv1.Registration {
	app, err := s.find(ctx, known.ID)
	if err != nil {
		return registration(registry.App{Registration: known})
	}
	return app
}

// ListClients reads a page of apps.
func (s *Administration) ListClients(ctx context.Context, req *authzv1.ListClientsRequest) (*authzv1.ListClientsResponse, error) {
	p, err := paging.Of(req, 2)
	if err != nil {
		return nil, err
	}
	list, err := s.Clients.ListClients(ctx, p.After[0], p.After[1], p.Size+1)
	if err != nil {
		return nil, fail(err)
	}
	list, next := paging.Cut(list, p.Size, func(a registry.App) []string { return []string{a.Name, a.ID} })
	res := &authzv1.ListClientsResponse{NextPageToken: next}
	for _, app := range list {
		res.Registrations = append(res.Registrations, registration(app))
	}
	return res, nil
}

// UpdateClient changes an app.
func (s *Administration) UpdateClient(ctx context.Context, req *authzv1.UpdateClientRequest) (*authzv1.UpdateClientResponse, error) {
	if err := wantClient(req.GetClientId()); err != nil {
		return nil, err
	}
	if req.Name != nil && req.GetName() == "" {
		return nil, fail(&registry.FieldError{Field: "name", Fault: "must not become empty"})
	}
	err := s.Clients.UpdateClient(ctx, registry.Change{
		ClientID: req.GetClientId(), Name: req.GetName(), RedirectURIs: req.GetRedirectUris(), Scope: oauth.Scope(req.GetScopes()),
		GrantTypes: req.GetGrantTypes(), ResourceServer: req.ResourceServer, AllowReservedName: req.GetAllowReservedName(),
	})
	if err != nil {
		return nil, fail(err)
	}
	app, err := s.find(ctx, req.GetClientId())
	return &authzv1.UpdateClientResponse{Registration: app}, err
}

// RotateClientSecret draws another secret.
func (s *Administration) RotateClientSecret(
	ctx context.Context, req *authzv1.RotateClientSecretRequest,
) (*authzv1.RotateClientSecretResponse, error) {
	if err := wantClient(req.GetClientId()); err != nil {
		return nil, err
	}
	seconds := min(max(req.GetOverlapSeconds(), -1), int64(registry.MaxOverlap/time.Second)+1) // so that it cannot overflow
	drawn, err := s.Clients.RotateClientSecret(ctx, req.GetClientId(), time.Duration(seconds)*time.Second)
	if err != nil {
		return nil, fail(err)
	}
	app := client.Registration{Client: client.Client{ID: req.GetClientId()}}
	return &authzv1.RotateClientSecretResponse{ClientSecret: drawn.Reveal(), Registration: s.told(ctx, app)}, nil
}

// RevokePreviousClientSecret ends the overlap of a rotation.
func (s *Administration) RevokePreviousClientSecret(
	ctx context.Context, req *authzv1.RevokePreviousClientSecretRequest,
) (*authzv1.RevokePreviousClientSecretResponse, error) {
	if err := wantClient(req.GetClientId()); err != nil {
		return nil, err
	}
	if err := s.Clients.RevokePreviousClientSecret(ctx, req.GetClientId()); err != nil {
		return nil, fail(err)
	}
	app, err := s.find(ctx, req.GetClientId())
	return &authzv1.RevokePreviousClientSecretResponse{Registration: app}, err
}

// EnableClient lets an app in again.
func (s *Administration) EnableClient(ctx context.Context, req *authzv1.EnableClientRequest) (*authzv1.EnableClientResponse, error) {
	return &authzv1.EnableClientResponse{}, s.setDisabled(ctx, req.GetClientId(), false)
}

// ApplyDisableClient keeps an app out.
func (s *Administration) ApplyDisableClient(
	ctx context.Context, req *authzv1.ApplyDisableClientRequest,
) (*authzv1.ApplyDisableClientResponse, error) {
	return &authzv1.ApplyDisableClientResponse{}, s.setDisabled(ctx, req.GetClientId(), true)
}

func (s *Administration) setDisabled(ctx context.Context, id string, disabled bool) error {
	if err := wantClient(id); err != nil {
		return err
	}
	return fail(s.Clients.SetClientDisabled(ctx, id, disabled))
}

// wantClient refuses what names no app before anything is looked up.
func wantClient(id string) error {
	if id == "" {
		return fail(&registry.FieldError{Field: "client_id", Fault: "is required"})
	}
	if !client.ValidID(id) {
		return fail(client.ErrUnknown)
	}
	return nil
}

func typeOf(t authzv1.ClientType) client.Type {
	switch t {
	case authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL:
		return client.Confidential
	case authzv1.ClientType_CLIENT_TYPE_PUBLIC:
		return client.Public
	case authzv1.ClientType_CLIENT_TYPE_UNSPECIFIED:
	}
	return ""
}

func registration(app registry.App) *authzv1.Registration {
	r := &authzv1.Registration{
		Client: describe(app.Client), RedirectUris: app.RedirectURIs, Scopes: app.Scope, Disabled: app.Disabled,
	}
	if !app.CreatedAt.IsZero() { // it is not known of one that could not be read
		r.CreateTime = timestamppb.New(app.CreatedAt)
	}
	for _, s := range app.Secrets {
		one := &authzv1.ClientSecret{LastFour: s.LastFour, CreateTime: timestamppb.New(s.CreatedAt)}
		if !s.ExpiresAt.IsZero() {
			one.ExpireTime = timestamppb.New(s.ExpiresAt)
		}
		r.Secrets = append(r.Secrets, one)
	}
	return r
}
