package convert

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// CodeToProto returns the message of a code's value.
func CodeToProto(a oauth.ApprovedRequest) *authzv1.ResolveCodeResponse {
	return &authzv1.ResolveCodeResponse{
		Nonce: a.Nonce, AuthenticateTime: TimeToProto(a.AuthTime), SessionId: a.SessionID,
		ClientId: a.ClientID, RedirectUri: a.RedirectURI, CodeChallenge: a.CodeChallenge, Scopes: a.Scope, Resources: a.Resources,
		UserId: a.UserID, DisplayName: a.DisplayName, WorkspaceId: a.WorkspaceID, Epoch: a.Epoch, DpopJkt: a.DPoPKey, DescriptionDigest: a.DescriptionDigest,
	}
}

// CodeFromProto returns the value of a message.
func CodeFromProto(res *authzv1.ResolveCodeResponse) oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{
				ClientID: res.GetClientId(), RedirectURI: res.GetRedirectUri(), CodeChallenge: res.GetCodeChallenge(), DPoPKey: res.GetDpopJkt(),
			},
			Scope: res.GetScopes(), Resources: res.GetResources(), Nonce: res.GetNonce(), DescriptionDigest: res.GetDescriptionDigest(),
		},
		AuthTime: TimeFromProto(res.GetAuthenticateTime()), SessionID: res.GetSessionId(),
		UserID: res.GetUserId(), DisplayName: res.GetDisplayName(), WorkspaceID: res.GetWorkspaceId(), Epoch: res.GetEpoch(),
	}
}

// TimeToProto returns the message of a time; nil for the zero time.
func TimeToProto(at time.Time) *timestamppb.Timestamp {
	if at.IsZero() {
		return nil
	}
	return timestamppb.New(at)
}

// TimeFromProto returns the time of a message; the zero time for nil.
func TimeFromProto(at *timestamppb.Timestamp) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.AsTime()
}
