package rpc

import (
	"context"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/administration"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// Administration serves the operator, and the token service when it removes access.
type Administration struct {
	identityv1.UnsafeAdministrationServiceServer

	Service administration.Service
	Apps    authapp.Registry
}

// CreateUser adds a user.
func (s *Administration) CreateUser(
	ctx context.Context, req *identityv1.CreateUserRequest,
) (*identityv1.CreateUserResponse, error) {
	user, err := s.Service.CreateUser(ctx, administration.NewUser{
		EmailAddress: req.GetEmailAddress(), FirstName: req.GetFirstName(), LastName: req.GetLastName(),
		DisplayName: req.GetDisplayName(), Password: secret.New(req.GetPassword()),
	})
	return &identityv1.CreateUserResponse{User: toUser(user)}, toStatus(err)
}

// FindUser returns a user with their workspaces.
func (s *Administration) FindUser(ctx context.Context, req *identityv1.FindUserRequest) (*identityv1.FindUserResponse, error) {
	user, err := s.find(ctx, req)
	if err != nil {
		return nil, toStatus(err)
	}
	list, err := s.Service.Store.ListMemberships(ctx, user.ID)
	return &identityv1.FindUserResponse{User: toUser(user), Workspaces: convert.Each(list, toMembership)}, toStatus(err)
}

func (s *Administration) find(ctx context.Context, req *identityv1.FindUserRequest) (account.User, error) {
	switch by := req.GetBy().(type) {
	case *identityv1.FindUserRequest_UserId:
		if !account.ValidID(by.UserId) {
			return account.User{}, account.ErrUnknown
		}
		return s.Service.Store.FindUser(ctx, by.UserId)
	case *identityv1.FindUserRequest_EmailAddress:
		spelling := account.Spell(by.EmailAddress)
		if spelling.Earlier == "" {
			return account.User{}, administration.ErrAddress()
		}
		record, err := s.Service.Store.FindRecord(ctx, spelling)
		return record.User, err
	}
	return account.User{}, oauth.InvalidField("user_id", "or email_address is required")
}

// ListUsers returns a page of users.
func (s *Administration) ListUsers(ctx context.Context, req *identityv1.ListUsersRequest) (*identityv1.ListUsersResponse, error) {
	p, err := paging.Of(req, 1)
	if err != nil {
		return nil, err
	}
	list, err := s.Service.Store.ListUsers(ctx, account.Address(p.After[0]), p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(u account.User) []string { return []string{string(u.EmailAddress)} })
	return &identityv1.ListUsersResponse{Users: convert.Each(list, toUser), NextPageToken: next}, nil
}

// EnableUser enables a user.
func (s *Administration) EnableUser(
	ctx context.Context, req *identityv1.EnableUserRequest,
) (*identityv1.EnableUserResponse, error) {
	return &identityv1.EnableUserResponse{}, s.onUser(ctx, req.GetUserId(), s.Service.Store.EnableUser)
}

// UnlockUser resets the failed attempts of a user's account.
func (s *Administration) UnlockUser(
	ctx context.Context, req *identityv1.UnlockUserRequest,
) (*identityv1.UnlockUserResponse, error) {
	return &identityv1.UnlockUserResponse{}, s.onUser(ctx, req.GetUserId(), s.Service.UnlockUser)
}

// ApplyDisableUser disables a user and invalidates their browser sessions.
func (s *Administration) ApplyDisableUser(
	ctx context.Context, req *identityv1.ApplyDisableUserRequest,
) (*identityv1.ApplyDisableUserResponse, error) {
	return &identityv1.ApplyDisableUserResponse{}, s.onUser(ctx, req.GetUserId(), s.Service.Store.DisableUser)
}

// CheckPassword validates a new password for a user and changes nothing.
func (s *Administration) CheckPassword(
	ctx context.Context, req *identityv1.CheckPasswordRequest,
) (*identityv1.CheckPasswordResponse, error) {
	return &identityv1.CheckPasswordResponse{}, s.onUser(ctx, req.GetUserId(), func(ctx context.Context, id string) error {
		return s.Service.CheckPassword(ctx, id, secret.New(req.GetPassword()))
	})
}

// ApplySetPassword sets a password and invalidates the user's browser sessions.
func (s *Administration) ApplySetPassword(
	ctx context.Context, req *identityv1.ApplySetPasswordRequest,
) (*identityv1.ApplySetPasswordResponse, error) {
	return &identityv1.ApplySetPasswordResponse{}, s.onUser(ctx, req.GetUserId(), func(ctx context.Context, id string) error {
		return s.Service.SetPassword(ctx, id, secret.New(req.GetPassword()))
	})
}

// onUser calls do for the user of an identifier.
func (s *Administration) onUser(ctx context.Context, id string, do func(ctx context.Context, id string) error) error {
	if id == "" {
		return missing("user_id")
	}
	if !account.ValidID(id) {
		return toStatus(account.ErrUnknown)
	}
	return toStatus(do(ctx, id))
}

// CreateWorkspace adds a workspace.
func (s *Administration) CreateWorkspace(
	ctx context.Context, req *identityv1.CreateWorkspaceRequest,
) (*identityv1.CreateWorkspaceResponse, error) {
	w, err := s.Service.CreateWorkspace(ctx, account.Workspace{ID: req.GetWorkspaceId(), Name: req.GetName(), Plan: req.GetPlan()})
	return &identityv1.CreateWorkspaceResponse{Workspace: toWorkspace(w)}, toStatus(err)
}

// ListAllWorkspaces returns a page of workspaces.
func (s *Administration) ListAllWorkspaces(
	ctx context.Context, req *identityv1.ListAllWorkspacesRequest,
) (*identityv1.ListAllWorkspacesResponse, error) {
	p, err := paging.Of(req, 2)
	if err != nil {
		return nil, err
	}
	list, err := s.Service.Store.ListAllWorkspaces(ctx, account.Workspace{Name: p.After[0], ID: p.After[1]}, p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(w account.Workspace) []string { return []string{w.Name, w.ID} })
	return &identityv1.ListAllWorkspacesResponse{Workspaces: convert.Each(list, toWorkspace), NextPageToken: next}, nil
}

// ApplySetWorkspacePlan changes a workspace's plan.
func (s *Administration) ApplySetWorkspacePlan(
	ctx context.Context, req *identityv1.ApplySetWorkspacePlanRequest,
) (*identityv1.ApplySetWorkspacePlanResponse, error) {
	if req.GetWorkspaceId() == "" {
		return nil, missing("workspace_id")
	}
	if !account.ValidID(req.GetWorkspaceId()) {
		return nil, toStatus(account.ErrUnknownWorkspace)
	}
	return &identityv1.ApplySetWorkspacePlanResponse{}, toStatus(s.Service.SetWorkspacePlan(ctx, req.GetWorkspaceId(), req.GetPlan()))
}
