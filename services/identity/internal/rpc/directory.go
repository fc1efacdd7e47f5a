package rpc

import (
	"context"
	"slices"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Directory serves the consent and the token service.
type Directory struct {
	identityv1.UnsafeDirectoryServiceServer

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
	return &identityv1.ListWorkspacesResponse{Workspaces: each(list, toMembership)}, nil
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
	return &identityv1.GetMembershipResponse{Workspace: toMembership(membership)}, nil
}

// maxBatch is how many workspaces may be asked about at once.
const maxBatch = 1000

// BatchGetWorkspaces reads workspaces. INVALID_REQUEST for more than 1,000.
func (s *Directory) BatchGetWorkspaces(
	ctx context.Context, req *identityv1.BatchGetWorkspacesRequest,
) (*identityv1.BatchGetWorkspacesResponse, error) {
	if len(req.GetWorkspaceIds()) > maxBatch {
		return nil, invalid("workspace_ids", "are more than 1,000")
	}
	ids := slices.DeleteFunc(slices.Clone(req.GetWorkspaceIds()), func(id string) bool { return !account.ValidID(id) })
	if len(ids) == 0 {
		return &identityv1.BatchGetWorkspacesResponse{}, nil
	}
	list, err := s.Memberships.WorkspacesByID(ctx, ids)
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.BatchGetWorkspacesResponse{Workspaces: each(list, toWorkspace)}, nil
}

// GetVisibleUser reads a user for another one. What is no address is nobody's, and is asked for like any other.
func (s *Directory) GetVisibleUser(
	ctx context.Context, req *identityv1.GetVisibleUserRequest,
) (*identityv1.GetVisibleUserResponse, error) {
	err := required([2]string{"actor_user_id", req.GetActorUserId()}, [2]string{"email_address", req.GetEmailAddress()})
	if err != nil {
		return nil, err
	}
	only := req.GetOnlyWorkspaceId()
	if !account.ValidID(req.GetActorUserId()) || only != "" && !account.ValidID(only) {
		return nil, fail(account.ErrUnknown)
	}
	found, err := s.Memberships.Visible(ctx, account.Sight{
		ActorID: req.GetActorUserId(), OnlyWorkspaceID: only, Address: account.Spell(req.GetEmailAddress()),
	})
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.GetVisibleUserResponse{User: toUser(found.User), Workspaces: each(found.Workspaces, toMembership)}, nil
}
