package rpc

import (
	"context"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/administration"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// CreateAuthenticationApp adds an authentication app and answers its secret, this once.
func (s *Administration) CreateAuthenticationApp(
	ctx context.Context, req *identityv1.CreateAuthenticationAppRequest,
) (*identityv1.CreateAuthenticationAppResponse, error) {
	name, err := administration.Name("name", req.GetName())
	if err != nil {
		return nil, fail(err)
	}
	if req.GetWorkspaceId() != "" && !account.ValidID(req.GetWorkspaceId()) {
		return nil, fail(account.ErrUnknownWorkspace)
	}
	app, clear, err := s.Apps.Create(ctx, name, req.GetWorkspaceId())
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.CreateAuthenticationAppResponse{AuthenticationApp: toApp(app), ClientSecret: clear.Reveal()}, nil
}

// ListAuthenticationApps reads every authentication app.
func (s *Administration) ListAuthenticationApps(
	ctx context.Context, _ *identityv1.ListAuthenticationAppsRequest,
) (*identityv1.ListAuthenticationAppsResponse, error) {
	list, err := s.Apps.Apps.ListApps(ctx)
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.ListAuthenticationAppsResponse{AuthenticationApps: each(list, toApp)}, nil
}

// RotateAuthenticationAppSecret draws a new secret and answers it, this once.
func (s *Administration) RotateAuthenticationAppSecret(
	ctx context.Context, req *identityv1.RotateAuthenticationAppSecretRequest,
) (*identityv1.RotateAuthenticationAppSecretResponse, error) {
	if err := appID(req.GetAuthenticationAppId()); err != nil {
		return nil, err
	}
	app, clear, err := s.Apps.Rotate(ctx, req.GetAuthenticationAppId(), seconds(req.GetOverlapSeconds()))
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.RotateAuthenticationAppSecretResponse{AuthenticationApp: toApp(app), ClientSecret: clear.Reveal()}, nil
}

// ApplyRevokeAuthenticationApp ends an authentication app for good.
func (s *Administration) ApplyRevokeAuthenticationApp(
	ctx context.Context, req *identityv1.ApplyRevokeAuthenticationAppRequest,
) (*identityv1.ApplyRevokeAuthenticationAppResponse, error) {
	if err := appID(req.GetAuthenticationAppId()); err != nil {
		return nil, err
	}
	return &identityv1.ApplyRevokeAuthenticationAppResponse{}, fail(s.Apps.Apps.RevokeApp(ctx, req.GetAuthenticationAppId()))
}

func appID(id string) error {
	if id == "" {
		return missing("authentication_app_id")
	}
	if !account.ValidID(id) {
		return fail(authapp.ErrUnknown)
	}
	return nil
}

// seconds is a number of seconds, where more than may be asked for stays more and does not turn round.
func seconds(n int64) time.Duration {
	const most = int64(authapp.MaxOverlap/time.Second) + 1
	return time.Duration(max(min(n, most), -1)) * time.Second
}
