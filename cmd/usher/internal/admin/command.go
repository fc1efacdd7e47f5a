package admin

import "context"

// command is a command that differs from others with the same arguments only in the function that it runs.
type command[A any] struct {
	Args A `embed:""`
	run  func(ctx context.Context, s *Session, args A) error
}

// newCommand returns the command of a function.
func newCommand[A any](run func(ctx context.Context, s *Session, args A) error) command[A] {
	return command[A]{run: run}
}

// Run is called by kong.
func (c command[A]) Run(ctx context.Context, s *Session) error { return c.run(ctx, s, c.Args) }

// withConfirmation adds the flags of the confirmation to the arguments of a command that revokes access.
type withConfirmation[A any] struct {
	Target A `embed:""`
	confirmation
}

// limit is the flag of commands that list.
type limit struct {
	Limit int32 `help:"List at most this many; 0 lists all of them." default:"100"`
}

// oneUser names a user.
type oneUser struct {
	User string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// oneClient names a registered client.
type oneClient struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
}

// anyClient names a client that is registered or has a document (CIMD).
type anyClient struct {
	Client string `arg:"" help:"The client, vdo_client_…, or the URL of its document."`
}

// oneWorkspace names a workspace.
type oneWorkspace struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
}

// workspaceList selects what is listed of a workspace.
type workspaceList struct {
	oneWorkspace
	limit
}
