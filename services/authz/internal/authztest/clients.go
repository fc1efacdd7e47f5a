package authztest

import (
	"context"
	"net/url"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// The clients of Clients.
const (
	// Web is confidential, with two redirect URIs.
	Web = "vdo_client_web"
	// Native is public, with a loopback redirect URI and another one.
	Native = "vdo_client_native"
	// NoCodes may use refresh tokens only.
	NoCodes = "vdo_client_nocodes"
	// Off is disabled and otherwise like Web.
	Off = "vdo_client_off"
	// Unverified is public, native and not verified, with a default scope.
	Unverified = "vdo_client_unverified"
	// TV is public and connects devices.
	TV = "vdo_client_tv"
)

// Redirect URIs.
const (
	// Callback is registered for every client but Native.
	Callback = "https://app.test/callback"
	// WithQuery is registered for Web and has a query.
	WithQuery = "https://app.test/callback?tenant=a%20b"
	// Loopback is registered for Native.
	Loopback = "http://127.0.0.1/callback"
	// LocalName is registered for Unverified.
	LocalName = "http://localhost/callback"
)

// WebSecret is the secret of Web, NoCodes and Off.
const WebSecret = "vdo_secret_web"

// Challenge is an S256 challenge (RFC 7636 appendix B).
const Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// Clients returns one client of each kind.
func Clients() []client.Registration {
	grants := []string{oauth.AuthorizationCodeGrant, oauth.RefreshTokenGrant}
	scope := oauth.Scope{"videos:read", "analyze:write"}
	registration := func(id string, kind client.Type, uris ...string) client.Registration {
		return client.Registration{
			Client:       client.Client{ID: id, Name: "Test “App” <" + id + ">", Type: kind, GrantTypes: grants, Reuse: oauth.ReuseSubject},
			RedirectURIs: uris, Scope: scope,
		}
	}
	noCodes := registration(NoCodes, client.Confidential, Callback)
	noCodes.GrantTypes = []string{oauth.RefreshTokenGrant}
	off := registration(Off, client.Confidential, Callback)
	off.Disabled = true
	tv := registration(TV, client.Public)
	tv.GrantTypes = []string{oauth.DeviceCodeGrant, oauth.RefreshTokenGrant}
	unverified := registration(Unverified, client.Public, Callback, LocalName)
	unverified.Unverified, unverified.DefaultScope = true, oauth.Scope{"analyze:write"}
	return []client.Registration{
		registration(Web, client.Confidential, Callback, WithQuery), registration(Native, client.Public, "https://native.test/cb", Loopback), noCodes, off, unverified, tv,
	}
}

// Client returns one of Clients.
func Client(id string) client.Registration {
	for _, registration := range Clients() {
		if registration.ID == id {
			return registration
		}
	}
	return client.Registration{}
}

// Registry is the store that Register writes to.
type Registry interface {
	CreateClient(ctx context.Context, registration client.Registration, current *secret.Record, keys ...client.Key) error
}

// Register stores Clients.
func Register(t *testing.T, r Registry) {
	t.Helper()
	for _, registration := range Clients() {
		var current *secret.Record
		if registration.Type == client.Confidential {
			kept := secret.NewRecord(secret.New(WebSecret))
			current = &kept
		}
		if err := r.CreateClient(t.Context(), registration, current); err != nil {
			t.Fatal(err)
		}
	}
}

// Query returns a valid request of Web with some parameters replaced, given as alternating names
// and values: "" removes a parameter.
func Query(change ...string) string {
	q := url.Values{
		"client_id": {Web}, "redirect_uri": {Callback}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {"a state"},
	}
	return replaced(q, change)
}

// NativeQuery returns a valid request of Native with some parameters replaced.
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
