package clients

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	// oversized is the length of a value that no parameter allows, within the limit of a body.
	oversized = 20_000
)

// badParameter is a parameter of an endpoint, with the error (RFC 6749 §5.2 and its extensions) of a
// request without it, or with an empty value, and of one with a value that is too long. Empty for a
// request that succeeds, or that another row has.
type badParameter struct{ name, absent, oversized string }

// nul returns the error of a value with a NUL character; empty where it is a value like any other.
func (p badParameter) nul(e badEndpoint) string {
	switch {
	case e.flat && e.formOnly && p.name == "state": // it is returned as it was sent
		return ""
	case e.formOnly && p.name == "scope":
		return "invalid_scope"
	case e.formOnly && p.name == "resource":
		return "invalid_target"
	case e.formOnly && p.name == "response_type":
		return "unsupported_response_type"
	}
	return "invalid_request"
}

// badEndpoint is an endpoint with a request that is right.
type badEndpoint struct {
	name, path string
	values     url.Values
	// prepare adds values that expire soon; nil for none.
	prepare    func(t *testing.T, values url.Values)
	parameters []badParameter
	// flat endpoints have the errors of RFC 6749 in JSON too.
	flat bool
	// formOnly endpoints take no JSON.
	formOnly bool
	// succeeds is the status of the right request, which is sent last: nothing was consumed before.
	// error is its error; empty for none.
	succeeds int
	error    string
}

