// Package codewire converts the value of an authorization code between its Go type and its message, in both directions: authz
// sends the message and token receives it, and a new field is converted in one file. It owns nothing else and validates nothing.
package codewire

import (
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// ToProto returns the message for a code's value.
func ToProto(a oauth.ApprovedRequest) *authzv1.ResolveCodeResponse {
	return &authzv1.ResolveCodeResponse{
		ClientId: a.ClientID, RedirectUri: a.RedirectURI, CodeChallenge: a.CodeChallenge, Scopes: a.Scope,
		UserId: a.UserID, DisplayName: a.DisplayName, WorkspaceId: a.WorkspaceID, Epoch: a.Epoch,
	}
}

// FromProto returns the value that a message carries.
func FromProto(res *authzv1.ResolveCodeResponse) oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{
				ClientID: res.GetClientId(), RedirectURI: res.GetRedirectUri(), CodeChallenge: res.GetCodeChallenge(),
			},
			Scope: res.GetScopes(),
		},
		UserID: res.GetUserId(), DisplayName: res.GetDisplayName(), WorkspaceID: res.GetWorkspaceId(), Epoch: res.GetEpoch(),
	}
}
