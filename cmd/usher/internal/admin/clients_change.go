package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

type updateClient struct {
	Client       string   `arg:"" help:"The app, vdo_client_…."`
	Name         string   `help:"Another name." placeholder:"NAME"`
	RedirectURIs []string `name:"redirect-uri" help:"Redirect URIs in place of all that it has; once for each." placeholder:"URI" sep:"none"`
	Scopes       []string `name:"scope" help:"Scopes in place of all that it has; once for each, or with commas between." placeholder:"SCOPE"`
}

// Validate is kong's.
func (c updateClient) Validate() error {
	if c.Name == "" && len(c.RedirectURIs) == 0 && len(c.Scopes) == 0 {
		return errors.New("nothing is to change: give --name, --redirect-uri or --scope")
	}
	return nil
}

// Run changes an app.
func (c updateClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	req := &authzv1.UpdateClientRequest{ClientId: c.Client, RedirectUris: c.RedirectURIs, Scopes: c.Scopes}
	if c.Name != "" {
		req.Name = &c.Name
	}
	res, err := client.UpdateClient(ctx, req)
	if err != nil {
		return err
	}
	return s.print(res, wholeClient(res.GetRegistration()))
}

type rotateClient struct {
	Client  string        `arg:"" help:"The app, vdo_client_…."`
	Overlap time.Duration `help:"How long the secret before stays valid, in whole seconds; 0s ends it at once, at most 720h." default:"24h"`
}

// Validate is kong's.
func (c rotateClient) Validate() error {
	if c.Overlap < 0 || c.Overlap > maxOverlap || c.Overlap%time.Second != 0 {
		return errors.New("--overlap must be whole seconds from 0s to 720h")
	}
	return nil
}

// Run rotates a secret.
func (c rotateClient) Run(ctx context.Context, s *Session) error {
	client, err := s.registry()
	if err != nil {
		return err
	}
	res, err := client.RotateClientSecret(ctx, &authzv1.RotateClientSecretRequest{
		ClientId: c.Client, OverlapSeconds: int64(c.Overlap / time.Second),
	})
	if err != nil {
		return err
	}
	before := "has ended"
	if c.Overlap > 0 {
		before = "stays valid for " + c.Overlap.String()
	}
	return s.reveal(res, res.GetClientSecret(), fmt.Sprintf("The new secret of app %s; the one before %s.", c.Client, before))
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
