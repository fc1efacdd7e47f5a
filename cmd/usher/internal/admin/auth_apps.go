package admin

import (
	"cmp"
	"context"
	"fmt"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// AuthApps is `usher auth-apps`.
type AuthApps struct {
	Create createAuthApp     `cmd:"" help:"Create an authentication app; its secret is printed only once."`
	List   command[struct{}] `cmd:"" help:"List authentication apps by name, revoked ones too."`
	Rotate rotateAuthApp     `cmd:"" help:"Create a new secret, printed only once; the previous one stays valid for the overlap."`
	Revoke revokeAuthApp     `cmd:"" help:"Revoke an authentication app and the user tokens that were issued through it."`
}

type createAuthApp struct {
	Name      string `arg:"" help:"The authentication app's name."`
	Workspace string `help:"The only workspace, ws_…, whose users it may authenticate; without it, every workspace." placeholder:"WORKSPACE"`
}

// Run creates an authentication app.
func (c createAuthApp) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.identity().CreateAuthenticationApp, &identityv1.CreateAuthenticationAppRequest{Name: c.Name, WorkspaceId: c.Workspace},
		secretOf(s, func(res *identityv1.CreateAuthenticationAppResponse) string {
			return fmt.Sprintf("The secret of authentication app %s.", res.GetAuthenticationApp().GetAuthenticationAppId())
		}))
}

func listAuthApps(ctx context.Context, s *Session, _ struct{}) error {
	return call(ctx, allPages(s, 0, s.identity().ListAuthenticationApps), &identityv1.ListAuthenticationAppsRequest{}, rows(s, authAppRows))
}

func authAppRows(res *identityv1.ListAuthenticationAppsResponse) table.Rows {
	t := table.Rows{{"APP", "NAME", "WORKSPACE", "SECRETS", "CREATED", "LAST USED", "REVOKED"}}
	for _, a := range res.GetAuthenticationApps() {
		t.Add(a.GetAuthenticationAppId(), a.GetName(), cmp.Or(a.GetWorkspaceId(), "all"), secretsOf(a.GetSecrets()), timestamp(a.GetCreateTime()),
			timestamp(a.GetLastUseTime()), timestamp(a.GetRevokeTime()))
	}
	return t
}

type rotateAuthApp struct {
	App string `arg:"" help:"The authentication app, aap_…."`
	overlap
}

// Run rotates a secret.
func (c rotateAuthApp) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.identity().RotateAuthenticationAppSecret,
		&identityv1.RotateAuthenticationAppSecretRequest{AuthenticationAppId: c.App, OverlapSeconds: c.seconds()},
		secretOf(s, func(*identityv1.RotateAuthenticationAppSecretResponse) string {
			return fmt.Sprintf("The new secret of authentication app %s; the previous one %s.", c.App, c.previous())
		}))
}

type revokeAuthApp struct {
	App string `arg:"" help:"The authentication app, aap_…."`
	confirmation
}

// Run revokes an authentication app.
func (c revokeAuthApp) Run(ctx context.Context, s *Session) error {
	return c.confirmed(ctx, s, authAppImpact(c.App), func() error {
		return call(ctx, s.revocation().RevokeAuthenticationApp, &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: c.App},
			s.line("%s is revoked, and the user tokens that were issued through it", c.App))
	})
}
