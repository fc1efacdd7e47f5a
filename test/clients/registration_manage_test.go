package clients

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const bothGrants = `"grant_types":["authorization_code","refresh_token"]`

// TestN7_9_ARegistrationIsReadChangedAndDeleted: a change replaces everything and is validated like a
// registration.
func TestN7_9_ARegistrationIsReadChangedAndDeleted(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.110.1"}
		one := r.registered(t, `{"redirect_uris":["https://a.test/cb"],"client_name":"One","contacts":["a@b.test"],"tos_uri":"https://a.test/tos"}`)
		other := r.registered(t, `{"redirect_uris":["https://other.test/cb"]}`)
		for what, token := range map[string]string{
			"no token": "", "another kind of token": "x", "another client's token": other.Text("registration_access_token"),
			"the client's secret": one.Text("client_secret"),
		} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
				refused := r.send(t, method, one.Text("registration_client_uri"), token, "{")
				wantFlat(t, method+" with "+what, refused, http.StatusUnauthorized, "invalid_token", "")
				challenge := refused.Header.Get("WWW-Authenticate")
				if !strings.HasPrefix(challenge, "Bearer") || strings.Contains(challenge, "error") != (token != "") {
					t.Errorf("%s with %s: the challenge is %q", method, what, challenge)
				}
			}
		}
		unknown := r.send(t, http.MethodGet, "/oauth/register/vdo_client_dyn_unknown", one.Text("registration_access_token"), "")
		wantFlat(t, "an unknown client", unknown, http.StatusUnauthorized, "invalid_token", "")
		wantFlat(t, "PATCH", r.manage(t, http.MethodPatch, one, "{}"), http.StatusMethodNotAllowed, "invalid_request", "use GET, PUT or DELETE")

		for member, value := range map[string]any{
			"registration_access_token": one.Text("registration_access_token"), "registration_client_uri": "x", "client_secret_expires_at": 0,
			"client_id_issued_at": 1, "client_id": "vdo_client_dyn_other", "client_secret": "my-own-secret-that-i-chose", "scope": "users:write",
		} {
			refused := r.manage(t, http.MethodPut, one, with(t, one, map[string]any{member: value}))
			wantFlat(t, "an update with "+member, refused, http.StatusBadRequest, "invalid_client_metadata", member)
		}
		refused := r.manage(t, http.MethodPut, one, with(t, one, map[string]any{"redirect_uris": nil}))
		wantFlat(t, "an update without redirect URIs", refused, http.StatusBadRequest, "invalid_redirect_uri", "")

		updated := r.manage(t, http.MethodPut, one, with(t, one, map[string]any{
			"client_secret": one.Text("client_secret"), "redirect_uris": []string{"https://new.test/cb"},
		}))
		expect.Equal(t, "status of an update", updated.Status, http.StatusOK)
		for _, member := range []string{"client_name", "contacts", "tos_uri", "client_secret"} {
			if _, kept := updated.Body[member]; kept {
				t.Errorf("the omitted %s is kept, or a secret is generated: %s", member, updated.Raw)
			}
		}
		expect.Equal(t, "redirect URIs", strings.Join(listOf(updated, "redirect_uris"), " "), "https://new.test/cb")
		expect.Equal(t, "the replaced token", r.manage(t, http.MethodGet, one, "").Status, http.StatusUnauthorized)
		public := r.manage(t, http.MethodPut, updated, with(t, one, map[string]any{"token_endpoint_auth_method": "none"}))
		expect.Equal(t, "method", public.Text("token_endpoint_auth_method"), "none")
		again := r.manage(t, http.MethodPut, public, with(t, one, nil))
		if again.Text("client_secret") == "" || again.Text("client_secret") == one.Text("client_secret") {
			t.Errorf("a client that becomes confidential has the secret %q", again.Text("client_secret"))
		}
		expect.Equal(t, "status of a deletion", r.manage(t, http.MethodDelete, again, "").Status, http.StatusNoContent)
		expect.Equal(t, "a deleted client", r.manage(t, http.MethodDelete, again, "").Status, http.StatusUnauthorized)
		expect.Equal(t, "another client", r.manage(t, http.MethodGet, other, "").Status, http.StatusOK)
	})
}

