package clients

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// keysOf returns metadata of a client that authenticates with a key, beside more members.
func keysOf(key josetest.Signer, more map[string]any) map[string]any {
	metadata := map[string]any{
		"redirect_uris": []string{"https://a.test/cb"}, "token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(josetest.Set(key)),
	}
	for name, value := range more {
		if metadata[name] = value; value == nil {
			delete(metadata, name)
		}
	}
	return metadata
}

func encoded(t *testing.T, metadata map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(metadata)
	expect.NoError(t, err)
	return string(raw)
}

// TestN7_3_AClientRegistersItsKeys and has no secret: it authenticates with the keys of its metadata
// alone, and an update replaces them.
func TestN7_3_AClientRegistersItsKeys(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.120.1"}
		first, second := josetest.New(t, "ES256", "first"), josetest.New(t, "RS256", "second")
		app := r.registered(t, encoded(t, keysOf(first, map[string]any{"client_name": "Keyed"})))
		if _, expires := app.Body["client_secret_expires_at"]; expires || app.Text("client_secret") != "" || app.Body["jwks"] == nil {
			t.Errorf("the response is %s", app.Raw)
		}
		other := r.registered(t, encoded(t, keysOf(first, map[string]any{"client_name": "Keyed"})))
		if other.Text("client_id") == app.Text("client_id") {
			t.Error("two confidential clients share an identifier")
		}
		c := signingClient{app.Text("client_id"), first}
		code, err := d.NewBrowser().Approve(harness.Request{ClientID: c.id, RedirectURI: "https://a.test/cb", Scope: "videos:read"})
		expect.NoError(t, err)
		exchange := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", "https://a.test/cb"}
		stranger := signingClient{c.id, second}
		expect.Cause(t, d, stranger.post(t, d, "/oauth/token", stranger.assertion(t, d), exchange...).Header, "assertion_key_unknown", c.id)
		bare := c.post(t, d, "/oauth/token", "", append(exchange, "client_assertion_type", "", "client_id", c.id)...)
		expect.Cause(t, d, bare.Header, "assertion_missing", c.id)
		expect.Equal(t, "status of the code", c.post(t, d, "/oauth/token", c.assertion(t, d), exchange...).Status, http.StatusOK)

		updated := r.manage(t, http.MethodPut, app, encoded(t, keysOf(second, map[string]any{"client_id": c.id})))
		expect.Equal(t, "status of an update", updated.Status, http.StatusOK)
		replaced := c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", "x")
		expect.Cause(t, d, replaced.Header, "assertion_key_unknown", c.id)
		expect.Equal(t, "response with the new key", stranger.post(t, d, "/oauth/introspect", stranger.assertion(t, d), "token", "x").Raw, `{"active":false}`)

		withSecret := r.manage(t, http.MethodPut, updated, with(t, app, map[string]any{"token_endpoint_auth_method": "client_secret_post"}))
		if withSecret.Text("client_secret") == "" || withSecret.Body["jwks"] != nil {
			t.Errorf("an update to a secret returns %s", withSecret.Raw)
		}
		refused := stranger.post(t, d, "/oauth/introspect", stranger.assertion(t, d), "token", "x")
		expect.Cause(t, d, refused.Header, "assertion_unexpected", c.id)
		again := r.manage(t, http.MethodPut, withSecret, encoded(t, keysOf(first, map[string]any{"client_id": c.id})))
		expect.Equal(t, "status of an update to keys", again.Status, http.StatusOK)
		secret, err := d.JSON("/oauth/introspect", map[string]any{"token": "x", "client_id": c.id, "client_secret": withSecret.Text("client_secret")})
		expect.NoError(t, err)
		expect.Cause(t, d, secret.Header, "assertion_missing", c.id)
	})
}

// TestN7_3_KeysThatCannotBeRegistered are named in the response; no address is fetched for a client
// that anyone can register.
func TestN7_3_KeysThatCannotBeRegistered(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.121.1"}
		key := josetest.New(t, "ES256", "key")
		for _, row := range []struct {
			change map[string]any
			member string
		}{
			{map[string]any{"jwks": nil}, "jwks"},
			{map[string]any{"jwks": nil, "jwks_uri": "https://a.test/keys"}, "jwks_uri"},
			{map[string]any{"jwks_uri": "https://a.test/keys"}, "jwks_uri"},
			{map[string]any{"jwks": json.RawMessage(`{"keys":[]}`)}, "jwks"},
			{map[string]any{"jwks": json.RawMessage(`{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}`)}, "jwks"},
		} {
			res := r.register(t, encoded(t, keysOf(key, row.change)))
			wantFlat(t, "registering with "+encoded(t, row.change), res, http.StatusBadRequest, "invalid_client_metadata", row.member+" ")
		}
	})
}

// TestN7_3_AClientWithAnInitialAccessTokenPublishesItsKeys at an address on loopback, which
// development allows.
func TestN7_3_AClientWithAnInitialAccessTokenPublishesItsKeys(t *testing.T) {
	d := shared.AllInOne()
	key := josetest.New(t, "ES256", "published")
	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(josetest.Set(key)))
	}))
	defer published.Close()
	token := initialToken(t, d)
	metadata := keysOf(key, map[string]any{"jwks": nil, "jwks_uri": published.URL + "/keys"})
	app := registrant{d, "198.51.122.1"}.send(t, http.MethodPost, "/oauth/register", token, encoded(t, metadata))
	expect.Equal(t, "status of the registration", app.Status, http.StatusCreated)
	c := signingClient{app.Text("client_id"), key}
	expect.Equal(t, "response with the published key", c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", "x").Raw, `{"active":false}`)
}

// initialToken issues an initial access token for one registration.
func initialToken(t *testing.T, d *harness.Deployment) string {
	t.Helper()
	out, err := d.Operate(t.Context(), shared.Bins, "registration-tokens", "create", "test")
	expect.NoError(t, err)
	d.RecordSecret("initial access token", strings.TrimSpace(out))
	return strings.TrimSpace(out)
}

// TestN7_3_ADeviceRegistersWithAnInitialAccessToken alone, since its user cannot see which client asks.
func TestN7_3_ADeviceRegistersWithAnInitialAccessToken(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.123.1"}
		const metadata = `{"client_name":"Wall Display","grant_types":["` + harness.DeviceGrant + `","refresh_token"]}`
		wantFlat(t, "a device of anyone", r.register(t, metadata), http.StatusBadRequest, "invalid_client_metadata", "needs an initial access token")
		app := r.send(t, http.MethodPost, "/oauth/register", initialToken(t, d), metadata)
		_, redirects := app.Body["redirect_uris"]
		_, responds := app.Body["response_types"]
		if app.Status != http.StatusCreated || app.Text("token_endpoint_auth_method") != "none" || redirects || responds {
			t.Fatalf("registering a device returned %d %s", app.Status, app.Raw)
		}
		device, err := d.StartDeviceOf(app.Text("client_id"), "videos:read")
		expect.NoError(t, err)
		b := d.NewBrowser()
		page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		expect.Page(t, "the consent page", page, http.StatusOK, "Wall Display")
		_, err = b.Follow(b.Decide(page, "ws_acme", "approve"))
		expect.NoError(t, err)
		tokens, err := device.PollAs(app.Text("client_id"))
		expect.NoError(t, err)
		expect.Tokens(t, tokens, "videos:read")
	})
}
