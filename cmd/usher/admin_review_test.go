package main

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// reviewCommands are those on the clients of workspaces.
func reviewCommands() []command {
	at := timestamppb.New(at.AsTime())
	owned := &authzv1.Registration{
		Client: &authzv1.Client{ClientId: "vdo_client_a", Name: "An App"}, Identity: &authzv1.AppIdentity{Publisher: "A Company"},
		OwnerWorkspaceId: "ws_acme", CreatedByUserId: "usr_ann", Status: authzv1.ClientStatus_CLIENT_STATUS_SUBMITTED, SubmitTime: at, ReviewNote: "A word",
	}
	return []command{
		{
			"clients review list", "", "ListSubmittedClients", &authzv1.ListSubmittedClientsRequest{PageSize: 100},
			&authzv1.ListSubmittedClientsResponse{Registrations: []*authzv1.Registration{owned}},
			[]string{"vdo_client_a", "An App", "A Company", "ws_acme", "submitted"},
		},
		{
			"clients review approve vdo_client_a --verified --note Welcome", "", "ReviewClient",
			&authzv1.ReviewClientRequest{ClientId: "vdo_client_a", Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, Verified: true, Note: "Welcome"},
			&authzv1.ReviewClientResponse{Registration: owned},
			[]string{"ws_acme", "usr_ann", "submitted", "A word"},
		},
		{
			"clients review approve vdo_client_a --submitted 2026-11-24T06:30:00Z", "", "ReviewClient",
			&authzv1.ReviewClientRequest{ClientId: "vdo_client_a", Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, SubmitTime: at},
			&authzv1.ReviewClientResponse{Registration: owned},
			[]string{"vdo_client_a"},
		},
		{
			"clients review refuse vdo_client_a --note No", "", "ReviewClient",
			&authzv1.ReviewClientRequest{ClientId: "vdo_client_a", Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_REFUSE, Note: "No"},
			&authzv1.ReviewClientResponse{Registration: owned},
			[]string{"vdo_client_a"},
		},
		{
			"clients review suspend vdo_client_a --note Spam --yes", "", "SuspendClient",
			&tokenv1.SuspendClientRequest{ClientId: "vdo_client_a", Note: "Spam"}, &tokenv1.SuspendClientResponse{},
			[]string{"vdo_client_a is suspended"},
		},
	}
}
