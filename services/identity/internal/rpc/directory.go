package rpc

import (
	"context"
	"slices"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Directory serves the consent and the token service.
type Directory struct {
	identityv1.UnsafeDirectoryServiceServer

	Memberships account.Memberships
	Users       Users
}

// Users reads users.
type Users interface {
	// FindUser returns a user, or account.ErrUnknown.
	FindUser(ctx context.Context, id string) (account.User, error)
}

// GetUser returns an enabled user.
func (s *Directory) GetUser(ctx context.Context, req *identityv1.GetUserRequest) (*identityv1.GetUserResponse, error) {
	if !account.ValidID(req.GetUserId()) {
		return nil, toStatus(account.ErrUnknown)
	}
	user, err := s.Users.FindUser(ctx, req.GetUserId())
	if err == nil && user.Disabled {
		err = account.ErrUnknown
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.GetUserResponse{User: toUser(user), Language: user.Language, TimeZone: user.TimeZone}, nil
}

// ListWorkspaces returns a user's workspaces.
func (s *Directory) ListWorkspaces(
	ctx context.Context, req *identityv1.ListWorkspacesRequest,
) (*identityv1.ListWorkspacesResponse, error) {
	if req.GetUserId() == "" {
		return nil, missing("user_id")
	}
	if !account.ValidID(req.GetUserId()) {
		return &identityv1.ListWorkspacesResponse{}, nil
	}
	list, err := s.Memberships.ListWorkspaces(ctx, req.GetUserId())
	return &identityv1.ListWorkspacesResponse{Workspaces: convert.Each(list, toMembership)}, toStatus(err)
}

// GetMembership returns a user's current role in a workspace.
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
		return nil, toStatus(account.ErrNotMember)
	}
	membership, err := s.Memberships.GetMembership(ctx, req.GetUserId(), req.GetWorkspaceId())
	return &identityv1.GetMembershipResponse{Workspace: toMembership(membership)}, toStatus(err)
}

// maxBatch is how many workspaces a request may contain.
const maxBatch = 1000

// BatchGetWorkspaces returns workspaces. It returns INVALID_REQUEST for more than 1,000.
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
	list, err := s.Memberships.BatchGetWorkspaces(ctx, ids)
	return &identityv1.BatchGetWorkspacesResponse{Workspaces: convert.Each(list, toWorkspace)}, toStatus(err)
}

// GetVisibleUser returns a user as another one may see them. A string that is no address is looked
// up like any other, and finds no user.
func (s *Directory) GetVisibleUser(
	ctx context.Context, req *identityv1.GetVisibleUserRequest,
) (*identityv1.GetVisibleUserResponse, error) {
	err := required([2]string{"actor_user_id", req.GetActorUserId()}, [2]string{"email_address", req.GetEmailAddress()})
	if err != nil {
		return nil, err
	}
	only := req.GetOnlyWorkspaceId()
	if !account.ValidID(req.GetActorUserId()) || only != "" && !account.ValidID(only) {
		return nil, toStatus(account.ErrUnknown)
	}
	found, err := s.Memberships.GetVisibleUser(ctx, account.VisibleUserQuery{
		ActorID: req.GetActorUserId(), OnlyWorkspaceID: only, Address: account.Spell(req.GetEmailAddress()),
	})
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.GetVisibleUserResponse{User: toUser(found.User), Workspaces: convert.Each(found.Workspaces, toMembership)}, nil
}
