package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

type updateClient struct {
	Client       string   `arg:"" help:"The client, vdo_client_…."`
	Name         string   `help:"The new name." placeholder:"NAME"`
	RedirectURIs []string `name:"redirect-uri" help:"A redirect URI; repeat the flag for more. They replace all that it has." placeholder:"URI" sep:"none"`
	Scopes       []string `name:"scope" help:"Scopes, which replace all that it has; repeat the flag, or separate them with commas." placeholder:"SCOPE"`
	GrantTypes   []string `name:"grant-type" aliases:"grant" help:"Grant types, which replace all that it has: ${grant_types}." placeholder:"TYPE"`

	Workspace string `help:"The workspace in which a client that has none gets tokens for itself: with the grant type client_credentials." placeholder:"WORKSPACE"`

	ResourceServer   bool `xor:"server" help:"It may introspect every access token."`
	NoResourceServer bool `xor:"server" help:"It may not introspect tokens of others."`

	refreshRetry
	DefaultRefreshRetry bool `help:"Remove the client's own retry window: token.refresh_retry_window applies to it again."`

	DefaultScopes   []string `name:"default-scope" xor:"default" help:"Scopes of a request that names none, which replace all that it has." placeholder:"SCOPE"`
	NoDefaultScope  bool     `xor:"default" help:"Refuse requests that name no scope."`
	ApplicationType string   `enum:",native,web" default:"" help:"native (on the user's device) or web (on a server)." placeholder:"TYPE"`

	keyFlags
	openIDFlags
	NoPostLogoutURI bool `name:"no-post-logout-redirect-uri" help:"Remove the post-logout redirect URIs."`

	securityChanges
	AnySigningAlg bool `help:"Accept every supported signature algorithm of the client's keys again."`

	identityFlags
	NoOptionalScope bool `help:"Make all scopes required."`

	Verified   bool `xor:"verified" help:"You have checked the client, which the consent page says. Errors and denials redirect to the client."`
	Unverified bool `xor:"verified" help:"Errors and denials are shown to the user, who returns to the client with a button."`

	Reuse string `enum:",subject,family" default:"" help:"A reused refresh token revokes the user's grants to the client (subject), or its family alone." placeholder:"KIND"`

	AllowReservedName bool `help:"The client is your own, and may have the product's name."`
}

// Validate is called by kong.
func (c updateClient) Validate() error {
	if c.RefreshRetry != nil && c.DefaultRefreshRetry {
		return errors.New("--refresh-retry and --default-refresh-retry exclude each other")
	}
	lists := len(c.RedirectURIs) + len(c.Scopes) + len(c.GrantTypes) + len(c.DefaultScopes)
	if c.SigningAlg != "" && c.AnySigningAlg {
		return errors.New("--signing-alg and --any-signing-alg exclude each other")
	}
	if c.NoOptionalScope && len(c.OptionalScopes) > 0 {
		return errors.New("--optional-scope and --no-optional-scope exclude each other")
	}
	switches := c.keyFlags.given() || c.identityFlags.given() || c.openIDFlags.given() || c.NoPostLogoutURI || c.changed() || c.NoOptionalScope ||
		c.AnySigningAlg || c.ResourceServer || c.NoResourceServer || c.NoDefaultScope || c.Verified || c.Unverified || c.DefaultRefreshRetry
	if c.Name == "" && c.ApplicationType == "" && c.Reuse == "" && c.Workspace == "" && c.RefreshRetry == nil && lists == 0 && !switches {
		return errors.New("no change was given: add --name, --redirect-uri, --scope, --default-scope, --no-default-scope, --grant-type, --workspace, " +
			"--application-type, --jwks, --jwks-uri, --signing-alg, --any-signing-alg, --resource-server, --no-resource-server, --verified, " +
			"--unverified, --reuse, --publisher, --purpose, --client-uri, --policy-uri, --tos-uri, --optional-scope, --no-optional-scope, " +
			"--id-token-alg, --post-logout-redirect-uri, --no-post-logout-redirect-uri, --backchannel-logout-uri, --backchannel-logout-session-required, --require-par, --no-require-par, --dpop-bound, " +
			"--no-dpop-bound, --profile, --refresh-retry or --default-refresh-retry")
	}
	return errors.Join(c.refreshRetry.Validate(), c.keyFlags.Validate())
}

