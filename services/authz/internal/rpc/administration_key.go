package rpc

import (
	"context"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// addKeys adds the keys of a request to a change.
func addKeys(change *registry.Change, req *authzv1.UpdateClientRequest) (err error) {
	change.JWKSURI, change.SigningAlgorithm = req.GetJwksUri(), req.TokenEndpointAuthSigningAlg //nolint:protogetter // absent is not empty
	change.Keys, err = registry.ParseKeys(req.GetJwks())
	return err
}

// AddClientKey registers another key.
func (s *Administration) AddClientKey(ctx context.Context, req *authzv1.AddClientKeyRequest) (*authzv1.AddClientKeyResponse, error) {
	registered, err := s.changed(ctx, req.GetClientId(), func() error {
		return s.Clients.AddClientKey(ctx, registry.NewKey{
			ClientID: req.GetClientId(), JWK: req.GetJwk(), Name: req.GetName(), Lifetime: lifetime(req.GetLifetimeSeconds()),
		})
	})
	return &authzv1.AddClientKeyResponse{Registration: registered}, err
}

// UpdateClientKey changes a key.
func (s *Administration) UpdateClientKey(
	ctx context.Context, req *authzv1.UpdateClientKeyRequest,
) (*authzv1.UpdateClientKeyResponse, error) {
	change := client.KeyChange{ClientID: req.GetClientId(), KeyID: req.GetKid(), Name: req.Name} //nolint:protogetter // absent is not empty
	if req.LifetimeSeconds != nil {
		validFor := lifetime(req.GetLifetimeSeconds())
		change.Lifetime = &validFor
	}
	registered, err := s.changed(ctx, change.ClientID, func() error { return s.Clients.UpdateClientKey(ctx, change) })
	return &authzv1.UpdateClientKeyResponse{Registration: registered}, err
}

// RemoveClientKey removes a key.
func (s *Administration) RemoveClientKey(
	ctx context.Context, req *authzv1.RemoveClientKeyRequest,
) (*authzv1.RemoveClientKeyResponse, error) {
	registered, err := s.changed(ctx, req.GetClientId(), func() error {
		return s.Clients.RemoveClientKey(ctx, req.GetClientId(), req.GetKid())
	})
	return &authzv1.RemoveClientKeyResponse{Registration: registered}, err
}

// lifetime converts a number of seconds. One beyond the bounds stays beyond them and cannot
// overflow.
func lifetime(seconds int64) time.Duration {
	const most = int64(100 * 365 * 24 * time.Hour / time.Second)
	return time.Duration(min(max(seconds, -1), most)) * time.Second
}

// addRegisteredKeys adds how a client authenticates to its description.
func addRegisteredKeys(to *authzv1.Registration, registered registry.Client) {
	to.TokenEndpointAuthMethod, to.TokenEndpointAuthSigningAlg, to.JwksUri = registered.Method, registered.Algorithm, registered.URI
	for _, key := range registered.Keys {
		one := &authzv1.ClientKey{
			Kid: key.ID, Name: key.Name, Jwk: string(key.JWK),
			CreateTime: convert.TimeToProto(key.CreatedAt), ExpireTime: convert.TimeToProto(key.ExpiresAt), LastUseTime: convert.TimeToProto(key.LastUsedAt),
		}
		if public, err := jose.ParseKey(key.JWK); err == nil {
			one.Kty = public.Type()
		}
		to.Keys = append(to.Keys, one)
	}
}
