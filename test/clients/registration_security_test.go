package clients

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// requirements are the members with which a client requires more of itself.
func requirements() []string {
	return []string{"dpop_bound_access_tokens", "require_pushed_authorization_requests"}
}

// asked opens an authorization request, and signs in where that is asked: a user reads then why the request of
// a client that is not verified was refused. It reports whether the page asks for consent.
func asked(t *testing.T, b *harness.Browser, path string) (harness.Page, bool) {
	t.Helper()
	page, err := b.Follow(b.Get(path))
	expect.NoError(t, err)
	if _, err := page.FormWith("password"); err == nil {
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
	}
	return page, strings.Contains(page.Body, "wants to use")
}

// wantRequired checks that a client's requests must be pushed and need a proof, or need neither.
func wantRequired(t *testing.T, d *harness.Deployment, r harness.Request, required bool) {
	t.Helper()
	b := d.NewBrowser()
	page, asks := asked(t, b, r.Path())
	if asks == required || required && !strings.Contains(page.Body, "must be pushed") {
		t.Errorf("a request that was not pushed leads to %s, consent: %t; required: %t", page.URL, asks, required)
	}
	pushed, err := d.Form("/oauth/par", url.Values{
		"client_id": {r.ClientID}, "redirect_uri": {r.RedirectURI}, "response_type": {"code"}, "scope": {"videos:read"},
		"code_challenge": {harness.Challenge(r.Verifier)}, "code_challenge_method": {"S256"},
	})
	expect.NoError(t, err)
	page, asks = asked(t, b, "/oauth/authorize?"+url.Values{"client_id": {r.ClientID}, "request_uri": {pushed.Text("request_uri")}}.Encode())
	if !asks {
		t.Errorf("a pushed request (%d %s) leads to %s", pushed.Status, pushed.Raw, page.URL)
	}
	code := "invalid_grant"
	if required {
		code = "invalid_dpop_proof"
	}
	refreshed, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"any"}, "client_id": {r.ClientID}})
	expect.NoError(t, err)
	expect.Equal(t, "error of a token request without a proof", refreshed.Text("error"), code)
}

// TestN12_4_N13_5_WhatARegistrationRequiresIsInForce (RFC 9126 §6, RFC 9449 §5.2): the response and a read
// say so, and an update without the members returns to the default.
func TestN12_4_N13_5_WhatARegistrationRequiresIsInForce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.130.1"}
		app := r.registered(t, `{"redirect_uris":["https://a.test/cb"],"token_endpoint_auth_method":"none","client_name":"Bound",`+bothGrants+`,
			"dpop_bound_access_tokens":true,"require_pushed_authorization_requests":true}`)
		req := harness.Request{ClientID: app.Text("client_id"), RedirectURI: "https://a.test/cb", Scope: "videos:read", Verifier: harness.NewVerifier()}
		for what, res := range map[string]harness.Response{"the registration": app, "a read": r.manage(t, http.MethodGet, app, "")} {
			for _, member := range requirements() {
				expect.Equal(t, member+" of "+what, res.Body[member], any(true))
			}
		}
		wantRequired(t, d, req, true)
		updated := r.manage(t, http.MethodPut, app, with(t, app, map[string]any{"token_endpoint_auth_method": "none", "grant_types": []string{"authorization_code", "refresh_token"}}))
		expect.Equal(t, "status of an update", updated.Status, http.StatusOK)
		for _, member := range requirements() {
			expect.Equal(t, member+" of an update without it", updated.Body[member], nil)
		}
		wantRequired(t, d, req, false)
	})
}

// TestOIDCRegistration_2_TheAlgorithmOfAssertionsIsTheRegisteredOne: token_endpoint_auth_signing_alg, which
// each key of the client must verify.
func TestOIDCRegistration_2_TheAlgorithmOfAssertionsIsTheRegisteredOne(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		const member = "token_endpoint_auth_signing_alg"
		r := registrant{d, "198.51.131.1"}
		key := josetest.New(t, "RS256", "rsa")
		app := r.registered(t, encoded(t, keysOf(key, map[string]any{member: "PS256"})))
		expect.Equal(t, member, app.Text(member), "PS256")
		expect.Equal(t, member+" of a read", r.manage(t, http.MethodGet, app, "").Text(member), "PS256")
		c := signingClient{app.Text("client_id"), key}
		refused := c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", "x")
		expect.Cause(t, d, refused.Header, "assertion_algorithm", c.id)
		updated := r.manage(t, http.MethodPut, app, encoded(t, keysOf(key, map[string]any{"client_id": c.id})))
		expect.Equal(t, member+" of an update without it", updated.Body[member], nil)
		expect.Equal(t, "response afterwards", c.post(t, d, "/oauth/introspect", c.assertion(t, d), "token", "x").Raw, `{"active":false}`)
		for _, algorithm := range []string{"ES256", "HS256", "none"} {
			res := r.register(t, encoded(t, keysOf(key, map[string]any{member: algorithm})))
			wantFlat(t, algorithm, res, http.StatusBadRequest, "invalid_client_metadata", member)
		}
		if public := r.registered(t, `{"redirect_uris":["https://a.test/cb"],"token_endpoint_auth_method":"none","`+member+`":"ES256"}`); public.Body[member] != nil {
			t.Errorf("a client without keys has the algorithm of keys: %s", public.Raw)
		}
	})
}

// TestN12_4_N13_5_WhatADocumentRequiresIsInForce, and its scope is the widest that it may ask for.
func TestN12_4_N13_5_WhatADocumentRequiresIsInForce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		for _, required := range []bool{true, false} {
			change := []any{}
			for _, member := range requirements() {
				change = append(change, member, required)
			}
			path := "/plain.json"
			if required {
				path = "/bound.json"
			}
			r := documentRequest(p.publish(t, path, change...))
			wantRequired(t, d, r, required)
		}
		narrow := documentRequest(p.publish(t, "/narrow.json", "scope", "jobs:read"))
		if page, asks := asked(t, d.NewBrowser(), narrow.Path()); asks || !strings.Contains(page.Body, "not registered for the scope") {
			t.Errorf("a scope that the document does not name leads to %d %s", page.Status, page.URL)
		}
	})
}
