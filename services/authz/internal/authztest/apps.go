package authztest

import (
	"context"
	"net/url"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// The apps of Apps.
const (
	// Web is confidential, with two redirect URIs.
	Web = "vdo_client_web"
	// Native is public, with a loopback redirect URI beside another.
	Native = "vdo_client_native"
	// NoCodes may use refresh tokens alone.
	NoCodes = "vdo_client_nocodes"
	// Off is disabled and else like Web.
	Off = "vdo_client_off"
)

// Redirect URIs.
const (
	// Callback is registered to every app but Native.
	Callback = "https://app.test/callback"
	// WithQuery is registered to Web and brings a query.
	WithQuery = "https://app.test/callback?tenant=a%20b"
	// Loopback is registered to Native.
	Loopback = "http://127.0.0.1/callback"
)

// WebSecret is the secret of Web, NoCodes and Off.
const WebSecret = "vdo_secret_web"

// Challenge is an S256 challenge (RFC 7636 appendix B).
const Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// Apps are one app of each sort.
func Apps() []client.Registration {
	grants := []string{oauth.AuthorizationCodeGrant, oauth.RefreshTokenGrant}
	scope := oauth.Scope{"videos:read", "analyze:write"}
	app := func(id string, kind client.Type, uris ...string) client.Registration {
		return client.Registration{
			Client:       client.Client{ID: id, Name: "Test “App” <" + id + ">", Type: kind, GrantTypes: grants},
			RedirectURIs: uris, Scope: scope,
		}
	}
	noCodes := app(NoCodes, client.Confidential, Callback)
	noCodes.GrantTypes = []string{oauth.RefreshTokenGrant}
	off := app(Off, client.Confidential, Callback)
	off.Disabled = true
	return []client.Registration{
		app(Web, client.Confidential, Callback, WithQuery), app(Native, client.Public, "https://native.test/cb", Loopback), noCodes, off,
	}
}

// App is one of Apps.
func App(id string) client.Registration {
	for _, app := range Apps() {
		if app.ID == id {
			return app
		}
	}
	return client.Registration{}
}

// Registry is where Register puts apps.
type Registry interface {
	CreateClient(ctx context.Context, app client.Registration, current *client.Imprint) error
}

// Register puts Apps into a store.
func Register(t *testing.T, r Registry) {
	t.Helper()
	for _, app := range Apps() {
		var current *client.Imprint
		if app.Type == client.Confidential {
			kept := client.Imprinted(secret.New(WebSecret))
			current = &kept
		}
		if err := r.CreateClient(t.Context(), app, current); err != nil {
			t.Fatal(err)
		}
	}
}

// Query is a good request of Web with some parameters replaced, given as names and values in turn: "" leaves one out.
func Query(change ...string) string {
	q := url.Values{
		"client_id": {Web}, "redirect_uri": {Callback}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {"a state"},
	}
	return replaced(q, change)
}

// NativeQuery is a good request of Native with some parameters replaced.
func NativeQuery(change ...string) string {
	q := url.Values{
		"client_id": {Native}, "redirect_uri": {Loopback}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {"a state"},
		"code_challenge": {Challenge}, "code_challenge_method": {"S256"},
	}
	return replaced(q, change)
}

func replaced(q url.Values, change []string) string {
	for i := 0; i+1 < len(change); i += 2 {
		if q.Set(change[i], change[i+1]); change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return q.Encode()
}
