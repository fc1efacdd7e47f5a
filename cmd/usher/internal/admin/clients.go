package admin

import (
	"context"
	"fmt"
	"strings"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// Clients is `usher clients`.
type Clients struct {
	Create          createClient    `cmd:"" help:"Register an app; the secret of a confidential one is printed once."`
	List            listClients     `cmd:"" help:"List apps by name, disabled ones too."`
	Show            showClient      `cmd:"" help:"Show an app with its redirect URIs and secrets."`
	Update          updateClient    `cmd:"" help:"Change an app; what is given replaces, what is not stays, and so does what was granted."`
	RotateSecret    rotateClient    `cmd:"" help:"Draw a new secret, printed once; the one before stays valid for the overlap."`
	RevokeOldSecret revokeOldSecret `cmd:"" help:"End the secret before a rotation now."`
	Disable         disableClient   `cmd:"" help:"Keep an app out, and end all that was granted to it at once."`
	Enable          enableClient    `cmd:"" help:"Let a disabled app in again; what ended stays ended."`
}

type createClient struct {
	Name           string   `arg:"" help:"The app's name, which people see on the consent page."`
	ID             string   `help:"The identifier, vdo_client_…; without it one is drawn." placeholder:"ID"`
	Public         bool     `help:"The app cannot keep a secret: it gets none, and must use PKCE."`
	ResourceServer bool     `help:"The app may introspect every access token."`
	RedirectURIs   []string `name:"redirect-uri" help:"Where browsers come back to; once for each." placeholder:"URI" sep:"none"`
	Scopes         []string `name:"scope" help:"What the app may ask for; once for each, or with commas between." placeholder:"SCOPE"`
	Grants         []string `name:"grant" help:"A grant type that the app may use: ${grant_types}; without it the app gets ${default_grant_types}." placeholder:"GRANT"`

	AllowReservedName bool `help:"The app is your own, and may have the product's name."`
}

// Run registers an app.
func (c createClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	kind := authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL
	if c.Public {
		kind = authzv1.ClientType_CLIENT_TYPE_PUBLIC
	}
	res, err := client.CreateClient(ctx, &authzv1.CreateClientRequest{
		ClientId: c.ID, Name: c.Name, Type: kind, RedirectUris: c.RedirectURIs, Scopes: c.Scopes,
		ResourceServer: c.ResourceServer, GrantTypes: c.Grants, AllowReservedName: c.AllowReservedName,
	})
	if err != nil {
		return err
	}
	if res.GetClientSecret() == "" {
		return s.print(res, clientTable(res.GetRegistration()))
	}
	return s.reveal(res, res.GetClientSecret(), fmt.Sprintf("The secret of app %s.", res.GetRegistration().GetClient().GetClientId()))
}

type listClients struct {
	Limit int32 `help:"At most so many; 0 is all of them." default:"100"`
}

// Run lists apps.
func (c listClients) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	all := &authzv1.ListClientsResponse{}
	err = s.pages(c.Limit, func(size int32, after string) (int, string, error) {
		page, err := client.ListClients(ctx, &authzv1.ListClientsRequest{PageSize: size, PageToken: after})
		all.Registrations = append(all.Registrations, page.GetRegistrations()...)
		all.NextPageToken = page.GetNextPageToken()
		return len(page.GetRegistrations()), page.GetNextPageToken(), err
	})
	if err != nil {
		return err
	}
	return s.print(all, clientTable(all.GetRegistrations()...))
}

type showClient struct {
	Client string `arg:"" help:"The app, vdo_client_…."`
}

// Run shows an app.
func (c showClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	res, err := client.FindClient(ctx, &authzv1.FindClientRequest{ClientId: c.Client})
	if err != nil {
		return err
	}
	return s.print(res, wholeClient(res.GetRegistration()))
}

// wholeClient tells everything of one app.
func wholeClient(r *authzv1.Registration) table {
	t := clientTable(r)
	t.add("")
	t.add("GRANTS", orNone(strings.Join(r.GetClient().GetGrantTypes(), " ")))
	t.add("SCOPES", orNone(strings.Join(r.GetScopes(), " ")))
	for _, uri := range r.GetRedirectUris() {
		t.add("REDIRECT URI", uri)
	}
	if len(r.GetSecrets()) > 0 {
		t.add("SECRETS", secretsOf(r.GetSecrets()))
	}
	return t
}

func clientTable(apps ...*authzv1.Registration) table {
	t := table{{"APP", "NAME", "TYPE", "STATE", "CREATED"}}
	for _, a := range apps {
		kind := map[authzv1.ClientType]string{
			authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL: "confidential", authzv1.ClientType_CLIENT_TYPE_PUBLIC: "public",
		}[a.GetClient().GetType()]
		if a.GetClient().GetResourceServer() {
			kind += ", resource server"
		}
		state := "enabled"
		if a.GetDisabled() {
			state = "disabled"
		}
		t.add(a.GetClient().GetClientId(), a.GetClient().GetName(), kind, state, when(a.GetCreateTime()))
	}
	return t
}
