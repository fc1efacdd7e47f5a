package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/logo"
)

// maxPurpose is the length of a client's purpose in characters: two lines of the consent page.
const maxPurpose = 140

// LogoStore stores the logos of clients.
type LogoStore interface {
	// SetLogo replaces the logo of a client; a zero logo removes it. With unreviewed, another logo makes the
	// client unverified. It returns client.ErrUnknown.
	SetLogo(ctx context.Context, id string, l logo.Logo, unreviewed bool) error
	// Logo returns the PNG of a logo, or logo.ErrUnknown.
	Logo(ctx context.Context, hash string) ([]byte, error)
}

// IdentityChange is a change of the description of a client for users. A nil field stays unchanged, and
// an empty one is removed.
type IdentityChange struct {
	Publisher, Purpose, ClientURI, PolicyURI, TermsURI *string
	OptionalScope                                      oauth.Scope
}

// identityOf returns the change that sets everything of an identity.
func identityOf(a *oauth.AppIdentity) IdentityChange {
	return IdentityChange{
		Publisher: &a.Publisher, Purpose: &a.Purpose, ClientURI: &a.ClientURI, PolicyURI: &a.PolicyURI, TermsURI: &a.TermsURI,
	}
}

// checkIdentity brings the description into its stored form, or returns the first field that
// cannot be registered. A publisher follows the rules of names: users read it beside the name.
func (d Clients) checkIdentity(c IdentityChange, allowReserved bool) error {
	if c.Publisher != nil && *c.Publisher != "" {
		publisher, err := d.displayName("publisher", *c.Publisher, allowReserved)
		if err != nil {
			return err
		}
		*c.Publisher = publisher
	}
	if c.Purpose != nil {
		*c.Purpose = strings.TrimSpace(*c.Purpose)
		if !oauth.PrintableText(*c.Purpose, maxPurpose) {
			return oauth.InvalidField("purpose", fmt.Sprintf("must have at most %d printable characters", maxPurpose))
		}
	}
	for _, a := range []struct {
		field   string
		address *string
	}{{"client_uri", c.ClientURI}, {"policy_uri", c.PolicyURI}, {"tos_uri", c.TermsURI}} {
		if a.address != nil && *a.address != "" && !oauth.ValidWebAddress(*a.address) {
			return oauth.InvalidField(a.field, "must be an address such as https://example.com/about")
		}
	}
	return nil
}

// checkOptional refuses optional scopes that the client cannot request.
func checkOptional(registration client.Registration) error {
	if missing := registration.OptionalScope.Missing(registration.Scope); len(missing) > 0 {
		return oauth.InvalidField("optional_scopes", fmt.Sprintf("has %q, which is not one of the client's scopes: change both together", missing[0]))
	}
	return nil
}

// SetLogo makes an uploaded image the logo of a client; no image removes it. With unreviewed, another logo
// makes the client unverified. It returns an *oauth.FieldError or client.ErrUnknown.
func (d Clients) SetLogo(ctx context.Context, id string, upload []byte, unreviewed bool) error {
	before, err := d.Store.FindClient(ctx, id)
	if err != nil {
		return err
	}
	if before.SelfRegistered {
		return oauth.InvalidField("client_id", "is of a client that registered itself, whose logo nobody has checked")
	}
	var l logo.Logo
	if len(upload) > 0 {
		if l, err = logo.New(upload); err != nil {
			return err
		}
	}
	return d.Store.SetLogo(ctx, id, l, unreviewed)
}