// badEndpoints returns the endpoints with credentials that a failure must not consume.
func badEndpoints(t *testing.T, d *harness.Deployment) []badEndpoint {
	t.Helper()
	b := d.NewBrowser()
	r := harness.Request{Verifier: harness.NewVerifier()}
	code, err := b.Approve(r)
	expect.NoError(t, err)
	issued, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	service := registerService(t, d, "vdo_client_bad_input")
	signer := newSigningClient(t, d, "vdo_client_bad_assertion")
	device, _ := deviceDecision(t, d, d.NewBrowser(), "approve")
	of := func(pairs ...string) url.Values {
		values := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		return values
	}
	id := badParameter{"client_id", "invalid_request", "invalid_client"}
	secret := badParameter{"client_secret", "invalid_client", "invalid_client"}
	hint := badParameter{"token_type_hint", "", ""}
	return []badEndpoint{
		{
			name: "authorization_code", path: "/oauth/token", succeeds: http.StatusOK,
			values: of("grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI, "code_verifier", r.Verifier,
				"client_id", harness.ConfidentialID, "client_secret", harness.ConfidentialPW, "resource", d.PublicURL+"/v1"),
			parameters: []badParameter{
				{"grant_type", "invalid_request", "unsupported_grant_type"},
				{"code", "invalid_request", "invalid_grant"},
				{"redirect_uri", "", "invalid_grant"},
				{"code_verifier", "invalid_grant", "invalid_grant"},
				id, secret,
				{"resource", "", "invalid_target"},
			},
		},
		{
			name: "refresh_token", path: "/oauth/token", succeeds: http.StatusOK,
			values: of("grant_type", "refresh_token", "refresh_token", issued.Refresh, "scope", "videos:read",
				"client_id", harness.ConfidentialID, "client_secret", harness.ConfidentialPW, "resource", d.PublicURL+"/v1"),
			parameters: []badParameter{
				{"refresh_token", "invalid_request", "invalid_grant"}, {"scope", "", "invalid_scope"}, id, secret, {"resource", "", "invalid_target"},
			},
		},
		{
			name: "client_credentials", path: "/oauth/token", succeeds: http.StatusOK,
			values: of("grant_type", "client_credentials", "client_id", service.id, "client_secret", service.secret, "scope", "videos:read",
				"resource", d.PublicURL+"/v1"),
			parameters: []badParameter{id, secret, {"scope", "", "invalid_scope"}, {"resource", "", "invalid_target"}},
		},
		{
			name: "private_key_jwt", path: "/oauth/token", succeeds: http.StatusBadRequest, // the assertion is valid, and the code is not
			values: of("grant_type", "authorization_code", "code", "x", "redirect_uri", harness.CallbackURI, "client_id", signer.id,
				"client_assertion_type", oauth.JWTBearerAssertion),
			prepare: func(t *testing.T, values url.Values) {
				t.Helper()
				values.Set("client_assertion", signer.assertion(t, d, "exp", time.Now().Add(5*time.Minute).Unix()))
			},
			parameters: []badParameter{
				{"client_id", "", "invalid_client"},
				{"client_assertion_type", "invalid_request", "invalid_request"},
				{"client_assertion", "invalid_request", "invalid_client"},
			},
			error: "invalid_grant",
		},
		{
			name: "device_code", path: "/oauth/token", succeeds: http.StatusOK,
			values:     of("grant_type", deviceGrant, "device_code", device.Code, "client_id", harness.DeviceID, "resource", d.PublicURL+"/v1"),
			parameters: []badParameter{{"device_code", "invalid_request", "invalid_grant"}, id, {"resource", "", "invalid_target"}},
		},
		{
			name: "introspection", path: "/oauth/introspect", succeeds: http.StatusOK,
			values: of("token", issued.Access, "token_type_hint", "access_token", "client_id", harness.ResourceID, "client_secret", harness.ResourcePW),
			parameters: []badParameter{
				{"token", "invalid_request", ""}, hint, id, secret,
			},
		},
		{
			name: "revocation", path: "/oauth/revoke", succeeds: http.StatusOK,
			values: of("token", "vdo_oat_unknown", "token_type_hint", "access_token", "client_id", harness.ConfidentialID, "client_secret", harness.ConfidentialPW),
			parameters: []badParameter{
				{"token", "invalid_request", ""}, hint, {"client_id", "", "invalid_client"}, {"client_secret", "", "invalid_client"},
			},
		},
		{
			name: "device authorization", path: "/oauth/device_authorization", flat: true, succeeds: http.StatusOK,
			values: of("client_id", harness.DeviceID, "scope", "videos:read", "resource", d.PublicURL+"/v1"),
			parameters: []badParameter{
				id, {"scope", "", "invalid_scope"}, {"resource", "", "invalid_target"},
			},
		},
		{
			name: "pushed request", path: "/oauth/par", flat: true, formOnly: true, succeeds: http.StatusCreated,
			values: of("client_id", harness.ConfidentialID, "client_secret", harness.ConfidentialPW, "redirect_uri", harness.CallbackURI, "scope", "videos:read",
				"response_type", "code", "state", "x", "code_challenge", harness.Challenge(r.Verifier), "code_challenge_method", "S256",
				"resource", d.PublicURL+"/v1"),
			parameters: []badParameter{
				id, secret,
				{"redirect_uri", "invalid_request", "invalid_request"},
				{"scope", "invalid_scope", "invalid_request"},
				{"response_type", "invalid_request", "invalid_request"},
				{"state", "", "invalid_request"},
				{"code_challenge", "invalid_request", "invalid_request"},
				{"code_challenge_method", "invalid_request", "invalid_request"},
				{"resource", "", "invalid_request"},
			},
		},
	}
}

// TestBadInput_EveryParameterOfEveryEndpoint: absent, empty, repeated, too long, or of another type in
// JSON. The error has the shape of the endpoint and names the parameter where one is wrong, and
// nothing is consumed: the right request succeeds afterwards.
func TestBadInput_EveryParameterOfEveryEndpoint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, e := range badEndpoints(t, d) {
			t.Run(strings.ReplaceAll(e.name, " ", "_"), func(t *testing.T) {
				if e.prepare != nil {
					e.prepare(t, e.values)
				}
				for _, p := range e.parameters {
					e.sendWrong(t, d, p)
				}
				large := maps.Clone(e.values)
				large["padding"] = []string{strings.Repeat("x", 70_000)}
				e.want(t, "a body of 70 KB", e.form(t, d, large), http.StatusRequestEntityTooLarge, "invalid_request", false)
				res := e.form(t, d, e.values)
				if res.Status != e.succeeds || res.Code() != e.error {
					t.Errorf("the right request returns %d %s: something was consumed", res.Status, res.Raw)
				}
			})
		}
	})
}

