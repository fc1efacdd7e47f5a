package admin

import (
	"context"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Members is `usher members`.
type Members struct {
	Add    addMember    `cmd:"" help:"Put a user into a workspace, or change the role of one who is in it."`
	Remove removeMember `cmd:"" help:"Take a user out of a workspace, and end their tokens for it at once."`
	List   listMembers  `cmd:"" help:"List a workspace's members by e-mail address."`
}

type addMember struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	User      string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
	Role      string `help:"What the member may do: member or administrator." enum:"member,administrator" default:"member" placeholder:"ROLE"`
}

// Run adds a member.
func (c addMember) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.AddMember(ctx, &identityv1.AddMemberRequest{UserId: id, WorkspaceId: c.Workspace, Role: roleOf(c.Role)})
	if err != nil {
		return err
	}
	return s.done(res, "%s is in %s as %s", id, c.Workspace, c.Role)
}

type removeMember struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	User      string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// Run removes a member.
func (c removeMember) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.RemoveMember(ctx, &tokenv1.RemoveMemberRequest{UserId: id, WorkspaceId: c.Workspace})
	if err != nil {
		return err
	}
	return s.done(res, "%s is no longer in %s; their tokens for it have ended", id, c.Workspace)
}

type listMembers struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
}

// Run lists members.
func (c listMembers) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.ListMembers(ctx, &identityv1.ListMembersRequest{WorkspaceId: c.Workspace})
	if err != nil {
		return err
	}
	t := table{{"USER", "E-MAIL ADDRESS", "NAME", "ROLE"}}
	for _, m := range res.GetMembers() {
		t.add(m.GetUser().GetUserId(), m.GetUser().GetEmailAddress(), orNone(m.GetUser().GetDisplayName()), roleName(m.GetRole()))
	}
	return s.print(res, t)
}
