package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// Clients is `usher clients`.
type Clients struct {
	Create              createClient                         `cmd:"" help:"Register a client; the secret of a confidential one is printed only once."`
	List                command[limit]                       `cmd:"" help:"List clients by name, disabled ones too."`
	Show                command[oneClient]                   `cmd:"" help:"Show a client with its redirect URIs and secrets."`
	Update              updateClient                         `cmd:"" help:"Change a client: flags replace values, the others stay, and existing grants stay."`
	Apply               applyClients                         `cmd:"" help:"Register and change clients so that they match a manifest."`
	RotateSecret        rotateClient                         `cmd:"" help:"Create a new secret, printed only once; the previous one stays valid for the overlap."`
	RevokeOldSecret     command[oneClient]                   `cmd:"" help:"Revoke the previous secret now, before its overlap ends."`
	RemoveFromWorkspace command[withConfirmation[oneClient]] `cmd:"" help:"Remove a client from its workspace, and revoke the tokens that it got for itself."`
	Disable             command[withConfirmation[anyClient]] `cmd:"" help:"Disable a client, and revoke everything that was granted to it."`
	Enable              command[anyClient]                   `cmd:"" help:"Enable a disabled client; revoked grants stay revoked."`
	DisabledDocuments   command[limit]                       `cmd:"" help:"List the clients with a document (CIMD) that are disabled."`
	Logo                setLogo                              `cmd:"" help:"Set the logo that users see, or remove it."`
	Review              reviewClients                        `cmd:"" help:"Review the clients that workspaces registered."`
	Keys                clientKeys                           `cmd:"" help:"Manage the public keys of a client that authenticates with private_key_jwt."`
}

type createClient struct {
	Name           string   `arg:"" help:"The client's name, shown on the consent page."`
	ID             string   `help:"The client identifier, vdo_client_…; generated when not given." placeholder:"ID"`
	Public         bool     `help:"A public client (RFC 6749 §2.1): it has no secret, and must use PKCE."`
	ResourceServer bool     `help:"The client may introspect every access token."`
	RedirectURIs   []string `name:"redirect-uri" help:"A redirect URI; repeat the flag for more." placeholder:"URI" sep:"none"`
	Scopes         []string `name:"scope" help:"Scopes that the client may request; repeat the flag, or separate them with commas." placeholder:"SCOPE"`
	GrantTypes     []string `name:"grant-type" aliases:"grant" help:"A grant type that the client may use: ${grant_types}; ${default_grant_types} unless given." placeholder:"TYPE"`
	Workspace      string   `help:"The workspace in which the client gets tokens for itself, ws_…: with --grant-type client_credentials." placeholder:"WORKSPACE"`
	refreshRetry

	DefaultScopes   []string `name:"default-scope" help:"Scopes of a request that names none; such a request is refused unless given." placeholder:"SCOPE"`
	ApplicationType string   `enum:",native,web" default:"" help:"native (on the user's device) or web (on a server); a public client counts as native unless given." placeholder:"TYPE"`
	Unverified      bool     `help:"Errors and denials are shown to the user, who returns to the client with a button."`
	Reuse           string   `enum:",subject,family" default:"" help:"A reused refresh token revokes the user's grants to the client (subject, unless given), or its family alone." placeholder:"KIND"`
	keyFlags
	identityFlags
	openIDFlags
	SubjectType string `enum:",public,pairwise" default:"" help:"How tokens name users: public (the same for every client, unless given) or pairwise (for the host of the redirect URIs alone, or for a native client alone); it never changes." placeholder:"TYPE"`
	securityFlags

	AllowReservedName bool `help:"The client is your own, and may have the product's name."`
}

// Validate is called by kong.
func (c createClient) Validate() error {
	return errors.Join(c.refreshRetry.Validate(), c.keyFlags.Validate())
}

