package rpc

import (
	"context"
	"log/slog"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Users serves VIDIZMO's user API through the gateway.
type Users struct {
	tokenv1.UnsafeUserServiceServer

	Service usertoken.Service
	Logger  *slog.Logger
}

// AuthenticateUser issues a user token. The user and the proof are in the log, in the audit trail
// and, for the retention of user tokens, in the token's row.
func (s *Users) AuthenticateUser(ctx context.Context, req *tokenv1.AuthenticateUserRequest) (*tokenv1.AuthenticateUserResponse, error) {
	attempt := usertoken.Attempt{Email: req.GetEmailAddress(), Source: req.GetSourceAddress(), UserAgent: req.GetUserAgent()}
	if req.Password != nil {
		attempt.Password = secretPtr(req.GetPassword())
	}
	if req.ClientSecret != nil {
		attempt.ClientSecret = secretPtr(req.GetClientSecret())
	}
	token, verified, err := s.Service.Authenticate(ctx, attempt)
	if err != nil {
		return nil, toStatus(err)
	}
	s.Logger.InfoContext(ctx, "user token issued", "user_id", verified.UserID, "authentication_app_id", verified.AppID,
		"workspace_id", verified.WorkspaceID, "proof", verified.Proof.String())
	return &tokenv1.AuthenticateUserResponse{Token: token.Reveal()}, nil
}

func secretPtr(text string) *secret.String {
	s := secret.New(text)
	return &s
}

// RefreshAccessToken replaces a user token.
func (s *Users) RefreshAccessToken(ctx context.Context, req *tokenv1.RefreshAccessTokenRequest) (*tokenv1.RefreshAccessTokenResponse, error) {
	token, err := s.Service.Refresh(ctx, req.GetToken())
	return &tokenv1.RefreshAccessTokenResponse{Token: token.Reveal()}, toStatus(err)
}

// Logout revokes a user token.
func (s *Users) Logout(ctx context.Context, req *tokenv1.LogoutRequest) (*tokenv1.LogoutResponse, error) {
	err := s.Service.Logout(ctx, req.GetToken())
	return &tokenv1.LogoutResponse{}, toStatus(err)
}

// GetUser returns a user as far as the bearer of the token may see them.
func (s *Users) GetUser(ctx context.Context, req *tokenv1.GetUserRequest) (*tokenv1.GetUserResponse, error) {
	u, err := s.Service.User(ctx, req.GetToken(), req.GetEmailAddress())
	if err != nil {
		return nil, toStatus(err)
	}
	res := &tokenv1.GetUserResponse{
		EmailAddress: u.Email, FirstName: u.FirstName, LastName: u.LastName, DisplayName: u.DisplayName, Status: "Active",
		Workspaces: make([]*tokenv1.UserWorkspace, len(u.Workspaces)),
	}
	if u.Disabled {
		res.Status = "Disabled"
	}
	for i, w := range u.Workspaces {
		res.Workspaces[i] = &tokenv1.UserWorkspace{Id: w.ID, Name: w.Name, Role: w.Role}
	}
	return res, nil
}