// TestN7_6_AClientThatRegisteredItself works in the whole flow: it is not verified, has the scope of
// the resource, a limit of users, and is deleted with all that it was granted (RFC 7592 §2.3).
func TestN7_6_AClientThatRegisteredItself(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.111.1"}
		app := r.registered(t, `{"redirect_uris":["http://127.0.0.1/callback"],"client_name":"Desk",`+bothGrants+`}`)
		req := harness.Request{
			ClientID: app.Text("client_id"), RedirectURI: "http://127.0.0.1:51234/callback", Scope: "videos:read", Verifier: harness.NewVerifier(),
		}
		b := d.NewBrowser()
		code, err := b.Approve(req)
		expect.NoError(t, err)
		tokens, err := d.Exchange(code, req)
		expect.NoError(t, err)
		expect.Tokens(t, tokens, "videos:read")
		expect.Active(t, d, tokens.Text("access_token"), true)
		refreshed, err := d.RefreshFrom(req.ClientID, tokens.Text("refresh_token"), r.source)
		expect.NoError(t, err)
		expect.Tokens(t, refreshed, "videos:read")
		d.RecordSecret("refresh_token", refreshed.Text("refresh_token"))
		if _, _, err := b.DisconnectButton(req.ClientID); err != nil {
			t.Error(err)
		}

		page, err := b.Get(pathOf(t, req, "scope", "users:write"))
		expect.NoError(t, err)
		if location := page.Location(); strings.HasPrefix(location, "http://127.0.0.1:51234") {
			t.Errorf("an error redirects to a client that nobody verified: %s", location)
		}
		page, err = b.Follow(b.Get(pathOf(t, req, "scope", "")))
		expect.NoError(t, err)
		if _, err := page.FormWith("workspace_id"); err != nil {
			t.Errorf("a request without a scope shows %s", page.Body)
		}

		esther := req
		esther.Email, esther.Workspace = harness.EstherEmail, ""
		second := d.NewBrowser()
		page, err = second.Consent(esther)
		expect.NoError(t, err)
		form, err := page.FormWith("workspace_id")
		expect.NoError(t, err)
		page, err = second.Follow(second.Decide(page, form.Choices["workspace_id"][0], "approve"))
		expect.NoError(t, err)
		if !strings.Contains(page.Body, "As many people use this app") {
			t.Errorf("one user more than the limit sees %d %s", page.Status, page.Body)
		}

		expect.Equal(t, "status of the deletion", r.manage(t, http.MethodDelete, app, "").Status, http.StatusNoContent)
		expect.Active(t, d, refreshed.Text("access_token"), false)
		gone, err := d.RefreshFrom(req.ClientID, refreshed.Text("refresh_token"), r.source)
		expect.NoError(t, err)
		expect.Equal(t, "refresh of a deleted client", gone.Text("error"), "invalid_client")
		page, err = b.Get(req.Path())
		expect.NoError(t, err)
		expect.ErrorPage(t, "a deleted client", page)
	})
}

// TestN7_7_OperatorsSeeAndDisableAClient that registered itself; only the client changes it.
func TestN7_7_OperatorsSeeAndDisableAClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.112.1"}
		app := r.registered(t, `{"redirect_uris":["https://a.test/cb"],"client_name":"Seen",`+bothGrants+`}`)
		id := app.Text("client_id")
		shown, err := d.Operate(t.Context(), shared.Bins, "clients", "show", id)
		expect.NoError(t, err)
		for _, text := range []string{"Seen", "https://a.test/cb", "unverified"} {
			if !strings.Contains(shown, text) {
				t.Errorf("the operator does not see %s:\n%s", text, shown)
			}
		}
		if _, err := d.Operate(t.Context(), shared.Bins, "clients", "update", id, "--name", "Other"); err == nil {
			t.Error("an operator changes a client that registered itself")
		}
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "disable", id, "--yes")
		expect.NoError(t, err)
		page, err := d.NewBrowser().Get(harness.Request{ClientID: id, RedirectURI: "https://a.test/cb", Verifier: harness.NewVerifier()}.Path())
		expect.NoError(t, err)
		expect.ErrorPage(t, "a disabled client", page)
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "enable", id)
		expect.NoError(t, err)
		expect.Equal(t, "the registration", r.manage(t, http.MethodGet, app, "").Status, http.StatusOK)
	})
}