// Run registers a client.
func (c createClient) Run(ctx context.Context, s *Session) error {
	jwks, err := c.jwks()
	if err != nil {
		return err
	}
	kind := authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL
	if c.Public {
		kind = authzv1.ClientType_CLIENT_TYPE_PUBLIC
	}
	res, err := s.authz().CreateClient(ctx, &authzv1.CreateClientRequest{
		ClientId: c.ID, Name: c.Name, Type: kind, RedirectUris: c.RedirectURIs, Scopes: c.Scopes,
		ResourceServer: c.ResourceServer, GrantTypes: c.GrantTypes, AllowReservedName: c.AllowReservedName,
		RefreshRetrySeconds: c.seconds(), WorkspaceId: c.Workspace,
		DefaultScopes: c.DefaultScopes, ApplicationType: enumname.Parse[authzv1.ApplicationType](c.ApplicationType), Unverified: c.Unverified,
		Reuse: enumname.Parse[authzv1.Reuse](c.Reuse),
		Jwks:  jwks, JwksUri: c.JWKSURI, TokenEndpointAuthSigningAlg: c.SigningAlg,
		IdTokenSignedResponseAlg: c.IDTokenAlg, SubjectType: enumname.Parse[authzv1.SubjectType](c.SubjectType), PostLogoutRedirectUris: c.PostLogoutURIs,
		BackchannelLogoutUri: value(c.LogoutURI), BackchannelLogoutSessionRequired: value(c.LogoutSession),
		RequirePushedAuthorizationRequests: c.RequirePAR, DpopBoundAccessTokens: c.DPoPBound, Profile: enumname.Parse[authzv1.Profile](c.Profile),
		Publisher: value(c.Publisher), Purpose: value(c.Purpose), ClientUri: value(c.ClientURI), PolicyUri: value(c.PolicyURI), TosUri: value(c.TosURI),
		OptionalScopes: c.OptionalScopes,
	})
	if err != nil {
		return err
	}
	if res.GetClientSecret() == "" {
		return s.print(res, registrationRows(res))
	}
	return s.reveal(res, res.GetClientSecret(), fmt.Sprintf("The secret of client %s.", res.GetRegistration().GetClient().GetClientId()))
}

func listClients(ctx context.Context, s *Session, c limit) error {
	return call(ctx, allPages(s, c.Limit, s.authz().ListClients), &authzv1.ListClientsRequest{},
		rows(s, func(res *authzv1.ListClientsResponse) table.Rows { return clientRows(res.GetRegistrations()...) }))
}

func showClient(ctx context.Context, s *Session, c oneClient) error {
	return call(ctx, s.authz().FindClient, &authzv1.FindClientRequest{ClientId: c.Client}, rows(s, registrationRows[*authzv1.FindClientResponse]))
}

// registrationRows shows everything of one client.
func registrationRows[Res interface {
	proto.Message
	GetRegistration() *authzv1.Registration
}](res Res) table.Rows {
	r := res.GetRegistration()
	t := clientRows(r)
	t.Add("")
	t.Add("GRANT TYPES", orNone(strings.Join(r.GetClient().GetGrantTypes(), " ")))
	t.AddGiven("WORKSPACE", r.GetClient().GetWorkspaceId())
	t.Add("SCOPES", orNone(strings.Join(r.GetScopes(), " ")))
	t.Add("DEFAULT SCOPES", orNone(strings.Join(r.GetDefaultScopes(), " ")))
	t.Add("OPTIONAL SCOPES", orNone(strings.Join(r.GetOptionalScopes(), " ")))
	t.AddGiven("NOT GRANTED FOR 30 DAYS", strings.Join(r.GetUnusedScopes(), " "))
	addIdentityRows(&t, r)
	t.AddGiven("APPLICATION TYPE", enumname.Of(r.GetApplicationType()))
	t.Add("REUSE REVOKES", enumname.Of(r.GetClient().GetReuse()))
	for _, uri := range r.GetRedirectUris() {
		t.Add("REDIRECT URI", uri)
	}
	addOwnerRows(&t, r)
	addOpenIDRows(&t, r)
	if len(r.GetSecrets()) > 0 {
		t.Add("SECRETS", secretsOf(r.GetSecrets()))
	}
	addSecurityRows(&t, r)
	addKeyRows(&t, r)
	return t
}

func clientRows(clients ...*authzv1.Registration) table.Rows {
	t := table.Rows{{"CLIENT", "NAME", "TYPE", "STATE", "CREATED", "REFRESH RETRY"}}
	for _, r := range clients {
		kind := map[authzv1.ClientType]string{
			authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL: "confidential", authzv1.ClientType_CLIENT_TYPE_PUBLIC: "public",
		}[r.GetClient().GetType()]
		if r.GetTokenEndpointAuthMethod() != "" {
			kind += ", " + r.GetTokenEndpointAuthMethod()
		}
		if r.GetClient().GetResourceServer() {
			kind += ", resource server"
		}
		standing := state(r)
		if r.GetUnverified() {
			standing += ", unverified"
		}
		t.Add(r.GetClient().GetClientId(), r.GetClient().GetName(), kind, standing, timestamp(r.GetCreateTime()), retryWindow(r.GetClient()))
	}
	return t
}
