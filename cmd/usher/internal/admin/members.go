package admin

import (
	"context"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// Members is `usher members`.
type Members struct {
	Add    addMember             `cmd:"" help:"Add a user to a workspace, or change the role of a member."`
	Remove removeMember          `cmd:"" help:"Remove a user from a workspace, and revoke their grants and user tokens for it."`
	List   command[oneWorkspace] `cmd:"" help:"List a workspace's members by e-mail address."`
}

type addMember struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	User      string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
	Role      string `help:"The member's role: member, developer or administrator." enum:"member,developer,administrator" default:"member" placeholder:"ROLE"`
}

// Run adds a member.
func (c addMember) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	return call(ctx, s.identity().AddMember, &identityv1.AddMemberRequest{UserId: id, WorkspaceId: c.Workspace, Role: enumname.Parse[identityv1.Role](c.Role)},
		s.line("%s is in %s as %s", id, c.Workspace, c.Role))
}

type removeMember struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	User      string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
	confirmation
}

// Run removes a member.
func (c removeMember) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	return c.confirmed(ctx, s, memberImpact(id, c.Workspace), func() error {
		return call(ctx, s.revocation().RemoveMember, &tokenv1.RemoveMemberRequest{UserId: id, WorkspaceId: c.Workspace},
			s.line("%s is no longer in %s; their grants and user tokens for it are revoked", id, c.Workspace))
	})
}

func listMembers(ctx context.Context, s *Session, c oneWorkspace) error {
	return call(ctx, allPages(s, 0, s.identity().ListMembers), &identityv1.ListMembersRequest{WorkspaceId: c.Workspace}, rows(s, memberRows))
}

func memberRows(res *identityv1.ListMembersResponse) table.Rows {
	t := table.Rows{{"USER", "E-MAIL ADDRESS", "NAME", "ROLE"}}
	for _, m := range res.GetMembers() {
		t.Add(m.GetUser().GetUserId(), m.GetUser().GetEmailAddress(), orNone(m.GetUser().GetDisplayName()), orNone(enumname.Of(m.GetRole())))
	}
	return t
}
