package registry

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

const (
	maxNameLength = 100
	maxURIs       = 20
)

// check gives an app its grant types and finds what cannot be registered.
func (d Clients) check(app *client.Registration, allowReserved bool) (err error) {
	if !client.ValidID(app.ID) {
		return &FieldError{"client_id", "must be vdo_client_ and 1 to 53 letters, digits, - and _"}
	}
	if app.Name, err = d.name(app.Name, allowReserved); err != nil {
		return err
	}
	if app.Type != client.Confidential && app.Type != client.Public {
		return &FieldError{"type", "must be confidential or public"}
	}
	if err := d.lists(app.RedirectURIs, app.Scope, app.GrantTypes); err != nil {
		return err
	}
	authorizes := !app.ResourceServer || len(app.RedirectURIs) > 0 || len(app.Scope) > 0
	if authorizes && len(app.GrantTypes) == 0 {
		app.GrantTypes = oauth.DefaultGrantTypes()
	}
	return together(*app)
}

// together refuses what could never be used: an app that people authorize says where they come back to and what it asks for; a
// resource server need not be one.
func together(app client.Registration) error {
	starts := oauth.AnyGrantType(app.GrantTypes, func(g oauth.GrantType) bool { return g.Starts })
	redirects := oauth.AnyGrantType(app.GrantTypes, func(g oauth.GrantType) bool { return g.Redirects })
	switch {
	case app.ResourceServer && app.Type != client.Confidential:
		return &FieldError{"resource_server", "is for confidential apps: whoever asks about tokens proves who it is"}
	case !starts && (len(app.GrantTypes) > 0 || !app.ResourceServer):
		names := oauth.GrantTypeNames(func(g oauth.GrantType) bool { return g.Starts })
		return &FieldError{"grant_types", fmt.Sprintf(
			"must include %s: no other grant type can start an authorization", oauth.JoinNames(names, "or"))}
	case redirects && len(app.RedirectURIs) == 0:
		return &FieldError{"redirect_uris", "must have one at least"}
	case starts && len(app.Scope) == 0:
		return &FieldError{"scopes", "must have one at least"}
	}
	return nil
}

// lists checks each of an app's lists by itself.
func (d Clients) lists(uris []string, scope oauth.Scope, grants []string) error {
	if err := redirectURIs(uris); err != nil {
		return err
	}
	if err := d.scopes(scope); err != nil {
		return err
	}
	return grantTypes(grants)
}

// name is a name as it is kept: without the space around it, and of characters that show. People read it on the consent page,
// so nothing in it may turn the direction of the text around it, and no reserved name may be imitated.
func (d Clients) name(typed string, allowReserved bool) (string, error) {
	name := strings.TrimSpace(typed)
	n := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || n == 0 || n > maxNameLength || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", &FieldError{"name", "must have 1 to 100 printable characters"}
	}
	if reserved := d.Reserved.Imitated(name); reserved != "" && !allowReserved {
		return "", &FieldError{"name", fmt.Sprintf(
			"looks like %q, which is reserved (authz.reserved_names): people would take the app for yours. If it is, set allow_reserved_name",
			reserved)}
	}
	return name, nil
}

func (d Clients) scopes(scope oauth.Scope) error {
	for i, name := range scope {
		if _, ok := d.Scopes.Describe(name); !ok {
			return &FieldError{"scopes", fmt.Sprintf("has %q, which is not in the catalog", name)}
		}
		if slices.Contains(scope[:i], name) {
			return &FieldError{"scopes", fmt.Sprintf("has %q twice", name)}
		}
	}
	return nil
}

func grantTypes(list []string) error {
	for i, name := range list {
		if known := oauth.GrantTypeNames(nil); !slices.Contains(known, name) {
			return &FieldError{"grant_types", fmt.Sprintf("has %q: there are %s", name, oauth.JoinNames(known, "and"))}
		}
		if slices.Contains(list[:i], name) {
			return &FieldError{"grant_types", fmt.Sprintf("has %q twice", name)}
		}
	}
	return nil
}

func redirectURIs(list []string) error {
	if len(list) > maxURIs {
		return &FieldError{"redirect_uris", fmt.Sprintf("must be at most %d", maxURIs)}
	}
	for i, uri := range list {
		if err := registrable(uri); err != nil {
			return &FieldError{"redirect_uris", fmt.Sprintf("has number %d, which cannot be registered: %s", i+1, err)}
		}
		if slices.Contains(list[:i], uri) {
			return &FieldError{"redirect_uris", fmt.Sprintf("has number %d twice", i+1)}
		}
	}
	return nil
}

// registrable says why a URI cannot be one that browsers are sent to with a code; nil where it can. One with a scheme of the app's
// own (RFC 8252 §7.1) is held, behind the scheme, to what any other is held to.
func registrable(uri string) error {
	scheme, rest, found := strings.Cut(uri, ":/")
	if !found || !ownScheme(scheme) {
		return oauth.CheckRedirectURI(uri)
	}
	if u, err := url.Parse(uri); err != nil || u.User != nil {
		return errors.New("it cannot be read, or names a user before the host")
	}
	return oauth.CheckRedirectURI("https://own.scheme/" + rest)
}

// ownScheme accepts names of which an app can say that they are its own: reversed domain names. No scheme that a browser or a
// system runs something for has a dot.
func ownScheme(scheme string) bool {
	return strings.Contains(scheme, ".") && scheme[0] >= 'a' && scheme[0] <= 'z' &&
		!strings.ContainsFunc(scheme, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
		})
}
