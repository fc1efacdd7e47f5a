package registry

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

const (
	maxNameLength = 100
	maxURIs       = 20
)

// check sets the client's default grant types and returns the first field that cannot be
// registered.
func (d Clients) check(registration *client.Registration, allowReserved bool) (err error) {
	if !client.ValidID(registration.ID) {
		return oauth.InvalidField("client_id", "must be vdo_client_ and 1 to 53 letters, digits, - and _")
	}
	if registration.Name, err = d.name(registration.Name, allowReserved); err != nil {
		return err
	}
	if registration.Type != client.Confidential && registration.Type != client.Public {
		return oauth.InvalidField("type", "must be confidential or public")
	}
	if err := d.lists(registration.RedirectURIs, registration.Scope, registration.GrantTypes); err != nil {
		return err
	}
	if err := refreshRetry(registration.RefreshRetry); err != nil {
		return err
	}
	authorizes := !registration.ResourceServer || len(registration.RedirectURIs) > 0 || len(registration.Scope) > 0
	if authorizes && len(registration.GrantTypes) == 0 {
		registration.GrantTypes = oauth.DefaultGrantTypes()
	}
	return checkCombination(*registration)
}

// checkCombination refuses clients that could never be used: a client that starts authorizations
// needs redirect URIs and scopes; a resource server need not start any.
func checkCombination(registration client.Registration) error {
	starts := oauth.AnyGrantType(registration.GrantTypes, func(g oauth.GrantType) bool { return g.Starts })
	redirects := oauth.AnyGrantType(registration.GrantTypes, func(g oauth.GrantType) bool { return g.Redirects })
	switch {
	case registration.ResourceServer && registration.Type != client.Confidential:
		return oauth.InvalidField("resource_server", "is for confidential apps: whoever asks about tokens proves who it is")
	case !starts && (len(registration.GrantTypes) > 0 || !registration.ResourceServer):
		names := oauth.GrantTypeNames(func(g oauth.GrantType) bool { return g.Starts })
		return oauth.InvalidField("grant_types", fmt.Sprintf(
			"must include %s: no other grant type can start an authorization", oauth.JoinNames(names, "or")))
	case redirects && len(registration.RedirectURIs) == 0:
		return oauth.InvalidField("redirect_uris", "must have one at least")
	case starts && len(registration.Scope) == 0:
		return oauth.InvalidField("scopes", "must have one at least")
	}
	return nil
}

// lists validates each of a client's lists by itself.
func (d Clients) lists(uris []string, scope oauth.Scope, grants []string) error {
	if err := redirectURIs(uris); err != nil {
		return err
	}
	if err := d.scopes(scope); err != nil {
		return err
	}
	return grantTypes(grants)
}

// refreshRetry validates a client's own retry window; nil is none.
func refreshRetry(window *time.Duration) error {
	if window != nil && (*window < 0 || *window > oauth.MaxRefreshRetry) {
		return oauth.InvalidField("refresh_retry_seconds", fmt.Sprintf("must be from 0 to %d", oauth.MaxRefreshRetry/time.Second))
	}
	return nil
}

// name returns a name in its stored form: without surrounding space, and of printable characters
// only. Users read it on the consent page, so it must not change the direction of the text around
// it or imitate a reserved name.
func (d Clients) name(typed string, allowReserved bool) (string, error) {
	name := strings.TrimSpace(typed)
	n := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || n == 0 || n > maxNameLength || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", oauth.InvalidField("name", "must have 1 to 100 printable characters")
	}
	if reserved := d.Reserved.Imitated(name); reserved != "" && !allowReserved {
		return "", oauth.InvalidField("name", fmt.Sprintf(
			"looks like %q, which is reserved (authz.reserved_names): people would take the app for yours. If it is, set allow_reserved_name",
			reserved))
	}
	return name, nil
}

func (d Clients) scopes(scope oauth.Scope) error {
	for i, name := range scope {
		if _, ok := d.Scopes.Describe(name); !ok {
			return oauth.InvalidField("scopes", fmt.Sprintf("has %q, which is not in the catalog", name))
		}
		if slices.Contains(scope[:i], name) {
			return oauth.InvalidField("scopes", fmt.Sprintf("has %q twice", name))
		}
	}
	return nil
}

func grantTypes(list []string) error {
	for i, name := range list {
		if supported := oauth.GrantTypeNames(nil); !slices.Contains(supported, name) {
			return oauth.InvalidField("grant_types", fmt.Sprintf("has %q: there are %s", name, oauth.JoinNames(supported, "and")))
		}
		if slices.Contains(list[:i], name) {
			return oauth.InvalidField("grant_types", fmt.Sprintf("has %q twice", name))
		}
	}
	return nil
}

func redirectURIs(list []string) error {
	if len(list) > maxURIs {
		return oauth.InvalidField("redirect_uris", fmt.Sprintf("must be at most %d", maxURIs))
	}
	for i, uri := range list {
		if err := registrable(uri); err != nil {
			return oauth.InvalidField("redirect_uris", fmt.Sprintf("has number %d, which cannot be registered: %s", i+1, err))
		}
		if slices.Contains(list[:i], uri) {
			return oauth.InvalidField("redirect_uris", fmt.Sprintf("has number %d twice", i+1))
		}
	}
	return nil
}

// registrable returns why a URI cannot be registered as a redirect URI; nil if it can. Behind a
// private-use scheme (RFC 8252 §7.1), the rest must meet the same rules as any other URI.
func registrable(uri string) error {
	scheme, rest, found := strings.Cut(uri, ":/")
	if !found || !privateUseScheme(scheme) {
		return oauth.CheckRedirectURI(uri)
	}
	if u, err := url.Parse(uri); err != nil || u.User != nil {
		return errors.New("it cannot be read, or names a user before the host")
	}
	return oauth.CheckRedirectURI("https://own.scheme/" + rest)
}

// privateUseScheme accepts reversed domain names, which a client can own (RFC 8252 §7.1). No scheme
// that a browser or an operating system handles contains a dot.
func privateUseScheme(scheme string) bool {
	return strings.Contains(scheme, ".") && scheme[0] >= 'a' && scheme[0] <= 'z' &&
		!strings.ContainsFunc(scheme, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
		})
}
