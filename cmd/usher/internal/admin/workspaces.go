package admin

import (
	"context"
	"strings"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Workspaces is `usher workspaces`.
type Workspaces struct {
	Create  createWorkspace `cmd:"" help:"Add a workspace."`
	List    listWorkspaces  `cmd:"" help:"List workspaces by name."`
	SetPlan setPlan         `cmd:"" help:"Change a workspace's plan; what its tokens and keys open follows at once."`
}

type createWorkspace struct {
	Name string `arg:"" help:"The workspace's name."`
	Plan string `help:"Its plan in the catalog." required:""`
	ID   string `name:"id" help:"Its identifier, ws_…; drawn when not given." placeholder:"WORKSPACE"`
}

// Run adds a workspace.
func (c createWorkspace) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.CreateWorkspace(ctx, &identityv1.CreateWorkspaceRequest{Name: c.Name, Plan: c.Plan, WorkspaceId: c.ID})
	if err != nil {
		return err
	}
	return s.print(res, workspaceTable(res.GetWorkspace()))
}

type listWorkspaces struct {
	Limit int32 `help:"At most so many; 0 is all of them." default:"100"`
}

// Run lists workspaces.
func (c listWorkspaces) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	all := &identityv1.ListAllWorkspacesResponse{}
	err = s.pages(c.Limit, func(size int32, after string) (int, string, error) {
		page, err := client.ListAllWorkspaces(ctx, &identityv1.ListAllWorkspacesRequest{PageSize: size, PageToken: after})
		all.Workspaces = append(all.Workspaces, page.GetWorkspaces()...)
		all.NextPageToken = page.GetNextPageToken()
		return len(page.GetWorkspaces()), page.GetNextPageToken(), err
	})
	if err != nil {
		return err
	}
	return s.print(all, workspaceTable(all.GetWorkspaces()...))
}

type setPlan struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Plan      string `arg:"" help:"The plan in the catalog."`
}

// Run changes a plan.
func (c setPlan) Run(ctx context.Context, s *Session) error {
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.SetWorkspacePlan(ctx, &tokenv1.SetWorkspacePlanRequest{WorkspaceId: c.Workspace, Plan: c.Plan})
	if err != nil {
		return err
	}
	return s.done(res, "%s has the plan %s", c.Workspace, c.Plan)
}

func workspaceTable(workspaces ...*identityv1.Workspace) table {
	t := table{{"WORKSPACE", "NAME", "PLAN"}}
	for _, w := range workspaces {
		t.add(w.GetWorkspaceId(), w.GetName(), w.GetPlan())
	}
	return t
}

// memberships are one user's workspaces.
func memberships(workspaces []*identityv1.Workspace) table {
	t := table{{"WORKSPACE", "NAME", "PLAN", "ROLE"}}
	for _, w := range workspaces {
		t.add(w.GetWorkspaceId(), w.GetName(), w.GetPlan(), roleName(w.GetRole()))
	}
	return t
}

const rolePrefix = "ROLE_"

// roleName is the role as the command line spells it: member, administrator.
func roleName(r identityv1.Role) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), rolePrefix))
}

func roleOf(name string) identityv1.Role {
	return identityv1.Role(identityv1.Role_value[rolePrefix+strings.ToUpper(name)])
}
