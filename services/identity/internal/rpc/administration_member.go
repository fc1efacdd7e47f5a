package rpc

import (
	"context"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// AddMember adds a member, or changes a member's role.
func (s *Administration) AddMember(ctx context.Context, req *identityv1.AddMemberRequest) (*identityv1.AddMemberResponse, error) {
	if err := checkMember(req, account.ErrUnknownUserOrWorkspace); err != nil {
		return nil, err
	}
	role := oauth.Role(enumname.Of(req.GetRole()))
	if role == "" {
		return nil, invalid("role", "must be ROLE_MEMBER, ROLE_DEVELOPER or ROLE_ADMINISTRATOR")
	}
	return &identityv1.AddMemberResponse{}, toStatus(s.Service.Store.AddMember(ctx, req.GetUserId(), req.GetWorkspaceId(), role))
}

// ApplyRemoveMember removes a member.
func (s *Administration) ApplyRemoveMember(
	ctx context.Context, req *identityv1.ApplyRemoveMemberRequest,
) (*identityv1.ApplyRemoveMemberResponse, error) {
	if err := checkMember(req, account.ErrNotMember); err != nil {
		return nil, err
	}
	return &identityv1.ApplyRemoveMemberResponse{}, toStatus(s.Service.Store.RemoveMember(ctx, req.GetUserId(), req.GetWorkspaceId()))
}

// ListMembers returns a page of a workspace's members.
func (s *Administration) ListMembers(
	ctx context.Context, req *identityv1.ListMembersRequest,
) (*identityv1.ListMembersResponse, error) {
	if req.GetWorkspaceId() == "" {
		return nil, missing("workspace_id")
	}
	if !account.ValidID(req.GetWorkspaceId()) {
		return nil, toStatus(account.ErrUnknownWorkspace)
	}
	p, err := paging.OfLargest(req, 1)
	if err != nil {
		return nil, err
	}
	list, err := s.Service.Store.ListMembers(ctx, req.GetWorkspaceId(), account.Address(p.After[0]), p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(m account.WorkspaceMember) []string { return []string{string(m.User.EmailAddress)} })
	return &identityv1.ListMembersResponse{Members: convert.Each(list, toMember), NextPageToken: next}, nil
}

// checkMember validates the identifiers of a user and a workspace; invalid ones are unknown.
func checkMember(req interface {
	GetUserId() string
	GetWorkspaceId() string
}, unknown error,
) error {
	err := required([2]string{"user_id", req.GetUserId()}, [2]string{"workspace_id", req.GetWorkspaceId()})
	if err != nil {
		return err
	}
	if !account.ValidID(req.GetUserId()) || !account.ValidID(req.GetWorkspaceId()) {
		return toStatus(unknown)
	}
	return nil
}
