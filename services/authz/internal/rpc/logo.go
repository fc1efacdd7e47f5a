package rpc

import (
	"context"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/logo"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// Logos serves the logos of clients.
type Logos struct {
	authzv1.UnsafeLogoServiceServer

	Store registry.LogoStore
}

// GetLogo returns a logo.
func (s *Logos) GetLogo(ctx context.Context, req *authzv1.GetLogoRequest) (*authzv1.GetLogoResponse, error) {
	if !logo.ValidHash(req.GetHash()) {
		return nil, toStatus(logo.ErrUnknown)
	}
	png, err := s.Store.Logo(ctx, req.GetHash())
	return &authzv1.GetLogoResponse{Png: png}, toStatus(err)
}

// SetClientLogo replaces or removes the logo of a client.
func (s *Administration) SetClientLogo(ctx context.Context, req *authzv1.SetClientLogoRequest) (*authzv1.SetClientLogoResponse, error) {
	registered, err := s.changed(ctx, req.GetClientId(), func() error {
		return s.Clients.SetLogo(ctx, req.GetClientId(), req.GetImage(), false)
	})
	return &authzv1.SetClientLogoResponse{Registration: registered}, err
}

// identityChange converts the fields that describe a client to users; an absent one stays unchanged.
func identityChange(req *authzv1.UpdateClientRequest) registry.IdentityChange {
	c := registry.IdentityChange{
		Publisher: req.Publisher, Purpose: req.Purpose, ClientURI: req.ClientUri, //nolint:protogetter // absent is not empty
		PolicyURI: req.PolicyUri, TermsURI: req.TosUri, //nolint:protogetter // absent is not empty
	}
	if len(req.GetOptionalScopes()) > 0 || req.GetClearOptionalScopes() {
		c.OptionalScope = append(oauth.Scope{}, req.GetOptionalScopes()...)
	}
	return c
}
