package admin

import (
	"context"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// Workspaces is `usher workspaces`.
type Workspaces struct {
	Create  createWorkspace `cmd:"" help:"Create a workspace."`
	List    command[limit]  `cmd:"" help:"List workspaces by name."`
	SetPlan setPlan         `cmd:"" help:"Change a workspace's plan: the change applies to its tokens and keys at once."`

	Apps       command[workspaceList] `cmd:"" help:"List the clients that members connected in a workspace."`
	EndApp     endWorkspaceApp        `cmd:"" help:"End a client's access to a workspace for all members."`
	Policy     command[oneWorkspace]  `cmd:"" help:"Show who may connect clients in a workspace, and the approved clients."`
	SetPolicy  setPolicy              `cmd:"" help:"Change who may connect clients in a workspace; connected ones stay connected."`
	ApproveApp approveApp             `cmd:"" help:"Approve a client for a workspace, or withdraw the approval."`
	Requests   listAppRequests        `cmd:"" help:"List the clients that members ask for."`
	Answer     answerAppRequest       `cmd:"" help:"Decide the requests of members for a client."`
}

type createWorkspace struct {
	Name string `arg:"" help:"The workspace's name."`
	Plan string `help:"Its plan in the catalog." required:""`
	ID   string `name:"id" help:"Its identifier, ws_…; generated when not given." placeholder:"WORKSPACE"`
}

// Run creates a workspace.
func (c createWorkspace) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.identity().CreateWorkspace, &identityv1.CreateWorkspaceRequest{Name: c.Name, Plan: c.Plan, WorkspaceId: c.ID},
		rows(s, func(res *identityv1.CreateWorkspaceResponse) table.Rows { return workspaceRows(res.GetWorkspace()) }))
}

func listWorkspaces(ctx context.Context, s *Session, c limit) error {
	return call(ctx, allPages(s, c.Limit, s.identity().ListAllWorkspaces), &identityv1.ListAllWorkspacesRequest{},
		rows(s, func(res *identityv1.ListAllWorkspacesResponse) table.Rows {
			return workspaceRows(res.GetWorkspaces()...)
		}))
}

type setPlan struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Plan      string `arg:"" help:"The plan in the catalog."`
}

// Run changes a plan.
func (c setPlan) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.revocation().SetWorkspacePlan, &tokenv1.SetWorkspacePlanRequest{WorkspaceId: c.Workspace, Plan: c.Plan},
		s.line("%s has the plan %s", c.Workspace, c.Plan))
}

func workspaceRows(workspaces ...*identityv1.Workspace) table.Rows {
	t := table.Rows{{"WORKSPACE", "NAME", "PLAN"}}
	for _, w := range workspaces {
		t.Add(w.GetWorkspaceId(), w.GetName(), w.GetPlan())
	}
	return t
}

// membershipRows are the workspaces of one user.
func membershipRows(workspaces []*identityv1.Workspace) table.Rows {
	t := table.Rows{{"WORKSPACE", "NAME", "PLAN", "ROLE"}}
	for _, w := range workspaces {
		t.Add(w.GetWorkspaceId(), w.GetName(), w.GetPlan(), orNone(enumname.Of(w.GetRole())))
	}
	return t
}
