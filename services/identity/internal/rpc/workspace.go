package rpc

import (
	"context"
	"slices"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// Workspaces serves the administrators of workspaces.
type Workspaces struct {
	identityv1.UnsafeWorkspaceServiceServer

	Sessions *session.Store
	Members  Members
}

// Members lists members.
type Members interface {
	// PageOfMembers returns at most limit members of a workspace after an address, by address.
	PageOfMembers(ctx context.Context, workspaceID string, after account.Address, limit int) ([]account.WorkspaceMember, error)
}

// ListWorkspaceMembers lists the members of a workspace that the user of the session administers.
func (s *Workspaces) ListWorkspaceMembers(
	ctx context.Context, req *identityv1.ListWorkspaceMembersRequest,
) (*identityv1.ListWorkspaceMembersResponse, error) {
	if req.GetWorkspaceId() == "" {
		return nil, missing("workspace_id")
	}
	found, err := s.Sessions.GetWithWorkspaces(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	if !slices.ContainsFunc(found.Workspaces, func(m account.Membership) bool {
		return m.Workspace.ID == req.GetWorkspaceId() && m.Role == oauth.RoleAdministrator
	}) {
		return nil, toStatus(account.ErrUnknownWorkspace)
	}
	p, err := paging.Of(req, 1)
	if err != nil {
		return nil, err
	}
	list, err := s.Members.PageOfMembers(ctx, req.GetWorkspaceId(), account.Address(p.After[0]), p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	page, next := paging.Cut(list, p.Size, func(m account.WorkspaceMember) []string { return []string{string(m.User.EmailAddress)} })
	return &identityv1.ListWorkspaceMembersResponse{
		Session: toSession(found), NextPageToken: next,
		Members: convert.Each(page, func(m account.WorkspaceMember) *identityv1.WorkspaceMember {
			return &identityv1.WorkspaceMember{
				UserId: m.User.ID, DisplayName: m.User.DisplayName, EmailAddress: string(m.User.EmailAddress), Role: enumname.Parse[identityv1.Role](string(m.Role)), Disabled: m.User.Disabled,
			}
		}),
	}, nil
}