// TestN7_NoAddressOfTheMetadataIsFetched: neither at the registration nor on the pages (CVE-2021-26715).
func TestN7_NoAddressOfTheMetadataIsFetched(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		var requests atomic.Int32
		trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
		defer trap.Close()
		r := registrant{d, "198.51.113.1"}
		app := r.registered(t, `{"redirect_uris":["https://a.test/cb"],"logo_uri":"`+trap.URL+`/l.png","client_uri":"`+trap.URL+`","policy_uri":"`+trap.URL+`","tos_uri":"`+trap.URL+`"}`)
		page, err := d.NewBrowser().Consent(harness.Request{
			ClientID: app.Text("client_id"), RedirectURI: "https://a.test/cb", Scope: "videos:read", Verifier: harness.NewVerifier(),
		})
		expect.NoError(t, err)
		if strings.Contains(page.Body, trap.URL) || requests.Load() != 0 {
			t.Errorf("%d requests, and the page is %s", requests.Load(), page.Body)
		}
	})
}

// registering starts an all-in-one with a mode of its own.
func registering(t *testing.T, mode string) *harness.Deployment {
	t.Helper()
	d, err := harness.AllInOne(shared.Bins, t.TempDir(), harness.WithLongTimeouts(map[string]string{"USHER_DCR": mode}))
	expect.NoError(t, err)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// TestN7_1_WithoutRegistrationThereIsNoEndpoint: libraries post to it unasked, and parse the response.
func TestN7_1_WithoutRegistrationThereIsNoEndpoint(t *testing.T) {
	t.Parallel()
	d := registering(t, "off")
	r := registrant{d: d}
	wantFlat(t, "registering", r.register(t, `{"redirect_uris":["https://a.test/cb"]}`), http.StatusNotFound, "invalid_request", "register")
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		res := r.send(t, method, "/oauth/register/vdo_client_dyn_a", "vdo_reg_x", "")
		wantFlat(t, method, res, http.StatusMethodNotAllowed, "invalid_request", "method")
	}
	metadata := r.send(t, http.MethodGet, "/.well-known/oauth-authorization-server", "", "")
	if _, present := metadata.Body["registration_endpoint"]; present {
		t.Errorf("the metadata has a registration endpoint: %s", metadata.Raw)
	}
}

// TestN7_1_AnInitialAccessTokenPermitsRegistrations, as many as it was issued for, with its scope,
// which an update cannot widen.
func TestN7_1_AnInitialAccessTokenPermitsRegistrations(t *testing.T) {
	t.Parallel()
	d := registering(t, "token")
	r := registrant{d: d}
	const metadata = `{"redirect_uris":["https://a.test/cb"],"scope":"jobs:read videos:read"}`
	refused := r.register(t, metadata)
	wantFlat(t, "without a token", refused, http.StatusUnauthorized, "invalid_token", "")
	expect.Equal(t, "challenge without a token", refused.Header.Get("WWW-Authenticate"), "Bearer")
	create := func(args ...string) string {
		out, err := d.Operate(t.Context(), shared.Bins, append([]string{"registration-tokens", "create"}, args...)...)
		expect.NoError(t, err)
		d.RecordSecret("initial access token", strings.TrimSpace(out))
		return strings.TrimSpace(out)
	}
	token := create("build", "--scope", "jobs:read", "--uses", "2")
	wantFlat(t, "bad metadata", r.send(t, http.MethodPost, "/oauth/register", token, `{"redirect_uris":["a"]}`), http.StatusBadRequest, "invalid_redirect_uri", "")
	var last harness.Response
	for range 2 {
		last = r.send(t, http.MethodPost, "/oauth/register", token, metadata)
		expect.Equal(t, "status with a token", last.Status, http.StatusCreated)
		expect.Equal(t, "scope of the token", last.Text("scope"), "jobs:read")
	}
	wantFlat(t, "a token that is used up", r.send(t, http.MethodPost, "/oauth/register", token, metadata), http.StatusUnauthorized, "invalid_token", "")
	updated := r.manage(t, http.MethodPut, last, with(t, last, map[string]any{"scope": "videos:read jobs:read"}))
	expect.Equal(t, "scope after an update", updated.Text("scope"), "jobs:read")

	create("other")
	listed, err := d.Operate(t.Context(), shared.Bins, "registration-tokens", "list")
	expect.NoError(t, err)
	if !strings.Contains(listed, "other") || strings.Contains(listed, "build") {
		t.Errorf("the list of tokens is\n%s", listed)
	}
	id := listed[strings.Index(listed, "iat_"):]
	_, err = d.Operate(t.Context(), shared.Bins, "registration-tokens", "revoke", id[:strings.IndexByte(id, ' ')], "--yes")
	expect.NoError(t, err)
}