// sendWrong sends the request with each kind of wrong value of a parameter.
func (e badEndpoint) sendWrong(t *testing.T, d *harness.Deployment, p badParameter) {
	t.Helper()
	with := func(values ...string) url.Values {
		changed := maps.Clone(e.values)
		if changed[p.name] = values; values == nil {
			delete(changed, p.name)
		}
		return changed
	}
	both := func(what string, values url.Values, code string) {
		t.Helper()
		e.want(t, what, e.form(t, d, values), 0, code, false)
		if !e.formOnly {
			e.want(t, what+" in JSON", e.json(t, d, asJSON(values)), 0, code, true)
		}
	}
	if p.absent != "" {
		both("without "+p.name, with(), p.absent)
		both("with an empty "+p.name, with(""), p.absent)
	}
	if p.oversized != "" {
		both("with a "+p.name+" that is too long", with(strings.Repeat("x", oversized)), p.oversized)
	}
	if code := p.nul(e); code != "" {
		both("with a NUL in "+p.name, with("a\x00b"), code)
	}
	list := p.name == "resource"
	if !list {
		res := e.form(t, d, with(e.values.Get(p.name), e.values.Get(p.name)))
		e.want(t, "with two "+p.name, res, 0, "invalid_request", false)
		wantNamed(t, "with two "+p.name, res, p.name)
	}
	if e.formOnly {
		e.want(t, "in JSON", e.json(t, d, asJSON(e.values)), http.StatusUnsupportedMediaType, "invalid_request", true)
		return
	}
	for what, value := range map[string]any{"a number": 1, "true": true, "an object": map[string]any{"a": "b"}, "null": nil, "a list": []any{"a", 1}} {
		body := asJSON(e.values)
		body[p.name] = value
		res := e.json(t, d, body)
		what = fmt.Sprintf("with %s as %s", what, p.name)
		e.want(t, what, res, 0, "invalid_request", true)
		wantNamed(t, what, res, p.name)
	}
}

func asJSON(values url.Values) map[string]any {
	body := map[string]any{}
	for name := range values {
		body[name] = values.Get(name)
	}
	return body
}

func (e badEndpoint) form(t *testing.T, d *harness.Deployment, values url.Values) harness.Response {
	t.Helper()
	res, err := d.Form(e.path, values)
	expect.NoError(t, err)
	return res
}

func (e badEndpoint) json(t *testing.T, d *harness.Deployment, body map[string]any) harness.Response {
	t.Helper()
	res, err := d.JSON(e.path, body)
	expect.NoError(t, err)
	return res
}

// want requires an error with a code in the shape of the request's dialect. A status of 0 is that of the
// code.
func (e badEndpoint) want(t *testing.T, what string, res harness.Response, status int, code string, json bool) {
	t.Helper()
	documented := json && !e.flat
	if status == 0 {
		status = http.StatusBadRequest
		if code == "invalid_client" || documented && code == "invalid_grant" {
			status = http.StatusUnauthorized
		}
	}
	if documented && slices.Contains([]string{"invalid_client", "invalid_grant"}, code) {
		code = "authentication_error"
	}
	_, nested := res.Body["error"].(map[string]any)
	if res.Status != status || res.Code() != code || nested != documented {
		t.Errorf("%s %s: %d %s, want %d %s", e.name, what, res.Status, res.Raw, status, code)
	}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %s: headers %v", e.name, what, res.Header)
	}
}

// wantNamed requires that the error names the parameter.
func wantNamed(t *testing.T, what string, res harness.Response, name string) {
	t.Helper()
	if !strings.Contains(res.Raw, name) {
		t.Errorf("%s: the error does not name it: %s", what, res.Raw)
	}
}
