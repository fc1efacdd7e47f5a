package registry

import (
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
	maxURILength  = 2048
)

// check gives an app its grants and finds what cannot be registered.
func (d Desk) check(app *client.Registration) (err error) {
	if !client.ValidID(app.ID) {
		return &FieldError{"client_id", "must be vdo_client_ and 1 to 53 letters, digits, - and _"}
	}
	if app.Name, err = name(app.Name); err != nil {
		return err
	}
	if app.Type != client.Confidential && app.Type != client.Public {
		return &FieldError{"type", "must be confidential or public"}
	}
	if app.ResourceServer && app.Type != client.Confidential {
		return &FieldError{"resource_server", "is for confidential apps: whoever asks about tokens proves who it is"}
	}
	return d.checkGrants(app)
}

// checkGrants: an app that people authorize says where they come back to and what it asks for; a resource server need not
// be one.
func (d Desk) checkGrants(app *client.Registration) error {
	if app.ResourceServer && len(app.RedirectURIs) == 0 && len(app.Scope) == 0 {
		return nil
	}
	if len(app.RedirectURIs) == 0 {
		return &FieldError{"redirect_uris", "must have one at least"}
	}
	if len(app.Scope) == 0 {
		return &FieldError{"scopes", "must have one at least"}
	}
	app.GrantTypes = []string{client.AuthorizationCode, client.RefreshToken}
	if err := redirectURIs(app.RedirectURIs); err != nil {
		return err
	}
	return d.scopes(app.Scope)
}

// name is a name as it is kept: without the space around it, and of characters that show. People read it on the consent page,
// so nothing in it may turn the direction of the text around it.
func name(typed string) (string, error) {
	name := strings.TrimSpace(typed)
	n := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || n == 0 || n > maxNameLength || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", &FieldError{"name", "must have 1 to 100 printable characters"}
	}
	return name, nil
}

func (d Desk) scopes(scope oauth.Scope) error {
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

func redirectURIs(list []string) error {
	if len(list) > maxURIs {
		return &FieldError{"redirect_uris", fmt.Sprintf("must be at most %d", maxURIs)}
	}
	for i, uri := range list {
		if fault := faultOf(uri); fault != "" {
			return &FieldError{"redirect_uris", fmt.Sprintf("has number %d, which %s", i+1, fault)}
		}
		if slices.Contains(list[:i], uri) {
			return &FieldError{"redirect_uris", fmt.Sprintf("has number %d twice", i+1)}
		}
	}
	return nil
}

// faultOf says why a URI cannot be one that browsers are sent to with a code; empty where it can (RFC 6749 §3.1.2, RFC 9700
// §2.1, RFC 8252 §7).
func faultOf(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case len(uri) > maxURILength:
		return fmt.Sprintf("is longer than %d bytes", maxURILength)
	case err != nil || !u.IsAbs() || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' || r == '"' || r == '<' || r == '>' }):
		return "is not an absolute URI in plain ASCII"
	case strings.Contains(uri, "#"):
		return "has a fragment (RFC 6749 §3.1.2)"
	case u.User != nil:
		return "names a user before the host"
	}
	return faultOfScheme(u)
}

func faultOfScheme(u *url.URL) string {
	switch {
	case u.Scheme == "https" && u.Hostname() != "" && !strings.ContainsRune(u.Hostname(), '*'):
		return ""
	case u.Scheme == "https":
		return "has no host that one could be sent to"
	case u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"):
		return ""
	case u.Scheme == "http":
		return "must begin with https:// (http is for 127.0.0.1 and [::1], RFC 8252 §7.3)"
	case strings.Contains(u.Scheme, "."):
		return "" // a scheme of the app's own (RFC 8252 §7.1)
	}
	return "has a scheme that is not the app's own: it needs a dot, such as com.example.app (RFC 8252 §7.1)"
}
