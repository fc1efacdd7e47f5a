package admin

import (
	"context"
	"fmt"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// AuthApps is `usher auth-apps`.
type AuthApps struct {
	Create createAuthApp `cmd:"" help:"Add an authentication app; its secret is printed once."`
	List   listAuthApps  `cmd:"" help:"List authentication apps by name, revoked ones too."`
	Rotate rotateAuthApp `cmd:"" help:"Draw a new secret, printed once; the one before stays valid for the overlap."`
	Revoke revokeAuthApp `cmd:"" help:"End an authentication app, and the user tokens that were issued through it at once."`
}

type createAuthApp struct {
	Name      string `arg:"" help:"The app's name."`
	Workspace string `help:"The only workspace, ws_…, that it may vouch for; without it, every one." placeholder:"WORKSPACE"`
}

// Run adds an authentication app.
func (c createAuthApp) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.CreateAuthenticationApp(ctx, &identityv1.CreateAuthenticationAppRequest{Name: c.Name, WorkspaceId: c.Workspace})
	if err != nil {
		return err
	}
	return s.reveal(res, res.GetClientSecret(), fmt.Sprintf("The secret of authentication app %s.", res.GetAuthenticationApp().GetAuthenticationAppId()))
}

type listAuthApps struct{}

// Run lists authentication apps.
func (listAuthApps) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.ListAuthenticationApps(ctx, &identityv1.ListAuthenticationAppsRequest{})
	if err != nil {
		return err
	}
	t := table{{"APP", "NAME", "WORKSPACE", "SECRETS", "CREATED", "LAST USED", "REVOKED"}}
	for _, a := range res.GetAuthenticationApps() {
		workspace := a.GetWorkspaceId()
		if workspace == "" {
			workspace = "all"
		}
		t.add(a.GetAuthenticationAppId(), a.GetName(), workspace, secretsOf(a.GetSecrets()), when(a.GetCreateTime()), when(a.GetLastUseTime()), when(a.GetRevokeTime()))
	}
	return s.print(res, t)
}

type rotateAuthApp struct {
	App string `arg:"" help:"The app, aap_…."`
	overlap
}

// Run rotates a secret.
func (c rotateAuthApp) Run(ctx context.Context, s *Session) error {
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.RotateAuthenticationAppSecret(ctx, &identityv1.RotateAuthenticationAppSecretRequest{
		AuthenticationAppId: c.App, OverlapSeconds: c.seconds(),
	})
	if err != nil {
		return err
	}
	return s.reveal(res, res.GetClientSecret(), fmt.Sprintf("The new secret of authentication app %s; the one before %s.", c.App, c.before()))
}

type revokeAuthApp struct {
	App string `arg:"" help:"The app, aap_…."`
}

// Run revokes an authentication app.
func (c revokeAuthApp) Run(ctx context.Context, s *Session) error {
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.RevokeAuthenticationApp(ctx, &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: c.App})
	if err != nil {
		return err
	}
	return s.done(res, "%s is revoked; the user tokens issued through it have ended", c.App)
}
