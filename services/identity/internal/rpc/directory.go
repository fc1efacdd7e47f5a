package rpc

import (
	"context"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Directory serves the consent and the token service.
type Directory struct {
	identityv1.UnimplementedDirectoryServiceServer

	Memberships account.Memberships
}

// ListWorkspaces lists where a user belongs.
func (s *Directory) ListWorkspaces(
	ctx context.Context, req *identityv1.ListWorkspacesRequest,
) (*identityv1.ListWorkspacesResponse, error) {
	if req.GetUserId() == "" {
		return nil, missing("user_id")
	}
	if !account.ValidID(req.GetUserId()) {
		return &identityv1.ListWorkspacesResponse{}, nil
	}
	list, err := s.Memberships.Workspaces(ctx, req.GetUserId())
	if err != nil {
		return nil, fail(err)
	}
	res := &identityv1.ListWorkspacesResponse{Workspaces: make([]*identityv1.Workspace, len(list))}
	for i, m := range list {
		res.Workspaces[i] = toWorkspace(m)
	}
	return res, nil
}

// GetMembership says what a user may do in a workspace at this moment.
func (s *Directory) GetMembership(
	ctx context.Context, req *identityv1.GetMembershipRequest,
) (*identityv1.GetMembershipResponse, error) {
	switch "" {
	case req.GetUserId():
		return nil, missing("user_id")
	case req.GetWorkspaceId():
		return nil, missing("workspace_id")
	}
	if !account.ValidID(req.GetUserId()) || !account.ValidID(req.GetWorkspaceId()) {
		return nil, fail(account.ErrNotMember)
	}
	membership, err := s.Memberships.Membership(ctx, req.GetUserId(), req.GetWorkspaceId())
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.GetMembershipResponse{Workspace: toWorkspace(membership)}, nil
}

func toWorkspace(m account.Membership) *identityv1.Workspace {
	return &identityv1.Workspace{WorkspaceId: m.Workspace.ID, Name: m.Workspace.Name, Plan: m.Workspace.Plan, Role: toRole(m.Role)}
}

func toRole(r account.Role) identityv1.Role {
	switch r {
	case account.Member:
		return identityv1.Role_ROLE_MEMBER
	case account.Administrator:
		return identityv1.Role_ROLE_ADMINISTRATOR
	}
	return identityv1.Role_ROLE_UNSPECIFIED
}