// Run changes a client.
func (c updateClient) Run(ctx context.Context, s *Session) error {
	jwks, err := c.jwks()
	if err != nil {
		return err
	}
	req := &authzv1.UpdateClientRequest{
		ClientId: c.Client, RedirectUris: c.RedirectURIs, Scopes: c.Scopes, GrantTypes: c.GrantTypes, DefaultScopes: c.DefaultScopes,
		ClearDefaultScopes: c.NoDefaultScope, ApplicationType: enumname.Parse[authzv1.ApplicationType](c.ApplicationType),
		WorkspaceId:         c.Workspace,
		RefreshRetrySeconds: c.seconds(), DefaultRefreshRetry: c.DefaultRefreshRetry,
		Reuse: enumname.Parse[authzv1.Reuse](c.Reuse),
		Jwks:  jwks, JwksUri: c.JWKSURI,
		Publisher: c.Publisher, Purpose: c.Purpose, ClientUri: c.ClientURI, PolicyUri: c.PolicyURI, TosUri: c.TosURI,
		OptionalScopes: c.OptionalScopes, ClearOptionalScopes: c.NoOptionalScope, AllowReservedName: c.AllowReservedName,
		IdTokenSignedResponseAlg: c.IDTokenAlg, PostLogoutRedirectUris: c.PostLogoutURIs, ClearPostLogoutRedirectUris: c.NoPostLogoutURI,
		BackchannelLogoutUri: c.LogoutURI, BackchannelLogoutSessionRequired: c.LogoutSession,
	}
	c.set(req)
	if c.SigningAlg != "" || c.AnySigningAlg {
		req.TokenEndpointAuthSigningAlg = &c.SigningAlg
	}
	if c.Verified || c.Unverified {
		req.Unverified = &c.Unverified
	}
	if c.ResourceServer || c.NoResourceServer {
		req.ResourceServer = &c.ResourceServer
	}
	if c.Name != "" {
		req.Name = &c.Name
	}
	return call(ctx, s.authz().UpdateClient, req, rows(s, registrationRows[*authzv1.UpdateClientResponse]))
}

type rotateClient struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
	overlap
	ReplaceKeys bool `help:"Remove the keys of a client that authenticates with private_key_jwt: it authenticates with the secret from now on."`
}

// Run rotates a secret.
func (c rotateClient) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.authz().RotateClientSecret, &authzv1.RotateClientSecretRequest{ClientId: c.Client, OverlapSeconds: c.seconds(), ReplaceKeys: c.ReplaceKeys},
		secretOf(s, func(res *authzv1.RotateClientSecretResponse) string {
			return fmt.Sprintf("The new secret of client %s; %s.", c.Client, c.replaced(res.GetRegistration())) + serviceTokensStay(res.GetRegistration())
		}))
}

// replaced says what the client authenticated with before, and until when it may.
func (c rotateClient) replaced(r *authzv1.Registration) string {
	if !c.ReplaceKeys {
		return "the previous one " + c.previous()
	}
	text := "its keys are removed, and assertions that they sign are refused from now on"
	if len(r.GetSecrets()) > 1 { // it had a secret and no keys
		text += "; the previous secret " + c.previous()
	}
	return text
}

func revokeOldSecret(ctx context.Context, s *Session, c oneClient) error {
	return call(ctx, s.authz().RevokePreviousClientSecret, &authzv1.RevokePreviousClientSecretRequest{ClientId: c.Client},
		rows(s, func(res *authzv1.RevokePreviousClientSecretResponse) table.Rows {
			return table.Rows{{fmt.Sprintf("%s has one secret: %s", c.Client, secretsOf(res.GetRegistration().GetSecrets()))}}
		}))
}

func disableClient(ctx context.Context, s *Session, c withConfirmation[anyClient]) error {
	id := c.Target.Client
	return c.confirmed(ctx, s, clientImpact(id), func() error {
		return call(ctx, s.revocation().DisableClient, &tokenv1.DisableClientRequest{ClientId: id},
			s.line("%s is disabled, and everything that was granted to it is revoked", id))
	})
}

func enableClient(ctx context.Context, s *Session, c anyClient) error {
	return call(ctx, s.authz().EnableClient, &authzv1.EnableClientRequest{ClientId: c.Client},
		s.line("%s is enabled; users must grant it access again", c.Client))
}
