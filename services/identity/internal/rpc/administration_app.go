package rpc

import (
	"context"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/administration"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// CreateAuthenticationApp adds an authentication app and returns its secret, only this once.
func (s *Administration) CreateAuthenticationApp(
	ctx context.Context, req *identityv1.CreateAuthenticationAppRequest,
) (*identityv1.CreateAuthenticationAppResponse, error) {
	name, err := administration.Name("name", req.GetName())
	if err != nil {
		return nil, toStatus(err)
	}
	if req.GetWorkspaceId() != "" && !account.ValidID(req.GetWorkspaceId()) {
		return nil, toStatus(account.ErrUnknownWorkspace)
	}
	app, clear, err := s.Apps.CreateApp(ctx, name, req.GetWorkspaceId())
	return &identityv1.CreateAuthenticationAppResponse{AuthenticationApp: toApp(app), ClientSecret: clear.Reveal()}, toStatus(err)
}

// ListAuthenticationApps returns a page of authentication apps.
func (s *Administration) ListAuthenticationApps(
	ctx context.Context, req *identityv1.ListAuthenticationAppsRequest,
) (*identityv1.ListAuthenticationAppsResponse, error) {
	p, err := paging.OfLargest(req, 2)
	if err != nil {
		return nil, err
	}
	list, err := s.Apps.Apps.ListApps(ctx, authapp.App{Name: p.After[0], ID: p.After[1]}, p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(a authapp.App) []string { return []string{a.Name, a.ID} })
	return &identityv1.ListAuthenticationAppsResponse{AuthenticationApps: convert.Each(list, toApp), NextPageToken: next}, nil
}

// RotateAuthenticationAppSecret generates a new secret and returns it, only this once.
func (s *Administration) RotateAuthenticationAppSecret(
	ctx context.Context, req *identityv1.RotateAuthenticationAppSecretRequest,
) (*identityv1.RotateAuthenticationAppSecretResponse, error) {
	if err := checkAppID(req.GetAuthenticationAppId()); err != nil {
		return nil, err
	}
	app, clear, err := s.Apps.RotateAppSecret(ctx, req.GetAuthenticationAppId(), seconds(req.GetOverlapSeconds()))
	return &identityv1.RotateAuthenticationAppSecretResponse{AuthenticationApp: toApp(app), ClientSecret: clear.Reveal()}, toStatus(err)
}

// ApplyRevokeAuthenticationApp revokes an authentication app permanently.
func (s *Administration) ApplyRevokeAuthenticationApp(
	ctx context.Context, req *identityv1.ApplyRevokeAuthenticationAppRequest,
) (*identityv1.ApplyRevokeAuthenticationAppResponse, error) {
	if err := checkAppID(req.GetAuthenticationAppId()); err != nil {
		return nil, err
	}
	return &identityv1.ApplyRevokeAuthenticationAppResponse{}, toStatus(s.Apps.Apps.RevokeApp(ctx, req.GetAuthenticationAppId()))
}

func checkAppID(id string) error {
	if id == "" {
		return missing("authentication_app_id")
	}
	if !account.ValidID(id) {
		return toStatus(authapp.ErrUnknown)
	}
	return nil
}

// seconds converts a number of seconds without overflow: a value above the maximum stays above it.
func seconds(n int64) time.Duration {
	const limit = int64(secret.MaxOverlap/time.Second) + 1
	return time.Duration(max(min(n, limit), -1)) * time.Second
}
