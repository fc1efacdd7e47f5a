package ownership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/emailaddress"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

const (
	// recentUse is how long after its last use a redirect URI is removed only where that is confirmed.
	recentUse = 7 * 24 * time.Hour
	// maxTesters is how many testers a client may have.
	maxTesters = 20
)

// AddRedirectURI registers another redirect URI. One with a host that the client does not have yet makes it
// unverified. It returns an *oauth.FieldError, or a *ConflictError for such a host while the client waits for
// its review.
func (c Console) AddRedirectURI(ctx context.Context, session secret.String, clientID, uri string) error {
	ctx, _, app, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	added := RedirectURI{ClientID: clientID, URI: uri, Limit: registry.MaxRedirectURIs, Reviewed: client.AddsHost(app.RedirectURIs, []string{uri})}
	app.Unverified = app.Unverified || added.Reviewed
	if err = c.Registry.CheckRedirectURI(app.Client, uri); err == nil {
		err = c.Store.AddRedirectURI(ctx, added)
	}
	switch {
	case errors.Is(err, ErrTooMany):
		return oauth.InvalidField("redirect_uris", fmt.Sprintf("must be at most %d", registry.MaxRedirectURIs))
	case errors.Is(err, ErrSubmitted):
		return waits()
	}
	return err
}

// RemoveRedirectURI removes a redirect URI. It returns a *ConflictError for the last one, and for one that
// was used lately unless the user knows that.
func (c Console) RemoveRedirectURI(ctx context.Context, session secret.String, clientID, uri string, confirmed bool) error {
	ctx, _, _, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	unused := recentUse
	if confirmed {
		unused = 0
	}
	err = c.Store.RemoveRedirectURI(ctx, clientID, uri, unused)
	switch {
	case errors.Is(err, ErrLast):
		return &ConflictError{"redirect_uris", "the last redirect address cannot be removed: add another one first"}
	case errors.Is(err, ErrUsed):
		return &ConflictError{"confirm", "people used this address in the last 7 days"}
	}
	return err
}

// AddTester lets a user connect a client that is not live. It returns an *oauth.FieldError.
func (c Console) AddTester(ctx context.Context, session secret.String, clientID, typed string) error {
	ctx, _, _, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	address, err := testerAddress(typed)
	if err != nil {
		return err
	}
	err = c.Store.AddTester(ctx, clientID, address, maxTesters)
	if errors.Is(err, ErrTooMany) {
		return oauth.InvalidField("email_address", fmt.Sprintf("cannot be added: there are %d testers, which is the limit", maxTesters))
	}
	return err
}

// RemoveTester takes that back. It returns an *oauth.FieldError.
func (c Console) RemoveTester(ctx context.Context, session secret.String, clientID, typed string) error {
	ctx, _, _, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	address, err := testerAddress(typed)
	if err != nil {
		return err
	}
	return c.Store.RemoveTester(ctx, clientID, address)
}

// testerAddress returns the canonical form of an address, by which testers are stored and compared, or an
// *oauth.FieldError.
func testerAddress(typed string) (emailaddress.Address, error) {
	address, err := emailaddress.Canonical(typed)
	if err != nil {
		return "", oauth.InvalidField("email_address", "must be an address such as name@example.com")
	}
	return address, nil
}
