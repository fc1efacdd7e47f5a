package rpc

import (
	"context"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/ending"
)

// Endings serves operators who take access away.
type Endings struct {
	tokenv1.UnsafeEndingServiceServer

	Desk ending.Desk
}

// DisableUser keeps a user out.
func (s *Endings) DisableUser(ctx context.Context, req *tokenv1.DisableUserRequest) (*tokenv1.DisableUserResponse, error) {
	if err := wantIdentifiers(named{"user_id", req.GetUserId()}); err != nil {
		return nil, err
	}
	return &tokenv1.DisableUserResponse{}, fail(s.Desk.DisableUser(ctx, req.GetUserId()))
}

// SetPassword gives a user a new password.
func (s *Endings) SetPassword(ctx context.Context, req *tokenv1.SetPasswordRequest) (*tokenv1.SetPasswordResponse, error) {
	if err := wantIdentifiers(named{"user_id", req.GetUserId()}); err != nil {
		return nil, err
	}
	return &tokenv1.SetPasswordResponse{}, fail(s.Desk.SetPassword(ctx, req.GetUserId(), secret.New(req.GetPassword())))
}

// RemoveMember takes a user out of a workspace.
func (s *Endings) RemoveMember(ctx context.Context, req *tokenv1.RemoveMemberRequest) (*tokenv1.RemoveMemberResponse, error) {
	if err := wantIdentifiers(named{"user_id", req.GetUserId()}, named{"workspace_id", req.GetWorkspaceId()}); err != nil {
		return nil, err
	}
	return &tokenv1.RemoveMemberResponse{}, fail(s.Desk.RemoveMember(ctx, req.GetUserId(), req.GetWorkspaceId()))
}

// RevokeAuthenticationApp ends an authentication app.
func (s *Endings) RevokeAuthenticationApp(
	ctx context.Context, req *tokenv1.RevokeAuthenticationAppRequest,
) (*tokenv1.RevokeAuthenticationAppResponse, error) {
	if err := wantIdentifiers(named{"authentication_app_id", req.GetAuthenticationAppId()}); err != nil {
		return nil, err
	}
	return &tokenv1.RevokeAuthenticationAppResponse{}, fail(s.Desk.RevokeAuthenticationApp(ctx, req.GetAuthenticationAppId()))
}

// SetWorkspacePlan changes a workspace's plan.
func (s *Endings) SetWorkspacePlan(ctx context.Context, req *tokenv1.SetWorkspacePlanRequest) (*tokenv1.SetWorkspacePlanResponse, error) {
	if err := wantIdentifiers(named{"workspace_id", req.GetWorkspaceId()}, named{"plan", req.GetPlan()}); err != nil {
		return nil, err
	}
	return &tokenv1.SetWorkspacePlanResponse{}, fail(s.Desk.SetWorkspacePlan(ctx, req.GetWorkspaceId(), req.GetPlan()))
}
