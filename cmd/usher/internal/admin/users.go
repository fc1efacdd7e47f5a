package admin

import (
	"context"
	"strings"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// Users is `usher users`.
type Users struct {
	Create      createUser                         `cmd:"" help:"Create a user; the password is prompted for, or read from standard input."`
	List        command[limit]                     `cmd:"" help:"List users by e-mail address."`
	Show        command[oneUser]                   `cmd:"" help:"Show a user with their workspaces."`
	Disable     command[withConfirmation[oneUser]] `cmd:"" help:"Disable a user, and revoke all their access: tokens, authorization codes, browser sessions."`
	Enable      command[oneUser]                   `cmd:"" help:"Enable a disabled user; revoked access stays revoked."`
	Unlock      command[oneUser]                   `cmd:"" help:"Let a user sign in who was throttled after too many wrong passwords."`
	SetPassword command[oneUser]                   `cmd:"" help:"Set a user's password, and revoke their sessions and user tokens; grants stay."`
}

type createUser struct {
	Email       string `arg:"" placeholder:"EMAIL" help:"The e-mail address."`
	FirstName   string `help:"The first name." placeholder:"NAME"`
	LastName    string `help:"The last name." placeholder:"NAME"`
	DisplayName string `help:"The name that others see; without it, first and last name." placeholder:"NAME"`
	NoPassword  bool   `help:"Do not prompt for a password: the user cannot sign in with one."`
}

// Run creates a user.
func (c createUser) Run(ctx context.Context, s *Session) error {
	req := &identityv1.CreateUserRequest{
		EmailAddress: c.Email, FirstName: c.FirstName, LastName: c.LastName, DisplayName: c.DisplayName,
	}
	if !c.NoPassword {
		password, err := s.newPassword(ctx, "identity")
		if err != nil {
			return err
		}
		req.Password = password.Reveal()
	}
	return call(ctx, s.identity().CreateUser, req,
		rows(s, func(res *identityv1.CreateUserResponse) table.Rows { return userRows(res.GetUser()) }))
}

func listUsers(ctx context.Context, s *Session, c limit) error {
	return call(ctx, allPages(s, c.Limit, s.identity().ListUsers), &identityv1.ListUsersRequest{},
		rows(s, func(res *identityv1.ListUsersResponse) table.Rows { return userRows(res.GetUsers()...) }))
}

func showUser(ctx context.Context, s *Session, c oneUser) error {
	return call(ctx, s.identity().FindUser, findUser(c.User), rows(s, func(res *identityv1.FindUserResponse) table.Rows {
		t := userRows(res.GetUser())
		if len(res.GetWorkspaces()) > 0 {
			t.Add("")
			t = append(t, membershipRows(res.GetWorkspaces())...)
		}
		return t
	}))
}

// userID returns the identifier of a user who is named by identifier or by address.
func (s *Session) userID(ctx context.Context, name string) (string, error) {
	if !strings.Contains(name, "@") {
		return name, nil
	}
	res, err := s.identity().FindUser(ctx, findUser(name))
	return res.GetUser().GetUserId(), err
}

// findUser is the request for a user who is named by identifier or by address.
func findUser(name string) *identityv1.FindUserRequest {
	if strings.Contains(name, "@") {
		return &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: name}}
	}
	return &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_UserId{UserId: name}}
}

func userRows(users ...*identityv1.User) table.Rows {
	t := table.Rows{{"USER", "E-MAIL ADDRESS", "NAME", "STATE", "CREATED"}}
	for _, u := range users {
		t.Add(u.GetUserId(), u.GetEmailAddress(), orNone(u.GetDisplayName()), state(u), timestamp(u.GetCreateTime()))
	}
	return t
}

// state is the word for a user or a client that is disabled or not.
func state(of interface{ GetDisabled() bool }) string {
	if of.GetDisabled() {
		return "disabled"
	}
	return "enabled"
}
