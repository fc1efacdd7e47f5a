package main

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
)

// workspaceCommands are those on the clients of workspaces.
func workspaceCommands() []command {
	at := timestamppb.New(at.AsTime())
	return []command{
		{
			"workspaces apps ws_acme", "", "ListWorkspaceApps", &consentv1.ListWorkspaceAppsRequest{WorkspaceId: "ws_acme", PageSize: 100},
			&consentv1.ListWorkspaceAppsResponse{Apps: []*consentv1.WorkspaceApp{
				{ClientId: "vdo_client_a", ClientName: "An App", Users: 3, Scopes: []string{"videos:read"}, LastUseTime: at},
			}},
			[]string{"vdo_client_a", "An App", "3", "videos:read", "2026-11-24T06:30:00Z", "false"},
		},
		{
			"workspaces end-app ws_acme vdo_client_a --yes", "", "EndWorkspaceApp",
			&consentv1.EndWorkspaceAppRequest{WorkspaceId: "ws_acme", ClientId: "vdo_client_a"}, &consentv1.EndWorkspaceAppResponse{Users: 3},
			[]string{"vdo_client_a has no access to ws_acme any more"},
		},
		{
			"workspaces policy ws_acme", "", "GetWorkspacePolicy", &consentv1.GetWorkspacePolicyRequest{WorkspaceId: "ws_acme"},
			&consentv1.GetWorkspacePolicyResponse{
				Policy: consentv1.AppPolicy_APP_POLICY_APPROVED, WaitingRequests: 2, Approved: []*consentv1.ApprovedApp{{ClientId: "vdo_client_a", ClientName: "An App"}},
			},
			[]string{"approved", "2", "vdo_client_a (An App)"},
		},
		{
			"workspaces set-policy ws_acme nobody", "", "SetWorkspacePolicy",
			&consentv1.SetWorkspacePolicyRequest{WorkspaceId: "ws_acme", Policy: consentv1.AppPolicy_APP_POLICY_NOBODY}, &consentv1.SetWorkspacePolicyResponse{},
			[]string{"ws_acme has the policy nobody"},
		},
		{
			"workspaces approve-app ws_acme vdo_client_a", "", "SetAppApproval",
			&consentv1.SetAppApprovalRequest{WorkspaceId: "ws_acme", ClientId: "vdo_client_a", Approved: true}, &consentv1.SetAppApprovalResponse{},
			[]string{"vdo_client_a is approved in ws_acme"},
		},
		{
			"workspaces approve-app ws_acme vdo_client_a --withdraw", "", "SetAppApproval",
			&consentv1.SetAppApprovalRequest{WorkspaceId: "ws_acme", ClientId: "vdo_client_a"}, &consentv1.SetAppApprovalResponse{},
			[]string{"vdo_client_a is not approved any more in ws_acme"},
		},
		{
			"workspaces requests ws_acme", "", "ListAppRequests",
			&consentv1.ListAppRequestsRequest{WorkspaceId: "ws_acme", WaitingOnly: true, PageSize: 100},
			&consentv1.ListAppRequestsResponse{Requests: []*consentv1.AppRequest{
				{ClientId: "vdo_client_a", ClientName: "An App", UserId: "usr_a", Reason: "for captions", RequestTime: at, State: consentv1.AppRequestState_APP_REQUEST_STATE_WAITING},
			}},
			[]string{"vdo_client_a", "usr_a", "for captions", "waiting"},
		},
		{
			"workspaces answer ws_acme vdo_client_a refuse --word no", "", "DecideAppRequest",
			&consentv1.DecideAppRequestRequest{WorkspaceId: "ws_acme", ClientId: "vdo_client_a", Answer: "no"}, &consentv1.DecideAppRequestResponse{},
			[]string{"answered: refuse"},
		},
	}
}
