package ownership

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

const (
	// recentUse is how long after its last use a redirect URI is removed only where that is confirmed.
	recentUse = 7 * 24 * time.Hour
	// maxTesters is how many testers a client may have.
	maxTesters = 20
	// maxEmail is the length of an e-mail address in bytes (RFC 5321 §4.5.3.1.3).
	maxEmail = 254
)

// AddRedirectURI registers another redirect URI. It returns an *oauth.FieldError.
func (c Console) AddRedirectURI(ctx context.Context, session secret.String, clientID, uri string) error {
	ctx, _, app, err := c.find(ctx, session, clientID)
	if err == nil {
		err = c.Registry.CheckRedirectURI(app.Client, uri)
	}
	if err == nil {
		err = c.Store.AddRedirectURI(ctx, clientID, uri, registry.MaxRedirectURIs)
	}
	if errors.Is(err, ErrTooMany) {
		return oauth.InvalidField("redirect_uris", fmt.Sprintf("must be at most %d", registry.MaxRedirectURIs))
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
	address, err := mail.ParseAddress(strings.TrimSpace(typed))
	if err != nil || address.Name != "" || len(address.Address) > maxEmail || address.Address != strings.TrimSpace(typed) {
		return oauth.InvalidField("email_address", "must be an address such as name@example.com")
	}
	err = c.Store.AddTester(ctx, clientID, email(typed), maxTesters)
	if errors.Is(err, ErrTooMany) {
		return oauth.InvalidField("email_address", fmt.Sprintf("cannot be added: there are %d testers, which is the limit", maxTesters))
	}
	return err
}

// RemoveTester takes that back.
func (c Console) RemoveTester(ctx context.Context, session secret.String, clientID, typed string) error {
	ctx, _, _, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	return c.Store.RemoveTester(ctx, clientID, email(typed))
}

// email returns an e-mail address as testers are compared.
func email(typed string) string { return strings.ToLower(strings.TrimSpace(typed)) }
