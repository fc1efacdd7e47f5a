package admin

import (
	"context"
	"errors"
	"fmt"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

type updateClient struct {
	Client       string   `arg:"" help:"The app, vdo_client_…."`
	Name         string   `help:"Another name." placeholder:"NAME"`
	RedirectURIs []string `name:"redirect-uri" help:"Redirect URIs in place of all that it has; once for each." placeholder:"URI" sep:"none"`
	Scopes       []string `name:"scope" help:"Scopes in place of all that it has; once for each, or with commas between." placeholder:"SCOPE"`
	Grants       []string `name:"grant" help:"A grant type, in place of all that it has: ${grant_types}." placeholder:"GRANT"`

	ResourceServer   bool `xor:"server" help:"It may introspect every access token."`
	NoResourceServer bool `xor:"server" help:"It may not."`

	AllowReservedName bool `help:"The app is your own, and may have the product's name."`
}

// Validate is kong's.
func (c updateClient) Validate() error {
	if c.Name == "" && len(c.RedirectURIs)+len(c.Scopes)+len(c.Grants) == 0 && !c.ResourceServer && !c.NoResourceServer {
		return errors.New("nothing is to change: give --name, --redirect-uri, --scope, --grant, --resource-server or --no-resource-server")
	}
	return nil
}

// Run changes an app.
func (c updateClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	req := &authzv1.UpdateClientRequest{ClientId: c.Client, RedirectUris: c.RedirectURIs, Scopes: c.Scopes, GrantTypes: c.Grants}
	if c.ResourceServer || c.NoResourceServer {
		req.ResourceServer = &c.ResourceServer
	}
	if c.Name != "" {
		req.Name, req.AllowReservedName = &c.Name, c.AllowReservedName
	}
	res, err := client.UpdateClient(ctx, req)
	if err != nil {
		return err
	}
	return s.print(res, wholeClient(res.GetRegistration()))
}

type rotateClient struct {
	Client string `arg:"" help:"The app, vdo_client_…."`
	overlap
}

// Run rotates a secret.
func (c rotateClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	res, err := client.RotateClientSecret(ctx, &authzv1.RotateClientSecretRequest{
		ClientId: c.Client, OverlapSeconds: c.seconds(),
	})
	if err != nil {
		return err
	}
	return s.reveal(res, res.GetClientSecret(), fmt.Sprintf("The new secret of app %s; the one before %s.", c.Client, c.before()))
}

type revokeOldSecret struct {
	Client string `arg:"" help:"The app, vdo_client_…."`
}

// Run ends the secret before.
func (c revokeOldSecret) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	res, err := client.RevokePreviousClientSecret(ctx, &authzv1.RevokePreviousClientSecretRequest{ClientId: c.Client})
	if err != nil {
		return err
	}
	return s.done(res, "%s has one secret: %s", c.Client, secretsOf(res.GetRegistration().GetSecrets()))
}

type disableClient struct {
	Client string `arg:"" help:"The app, vdo_client_…."`
}

// Run disables an app.
func (c disableClient) Run(ctx context.Context, s *Session) error {
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.DisableClient(ctx, &tokenv1.DisableClientRequest{ClientId: c.Client})
	if err != nil {
		return err
	}
	return s.done(res, "%s is disabled; all that was granted to it has ended", c.Client)
}

type enableClient struct {
	Client string `arg:"" help:"The app, vdo_client_…."`
}

// Run enables an app.
func (c enableClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	res, err := client.EnableClient(ctx, &authzv1.EnableClientRequest{ClientId: c.Client})
	if err != nil {
		return err
	}
	return s.done(res, "%s may be connected again", c.Client)
}
