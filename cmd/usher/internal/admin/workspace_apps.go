package admin

import (
	"context"
	"strconv"
	"strings"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

func listWorkspaceApps(ctx context.Context, s *Session, c workspaceList) error {
	return call(ctx, allPages(s, c.Limit, s.workspaces().ListWorkspaceApps), &consentv1.ListWorkspaceAppsRequest{WorkspaceId: c.Workspace},
		rows(s, func(res *consentv1.ListWorkspaceAppsResponse) table.Rows {
			t := table.Rows{{"CLIENT", "NAME", "USERS", "SCOPES", "LAST USED", "APPROVED"}}
			for _, a := range res.GetApps() {
				t.Add(a.GetClientId(), a.GetClientName(), strconv.FormatInt(a.GetUsers(), 10), strings.Join(a.GetScopes(), " "),
					timestamp(a.GetLastUseTime()), strconv.FormatBool(a.GetApproved()))
			}
			return t
		}))
}

type endWorkspaceApp struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Client    string `arg:"" help:"The client, vdo_client_…."`
	confirmation
}

// Run ends a client in a workspace for all members.
func (c endWorkspaceApp) Run(ctx context.Context, s *Session) error {
	return c.confirmed(ctx, s, uncounted("the access of "+c.Client+" to "+c.Workspace+" for all members who connected it"), func() error {
		return call(ctx, s.workspaces().EndWorkspaceApp, &consentv1.EndWorkspaceAppRequest{WorkspaceId: c.Workspace, ClientId: c.Client},
			s.line("%s has no access to %s any more; members may connect it again if the policy lets them", c.Client, c.Workspace))
	})
}

func showPolicy(ctx context.Context, s *Session, c oneWorkspace) error {
	return call(ctx, s.workspaces().GetWorkspacePolicy, &consentv1.GetWorkspacePolicyRequest{WorkspaceId: c.Workspace},
		rows(s, func(res *consentv1.GetWorkspacePolicyResponse) table.Rows {
			t := table.Rows{{"POLICY", orNone(enumname.Of(res.GetPolicy()))}, {"SET", timestamp(res.GetSetTime())}, {"WAITING", strconv.Itoa(int(res.GetWaitingRequests()))}}
			for _, a := range res.GetApproved() {
				t.Add("APPROVED", a.GetClientId()+" ("+a.GetClientName()+")")
			}
			return t
		}))
}

type setPolicy struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Policy    string `arg:"" help:"The policy: ${enum}; approved is approved clients only." enum:"anyone,approved,nobody"`
}

// Run sets the policy.
func (c setPolicy) Run(ctx context.Context, s *Session) error {
	req := &consentv1.SetWorkspacePolicyRequest{WorkspaceId: c.Workspace, Policy: enumname.Parse[consentv1.AppPolicy](c.Policy)}
	return call(ctx, s.workspaces().SetWorkspacePolicy, req, s.line("%s has the policy %s; what is connected stays connected", c.Workspace, c.Policy))
}

type approveApp struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Client    string `arg:"" help:"The client, vdo_client_…."`
	Withdraw  bool   `help:"Withdraw the approval instead; members who connected the client stay connected."`
}

// Run approves a client, or withdraws its approval.
func (c approveApp) Run(ctx context.Context, s *Session) error {
	done := "is approved"
	if c.Withdraw {
		done = "is not approved any more"
	}
	return call(ctx, s.workspaces().SetAppApproval,
		&consentv1.SetAppApprovalRequest{WorkspaceId: c.Workspace, ClientId: c.Client, Approved: !c.Withdraw},
		s.line("%s %s in %s", c.Client, done, c.Workspace))
}

type listAppRequests struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	All       bool   `help:"List decided requests too."`
	limit
}

// Run lists what members asked for.
func (c listAppRequests) Run(ctx context.Context, s *Session) error {
	return call(ctx, allPages(s, c.Limit, s.workspaces().ListAppRequests),
		&consentv1.ListAppRequestsRequest{WorkspaceId: c.Workspace, WaitingOnly: !c.All}, rows(s, appRequestRows))
}

func appRequestRows(res *consentv1.ListAppRequestsResponse) table.Rows {
	t := table.Rows{{"CLIENT", "NAME", "USER", "ASKED", "REASON", "STATE", "ANSWER"}}
	for _, r := range res.GetRequests() {
		t.Add(r.GetClientId(), r.GetClientName(), r.GetUserId(), timestamp(r.GetRequestTime()), orNone(r.GetReason()),
			orNone(enumname.Of(r.GetState())), orNone(r.GetAnswer()))
	}
	return t
}

type answerAppRequest struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Client    string `arg:"" help:"The client that members asked for."`
	Answer    string `arg:"" help:"approve or refuse." enum:"approve,refuse"`
	Word      string `help:"A word for the members who asked, at most 500 characters."`
}

// Run approves or refuses the waiting requests for a client.
func (c answerAppRequest) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.workspaces().DecideAppRequest, &consentv1.DecideAppRequestRequest{
		WorkspaceId: c.Workspace, ClientId: c.Client, Approve: c.Answer == "approve", Answer: c.Word,
	}, s.line("the requests for %s in %s are answered: %s", c.Client, c.Workspace, c.Answer))
}
