package clients

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// signingClient is a registered client that authenticates with private_key_jwt.
type signingClient struct {
	id  string
	key josetest.Signer
}

// newSigningClient registers a client with a new key.
func newSigningClient(t *testing.T, d *harness.Deployment, id string) signingClient {
	t.Helper()
	c := signingClient{id, josetest.New(t, "ES256", "first")}
	file := filepath.Join(t.TempDir(), "keys.json")
	expect.NoError(t, os.WriteFile(file, []byte(josetest.Set(c.key)), 0o600))
	_, err := d.Operate(t.Context(), shared.Bins, "clients", "create", "Signer", "--id", id, "--jwks", file,
		"--redirect-uri", harness.CallbackURI, "--scope", "videos:read")
	expect.NoError(t, err)
	return c
}

// assertion returns a new assertion with some claims replaced, given as alternating names and values.
func (c signingClient) assertion(t *testing.T, d *harness.Deployment, change ...any) string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": c.id, "sub": c.id, "aud": d.PublicURL, "iat": now, "exp": now + 60, "jti": rand.Text()}
	for i := 0; i+1 < len(change); i += 2 {
		name, _ := change[i].(string)
		claims[name] = change[i+1]
	}
	text := c.key.Sign(t, map[string]any{"typ": "client-authentication+jwt"}, claims)
	d.RecordSecret("client_assertion", text)
	return text
}

// post sends a form with an assertion; an empty value removes a parameter.
func (c signingClient) post(t *testing.T, d *harness.Deployment, path, assertion string, params ...string) harness.Response {
	t.Helper()
	form := url.Values{"client_assertion_type": {oauth.JWTBearerAssertion}, "client_assertion": {assertion}}
	for i := 0; i+1 < len(params); i += 2 {
		if form.Set(params[i], params[i+1]); params[i+1] == "" {
			form.Del(params[i])
		}
	}
	a, err := d.Form(path, form)
	expect.NoError(t, err)
	return a
}

// TestN6_AClientAuthenticatesWithAKeyAtEveryEndpoint, in both dialects. The client's identifier is in
// the assertion alone.
func TestN6_AClientAuthenticatesWithAKeyAtEveryEndpoint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newSigningClient(t, d, "vdo_client_signer")
		approve := func() string {
			code, err := d.NewBrowser().Approve(harness.Request{ClientID: c.id, Scope: "videos:read"})
			expect.NoError(t, err)
			return code
		}
		code := approve()
		exchange := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI}

		// A failed authentication consumes nothing, and the log alone has its cause.
		wrong := c.post(t, d, "/oauth/token", c.assertion(t, d, "aud", d.PublicURL+"/oauth/token"), exchange...)
		expect.Equal(t, "status of a wrong audience", wrong.Status, http.StatusUnauthorized)
		expect.Equal(t, "error of a wrong audience", wrong.Body["error"], any("invalid_client"))
		expect.Cause(t, d, wrong.Header, "assertion_audience_endpoint", c.id)

		once := c.assertion(t, d)
		issued := c.post(t, d, "/oauth/token", once, exchange...)
		expect.Equal(t, "status of the code", issued.Status, http.StatusOK)
		replayed := c.post(t, d, "/oauth/introspect", once, "token", issued.Text("access_token"))
		expect.Equal(t, "status of a replay", replayed.Status, http.StatusUnauthorized)
		expect.Equal(t, "response to a replay", replayed.Raw, wrong.Raw)
		expect.Cause(t, d, replayed.Header, "assertion_replayed", c.id)

		seen := c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", issued.Text("access_token"))
		expect.Equal(t, "active", seen.Body["active"], any(true))
		refreshed, err := d.JSON("/oauth/token", map[string]any{
			"grant_type": "refresh_token", "refresh_token": issued.Text("refresh_token"), "client_id": c.id,
			"client_assertion_type": oauth.JWTBearerAssertion, "client_assertion": c.assertion(t, d),
		})
		expect.NoError(t, err)
		expect.Equal(t, "status of a refresh", refreshed.Status, http.StatusOK)
		refused, err := d.JSON("/oauth/revoke", map[string]any{
			"token": refreshed.Text("refresh_token"), "client_assertion_type": oauth.JWTBearerAssertion, "client_assertion": once,
		})
		expect.NoError(t, err)
		expect.Equal(t, "code of a replay in the documented dialect", refused.Code(), "authentication_error")
		revoked := c.post(t, d, "/oauth/revoke", c.assertion(t, d), "token", refreshed.Text("refresh_token"))
		expect.Equal(t, "status of a revocation", revoked.Status, http.StatusOK)
		gone := c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", refreshed.Text("access_token"))
		expect.Equal(t, "response about a revoked token", gone.Raw, `{"active":false}`)

		for name, params := range map[string][]string{
			"a secret beside it":      {"client_id", c.id, "client_secret", "x"},
			"no type":                 {"client_assertion_type", ""},
			"another type":            {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
			"a type without anything": {"client_assertion", ""},
		} {
			a := c.post(t, d, "/oauth/introspect", c.assertion(t, d), append(params, "token", "x")...)
			expect.Equal(t, "status with "+name, a.Status, http.StatusBadRequest)
			expect.Equal(t, "error with "+name, a.Body["error"], any("invalid_request"))
		}
		basic, err := d.Form("/oauth/introspect", url.Values{
			"token": {"x"}, "client_assertion_type": {oauth.JWTBearerAssertion}, "client_assertion": {c.assertion(t, d)},
		}, harness.ConfidentialID, harness.ConfidentialPW)
		expect.NoError(t, err)
		expect.Equal(t, "error with HTTP Basic beside it", basic.Body["error"], any("invalid_request"))
		secret := c.post(t, d, "/oauth/token", "", append(exchange, "client_assertion_type", "", "client_id", c.id, "client_secret", "vdo_secret_x")...)
		expect.Cause(t, d, secret.Header, "assertion_missing", c.id)
		bare := c.post(t, d, "/oauth/token", "", append(exchange, "client_assertion_type", "", "client_id", c.id)...)
		expect.Cause(t, d, bare.Header, "assertion_missing", c.id)
	})
}

// TestN6_6_TheLastUseOfAPublishedKeyIsShown: in development a client may publish its keys on
// loopback. The use is written when the process ends at the latest.
func TestN6_6_TheLastUseOfAPublishedKeyIsShown(t *testing.T) {
	d := shared.Processes()
	c := newSigningClient(t, d, "vdo_client_publisher")
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(josetest.Set(c.key)))
	}))
	defer keys.Close()
	operate := func(args ...string) string {
		t.Helper()
		out, err := d.Operate(t.Context(), shared.Bins, args...)
		expect.NoError(t, err)
		return out
	}
	operate("clients", "update", c.id, "--jwks-uri", keys.URL+"/keys")
	a := c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", "x")
	expect.Equal(t, "response with a published key", a.Raw, `{"active":false}`)
	keys.Close()
	a = c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", "x")
	expect.Equal(t, "response while the address is down", a.Raw, `{"active":false}`)
	second := c
	second.key = c.key.Named("second")
	a = second.post(t, d, "/oauth/introspect", second.assertion(t, d), "token", "x")
	expect.Cause(t, d, a.Header, "assertion_key_unknown", c.id)
}
