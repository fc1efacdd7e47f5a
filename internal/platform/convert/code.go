package convert

import (
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// CodeToProto returns the message of a code's value.
func CodeToProto(a oauth.ApprovedRequest) *authzv1.ResolveCodeResponse {
	return &authzv1.ResolveCodeResponse{
		ClientId: a.ClientID, RedirectUri: a.RedirectURI, CodeChallenge: a.CodeChallenge, Scopes: a.Scope, Resources: a.Resources,
		UserId: a.UserID, DisplayName: a.DisplayName, WorkspaceId: a.WorkspaceID, Epoch: a.Epoch, DpopJkt: a.DPoPKey,
	}
}

// CodeFromProto returns the value of a message.
func CodeFromProto(res *authzv1.ResolveCodeResponse) oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{
				ClientID: res.GetClientId(), RedirectURI: res.GetRedirectUri(), CodeChallenge: res.GetCodeChallenge(), DPoPKey: res.GetDpopJkt(),
			},
			Scope: res.GetScopes(), Resources: res.GetResources(),
		},
		UserID: res.GetUserId(), DisplayName: res.GetDisplayName(), WorkspaceID: res.GetWorkspaceId(), Epoch: res.GetEpoch(),
	}
}
