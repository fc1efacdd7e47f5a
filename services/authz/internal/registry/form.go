package registry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

const (
	maxNameLength = 100
	// MaxRedirectURIs is how many redirect URIs a client may have.
	MaxRedirectURIs = 20
)

// check sets the client's default grant types and returns the first field that cannot be
// registered.
func (d Clients) check(registration *client.Registration, allowReserved bool) (err error) {
	if !client.ValidID(registration.ID) {
		return oauth.InvalidField("client_id", "must be vdo_client_ and 1 to 53 letters, digits, - and _")
	}
	if registration.Name, err = d.displayName("name", registration.Name, allowReserved); err != nil {
		return err
	}
	if registration.Type != client.Confidential && registration.Type != client.Public {
		return oauth.InvalidField("type", "must be confidential or public")
	}
	if err := d.lists(*registration); err != nil {
		return err
	}
	if err := refreshRetry(registration.RefreshRetry); err != nil {
		return err
	}
	if err := d.checkIdentity(identityOf(&registration.Identity), allowReserved); err != nil {
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
		return oauth.InvalidField("resource_server", "is for confidential apps: introspection needs client authentication")
	case !starts && (len(registration.GrantTypes) > 0 || !registration.ResourceServer):
		names := oauth.GrantTypeNames(func(g oauth.GrantType) bool { return g.Starts })
		return oauth.InvalidField("grant_types", fmt.Sprintf(
			"must include %s: the other grant types get no first token", oauth.JoinNames(names, "or")))
	case redirects && len(registration.RedirectURIs) == 0:
		return oauth.InvalidField("redirect_uris", "must have one at least")
	case starts && len(registration.Scope) == 0:
		return oauth.InvalidField("scopes", "must have one at least")
	}
	if err := checkRefresh(registration.GrantTypes); err != nil {
		return err
	}
	if missing := registration.DefaultScope.Missing(registration.Scope); len(missing) > 0 {
		return oauth.InvalidField("default_scopes", fmt.Sprintf("has %q, which is not one of the client's scopes: change both together", missing[0]))
	}
	if err := checkOptional(registration); err != nil {
		return err
	}
	if p := registration.Profile; p != "" && p != client.NoProfile && p != client.FAPI2 {
		return oauth.InvalidField("profile", "must be none or fapi2")
	}
	return checkApplicationType(registration)
}

// checkApplicationType refuses a web client with a private-use scheme, which only a native client
// can own (OpenID Connect Dynamic Client Registration 1.0 §2).
func checkApplicationType(registration client.Registration) error {
	if registration.ApplicationType != client.Web {
		return nil
	}
	for i, uri := range registration.RedirectURIs {
		if scheme, _, _ := strings.Cut(uri, ":"); scheme != "https" && scheme != "http" {
			return oauth.InvalidField("redirect_uris", fmt.Sprintf(
				"has number %d, which has a private-use scheme: register the client as native, or an https address", i+1))
		}
	}
	return nil
}

// lists validates each of a client's lists by itself.
func (d Clients) lists(registration client.Registration) error {
	if err := d.redirectURIs("redirect_uris", registration.RedirectURIs); err != nil {
		return err
	}
	if err := d.scopes("scopes", registration.Scope); err != nil {
		return err
	}
	if err := d.scopes("default_scopes", registration.DefaultScope); err != nil {
		return err
	}
	if err := d.scopes("optional_scopes", registration.OptionalScope); err != nil {
		return err
	}
	if err := d.openID(registration); err != nil {
		return err
	}
	return grantTypes(registration.GrantTypes)
}

// refreshRetry validates a client's own retry window; nil is none.
func refreshRetry(window *time.Duration) error {
	if window != nil && (*window < 0 || *window > oauth.MaxRefreshRetry) {
		return oauth.InvalidField("refresh_retry_seconds", fmt.Sprintf("must be from 0 to %d", oauth.MaxRefreshRetry/time.Second))
	}
	return nil
}

// displayName returns a name in its stored form: without surrounding space, and of printable
// characters only. Users read it on the consent page, so it must not change the direction of the text
// around it or imitate a reserved name.
func (d Clients) displayName(field, typed string, allowReserved bool) (string, error) {
	name := strings.TrimSpace(typed)
	if name == "" || !oauth.PrintableText(name, maxNameLength) {
		return "", oauth.InvalidField(field, "must have 1 to 100 printable characters")
	}
	if reserved := d.Reserved.Imitated(name); reserved != "" && !allowReserved {
		return "", oauth.InvalidField(field, fmt.Sprintf(
			"looks like %q, which is reserved (authz.reserved_names): people would take the app for yours. If it is, set allow_reserved_name",
			reserved))
	}
	return name, nil
}

func (d Clients) scopes(field string, scope oauth.Scope) error {
	for i, name := range scope {
		if _, ok := d.Scopes.Describe(name); !ok {
			return oauth.InvalidField(field, fmt.Sprintf("has %q, which is not in the catalog", name))
		}
		if slices.Contains(scope[:i], name) {
			return oauth.InvalidField(field, fmt.Sprintf("has %q twice", name))
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

func (d Clients) redirectURIs(field string, list []string) error {
	if len(list) > MaxRedirectURIs {
		return oauth.InvalidField(field, fmt.Sprintf("must be at most %d", MaxRedirectURIs))
	}
	for i, uri := range list {
		if err := oauth.CheckRedirectURI(uri, d.PrivateUseSchemes); err != nil {
			return oauth.InvalidField(field, fmt.Sprintf("has number %d, which cannot be registered: %s", i+1, err))
		}
		if slices.Contains(list[:i], uri) {
			return oauth.InvalidField(field, fmt.Sprintf("has number %d twice", i+1))
		}
	}
	return nil
}
