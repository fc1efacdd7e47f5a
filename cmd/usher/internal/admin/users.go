package admin

import (
	"context"
	"strings"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// Users is `usher users`.
type Users struct {
	Create      createUser  `cmd:"" help:"Add a user; the password is asked for, or read from standard input."`
	List        listUsers   `cmd:"" help:"List users by e-mail address."`
	Show        showUser    `cmd:"" help:"Show a user with their workspaces."`
	Disable     disableUser `cmd:"" help:"Keep a user out, and end all that is theirs at once: tokens, codes, sessions."`
	Enable      enableUser  `cmd:"" help:"Let a disabled user in again; what ended stays ended."`
	SetPassword setPassword `cmd:"" help:"Give a user a new password, and end their sessions and user tokens; apps stay connected."`
}

type createUser struct {
	Email       string `arg:"" placeholder:"EMAIL" help:"The e-mail address."`
	FirstName   string `help:"The first name." placeholder:"NAME"`
	LastName    string `help:"The last name." placeholder:"NAME"`
	DisplayName string `help:"The name that others see; without it, first and last name." placeholder:"NAME"`
	NoPassword  bool   `help:"Do not ask for a password: the user cannot sign in with one."`
}

// Run adds a user.
func (c createUser) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	req := &identityv1.CreateUserRequest{
		EmailAddress: c.Email, FirstName: c.FirstName, LastName: c.LastName, DisplayName: c.DisplayName,
	}
	if !c.NoPassword {
		password, err := s.newPassword(ctx)
		if err != nil {
			return err
		}
		req.Password = password.Reveal()
	}
	res, err := client.CreateUser(ctx, req)
	if err != nil {
		return err
	}
	return s.print(res, userTable(res.GetUser()))
}

type listUsers struct {
	Limit int32 `help:"At most so many; 0 is all of them." default:"100"`
}

// Run lists users.
func (c listUsers) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	all := &identityv1.ListUsersResponse{}
	err = s.pages(c.Limit, func(size int32, after string) (int, string, error) {
		page, err := client.ListUsers(ctx, &identityv1.ListUsersRequest{PageSize: size, PageToken: after})
		all.Users = append(all.Users, page.GetUsers()...)
		all.NextPageToken = page.GetNextPageToken()
		return len(page.GetUsers()), page.GetNextPageToken(), err
	})
	if err != nil {
		return err
	}
	return s.print(all, userTable(all.GetUsers()...))
}

type showUser struct {
	User string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// Run shows a user.
func (c showUser) Run(ctx context.Context, s *Session) error {
	found, err := s.find(ctx, c.User)
	if err != nil {
		return err
	}
	t := userTable(found.GetUser())
	if len(found.GetWorkspaces()) > 0 {
		t.add("")
		t = append(t, memberships(found.GetWorkspaces())...)
	}
	return s.print(found, t)
}

// userID answers the identifier of a user who is named by identifier or by address.
func (s *Session) userID(ctx context.Context, name string) (string, error) {
	if !strings.Contains(name, "@") {
		return name, nil
	}
	found, err := s.find(ctx, name)
	return found.GetUser().GetUserId(), err
}

func (s *Session) find(ctx context.Context, name string) (*identityv1.FindUserResponse, error) {
	client, err := s.identity()
	if err != nil {
		return nil, err
	}
	req := &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_UserId{UserId: name}}
	if strings.Contains(name, "@") {
		req.By = &identityv1.FindUserRequest_EmailAddress{EmailAddress: name}
	}
	return client.FindUser(ctx, req)
}

func userTable(users ...*identityv1.User) table {
	t := table{{"USER", "E-MAIL ADDRESS", "NAME", "STATE", "CREATED"}}
	for _, u := range users {
		state := "enabled"
		if u.GetDisabled() {
			state = "disabled"
		}
		t.add(u.GetUserId(), u.GetEmailAddress(), orNone(u.GetDisplayName()), state, when(u.GetCreateTime()))
	}
	return t
}
