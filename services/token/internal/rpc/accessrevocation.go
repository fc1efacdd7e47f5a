package rpc

import (
	"context"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/revocation"
)

// AccessRevocation is EndingService, through which operators revoke access.
type AccessRevocation struct {
	tokenv1.UnsafeEndingServiceServer

	Revoker revocation.Revoker
	Tokens  TokenRevoker
}

// TokenRevoker revokes one token of any client, and reports whether it was live. It returns when no
// replica treats the token as live.
type TokenRevoker interface {
	RevokeAccess(ctx context.Context, token secret.Hash, onlyClient string) (bool, error)
	RevokeRefresh(ctx context.Context, token secret.Hash, onlyClient string) (bool, error)
	RevokeUserToken(ctx context.Context, token secret.Hash) (bool, error)
}

// onID calls do with an identifier.
func onID(ctx context.Context, id namedField, do func(ctx context.Context, id string) error) error {
	if err := validateIdentifiers(id); err != nil {
		return err
	}
	return toStatus(do(ctx, id.value))
}

// DisableClient disables a client and revokes its grants.
func (s *AccessRevocation) DisableClient(ctx context.Context, req *tokenv1.DisableClientRequest) (*tokenv1.DisableClientResponse, error) {
	return &tokenv1.DisableClientResponse{}, onID(ctx, namedField{"client_id", req.GetClientId()}, s.Revoker.DisableClient)
}

// SuspendClient suspends a client of a workspace and revokes its grants.
func (s *AccessRevocation) SuspendClient(ctx context.Context, req *tokenv1.SuspendClientRequest) (*tokenv1.SuspendClientResponse, error) {
	return &tokenv1.SuspendClientResponse{}, onID(ctx, namedField{"client_id", req.GetClientId()}, func(ctx context.Context, id string) error {
		return s.Revoker.SuspendClient(ctx, id, req.GetNote())
	})
}

// RevokeClientGrants revokes every grant of a client.
func (s *AccessRevocation) RevokeClientGrants(
	ctx context.Context, req *tokenv1.RevokeClientGrantsRequest,
) (*tokenv1.RevokeClientGrantsResponse, error) {
	return &tokenv1.RevokeClientGrantsResponse{}, onID(ctx, namedField{"client_id", req.GetClientId()}, s.Revoker.RevokeClientGrants)
}

// RevokeUserGrants revokes every grant of a user, or those to one client.
func (s *AccessRevocation) RevokeUserGrants(ctx context.Context, req *tokenv1.RevokeUserGrantsRequest) (*tokenv1.RevokeUserGrantsResponse, error) {
	want := []namedField{{"user_id", req.GetUserId()}}
	if req.GetClientId() != "" {
		want = append(want, namedField{"client_id", req.GetClientId()})
	}
	if err := validateIdentifiers(want...); err != nil {
		return nil, err
	}
	return &tokenv1.RevokeUserGrantsResponse{}, toStatus(s.Revoker.RevokeUserGrants(ctx, req.GetUserId(), req.GetClientId()))
}

// EndToken revokes one token. A string without the format of a token is an unknown token, which is
// not an error.
func (s *AccessRevocation) EndToken(ctx context.Context, req *tokenv1.EndTokenRequest) (*tokenv1.EndTokenResponse, error) {
	token := req.GetToken()
	hash := secret.Sum(token)
	var wasLive bool
	var err error
	if token == "" {
		return nil, invalid("token", "is required")
	}
	switch enforce.KindOf(token) {
	case enforce.APIKey:
		return nil, invalid("token", "is an API key: revoke it by its identifier (key_…), from the list of its workspace's keys")
	case enforce.AccessToken:
		wasLive, err = s.Tokens.RevokeAccess(ctx, hash, "")
	case enforce.RefreshToken:
		wasLive, err = s.Tokens.RevokeRefresh(ctx, hash, "")
	case enforce.UserToken:
		wasLive, err = s.Tokens.RevokeUserToken(ctx, hash)
	}
	return &tokenv1.EndTokenResponse{Ended: wasLive}, toStatus(err)
}

// RemoveClientFromWorkspace removes a client from its workspace and revokes its own tokens.
func (s *AccessRevocation) RemoveClientFromWorkspace(
	ctx context.Context, req *tokenv1.RemoveClientFromWorkspaceRequest,
) (*tokenv1.RemoveClientFromWorkspaceResponse, error) {
	return &tokenv1.RemoveClientFromWorkspaceResponse{}, onID(ctx, namedField{"client_id", req.GetClientId()}, s.Revoker.RemoveClientFromWorkspace)
}

// DisableUser disables a user and revokes the user's access.
func (s *AccessRevocation) DisableUser(ctx context.Context, req *tokenv1.DisableUserRequest) (*tokenv1.DisableUserResponse, error) {
	return &tokenv1.DisableUserResponse{}, onID(ctx, namedField{"user_id", req.GetUserId()}, s.Revoker.DisableUser)
}

// SetPassword sets a user's password and revokes the user's sign-ins.
func (s *AccessRevocation) SetPassword(ctx context.Context, req *tokenv1.SetPasswordRequest) (*tokenv1.SetPasswordResponse, error) {
	return &tokenv1.SetPasswordResponse{}, onID(ctx, namedField{"user_id", req.GetUserId()}, func(ctx context.Context, id string) error {
		return s.Revoker.SetPassword(ctx, id, secret.New(req.GetPassword()))
	})
}

// RemoveMember removes a user from a workspace and revokes the access that the membership gave.
func (s *AccessRevocation) RemoveMember(ctx context.Context, req *tokenv1.RemoveMemberRequest) (*tokenv1.RemoveMemberResponse, error) {
	if err := validateIdentifiers(namedField{"user_id", req.GetUserId()}, namedField{"workspace_id", req.GetWorkspaceId()}); err != nil {
		return nil, err
	}
	return &tokenv1.RemoveMemberResponse{}, toStatus(s.Revoker.RemoveMember(ctx, req.GetUserId(), req.GetWorkspaceId()))
}

// RevokeAuthenticationApp revokes an authentication app and its user tokens.
func (s *AccessRevocation) RevokeAuthenticationApp(
	ctx context.Context, req *tokenv1.RevokeAuthenticationAppRequest,
) (*tokenv1.RevokeAuthenticationAppResponse, error) {
	return &tokenv1.RevokeAuthenticationAppResponse{}, onID(ctx, namedField{"authentication_app_id", req.GetAuthenticationAppId()}, s.Revoker.RevokeAuthenticationApp)
}

// SetWorkspacePlan changes a workspace's plan.
func (s *AccessRevocation) SetWorkspacePlan(ctx context.Context, req *tokenv1.SetWorkspacePlanRequest) (*tokenv1.SetWorkspacePlanResponse, error) {
	if err := validateIdentifiers(namedField{"workspace_id", req.GetWorkspaceId()}, namedField{"plan", req.GetPlan()}); err != nil {
		return nil, err
	}
	return &tokenv1.SetWorkspacePlanResponse{}, toStatus(s.Revoker.SetWorkspacePlan(ctx, req.GetWorkspaceId(), req.GetPlan()))
}
