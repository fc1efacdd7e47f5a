package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// described holds requests and responses against the description that a deployment serves.
type described struct {
	d         *harness.Deployment
	validator validator.Validator
	// operations are the operations of the description that no request has reached.
	operations map[string]bool
}

func newDescribed(t *testing.T, d *harness.Deployment) *described {
	t.Helper()
	a, err := harness.Send(mustRequest(t, http.MethodGet, d.PublicURL+"/openapi.json", "", ""))
	expect.NoError(t, err)
	expect.Equal(t, "status of /openapi.json", a.Status, http.StatusOK)
	p := &described{d: d, operations: map[string]bool{}}
	paths, _ := a.Body["paths"].(map[string]any)
	for path, item := range paths {
		operations, _ := item.(map[string]any)
		for method := range operations {
			if method != "servers" && method != "parameters" {
				p.operations[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	closed, err := json.Marshal(withoutOtherMembers(a.Body))
	expect.NoError(t, err)
	document, err := libopenapi.NewDocument(closed)
	expect.NoError(t, err)
	v, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p.validator = v
	return p
}

// withoutOtherMembers allows the responses of a description no member that it does not describe:
// clients may meet new members, but a member that is served and not described is a fault. So is a parameter of the
// authorization endpoint that this test sends.
func withoutOtherMembers(description map[string]any) map[string]any {
	components, _ := description["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for name, schema := range schemas {
		object, _ := schema.(map[string]any)
		if object["properties"] != nil && (!strings.HasSuffix(name, "Request") || name == "AuthorizationRequest") {
			object["additionalProperties"] = false
		}
	}
	return description
}

func mustRequest(t *testing.T, method, address, kind, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	expect.NoError(t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req
}

// noRedirects follows no redirect, which would be an operation of its own.
var noRedirects = &http.Client{ //nolint:gochecknoglobals // it holds no state
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// send sends a request that fits the description, validates both and returns the response's body.
func (p *described) send(t *testing.T, operation string, status int, req *http.Request) string {
	t.Helper()
	copied := cloned(t, req)
	if ok, found := p.validator.ValidateHttpRequest(copied); !ok {
		t.Errorf("%s: the request does not fit the description%s", operation, explain(found))
	}
	return p.sendWrong(t, operation, status, req)
}

// sendWrong sends a request that does not fit the description, and validates the response.
func (p *described) sendWrong(t *testing.T, operation string, status int, req *http.Request) string {
	t.Helper()
	copied := cloned(t, req)
	delete(p.operations, operation)
	res, err := noRedirects.Do(req)
	expect.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	expect.NoError(t, err)
	if res.StatusCode != status {
		t.Errorf("%s: %d %s, want %d", operation, res.StatusCode, body, status)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if ok, found := p.validator.ValidateHttpResponse(copied, res); !ok {
		t.Errorf("%s: the response %d does not fit the description: %s%s\ndescribe it in gateway/internal/apidoc/frame.yaml", operation, status, body, explain(found))
	}
	return string(body)
}

// cloned returns a copy of a request with a body of its own.
func cloned(t *testing.T, req *http.Request) *http.Request {
	t.Helper()
	body, err := io.ReadAll(req.Body)
	expect.NoError(t, err)
	req.Body = io.NopCloser(bytes.NewReader(body))
	c := req.Clone(t.Context())
	c.Body = io.NopCloser(bytes.NewReader(body))
	return c
}

func explain(found []*errors.ValidationError) string {
	var b strings.Builder
	for _, e := range found {
		b.WriteString("\n  " + e.Message + ": " + e.Reason)
		for _, s := range e.SchemaValidationErrors {
			b.WriteString("\n    " + s.Reason)
		}
	}
	return b.String()
}

func bearer(req *http.Request, token string) *http.Request {
	req.Header.Set("Authorization", "Bearer "+token)
	return req
}

func basic(req *http.Request, id, secret string) *http.Request {
	req.SetBasicAuth(id, secret)
	return req
}

// TestOpenAPI_RequestsAndResponsesFitTheDescription holds the requests of the documents, other
// requests to every operation, and the responses to them against the description that is served.
func TestOpenAPI_RequestsAndResponsesFitTheDescription(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newDescribed(t, d)
		b := d.NewBrowser()
		for _, documented := range documentedRequests() {
			p.send(t, "POST "+documented.path, http.StatusOK, documented.request(t, d, b))
		}
		p.forms(t, b)
		p.bound(t, b)
		p.refusals(t)
		p.device(t)
		p.push(t)
		p.registration(t)
		p.documents(t)
		p.userAPI(t)
		p.api(t, b)
		for operation := range p.operations {
			t.Errorf("no request of this test reaches %s: add one", operation)
		}
	})
}

// forms sends the requests of the dialect of RFC 6749.
func (p *described) forms(t *testing.T, b *harness.Browser) {
	t.Helper()
	tokens, err := p.d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	for _, row := range []struct {
		path, id, secret string
		values           url.Values
	}{
		{"/oauth/introspect", harness.ResourceID, harness.ResourcePW, url.Values{"token": {tokens.Access}}},
		{"/oauth/introspect", harness.ConfidentialID, harness.ConfidentialPW, url.Values{"token": {tokens.Refresh}}},
		{"/oauth/introspect", harness.ResourceID, harness.ResourcePW, url.Values{"token": {"vdo_oat_none"}, "token_type_hint": {"access_token"}}},
		{"/oauth/token", harness.ConfidentialID, harness.ConfidentialPW, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "scope": {"videos:read"}}},
		{"/oauth/revoke", harness.ConfidentialID, harness.ConfidentialPW, url.Values{"token": {tokens.Access}}},
	} {
		req := mustRequest(t, http.MethodPost, p.d.PublicURL+row.path, "application/x-www-form-urlencoded", row.values.Encode())
		p.send(t, "POST "+row.path, http.StatusOK, basic(req, row.id, row.secret))
	}
}

// bound gets a token that is bound to a key, and reads with it who the user is (RFC 9449 §5, §7).
func (p *described) bound(t *testing.T, b *harness.Browser) {
	t.Helper()
	key := josetest.New(t, "ES256", "")
	proof := func(method, path string, more ...string) string {
		claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": p.d.PublicURL + path, "iat": time.Now().Unix()}
		for _, token := range more {
			hash := sha256.Sum256([]byte(token))
			claims["ath"] = base64.RawURLEncoding.EncodeToString(hash[:])
		}
		return key.Sign(t, map[string]any{"typ": "dpop+jwt", "jwk": json.RawMessage(key.JWK())}, claims)
	}
	code, err := b.Approve(harness.Request{Scope: "openid"})
	expect.NoError(t, err)
	exchange := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {harness.CallbackURI}}
	req := mustRequest(t, http.MethodPost, p.d.PublicURL+"/oauth/token", "application/x-www-form-urlencoded", exchange.Encode())
	req.Header.Set("Dpop", proof(http.MethodPost, "/oauth/token"))
	var issued struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
	}
	response := p.send(t, "POST /oauth/token", http.StatusOK, basic(req, harness.ConfidentialID, harness.ConfidentialPW))
	expect.NoError(t, json.Unmarshal([]byte(response), &issued))
	expect.Equal(t, "token_type", issued.Type, "DPoP")
	p.d.RecordSecret("access_token", issued.Token)
	req = mustRequest(t, http.MethodGet, p.d.PublicURL+"/oauth/userinfo", "", "")
	req.Header.Set("Authorization", "DPoP "+issued.Token)
	req.Header.Set("Dpop", proof(http.MethodGet, "/oauth/userinfo", issued.Token))
	p.send(t, "GET /oauth/userinfo", http.StatusOK, req)
}

// registration registers a client, reads, changes and deletes it (RFC 7591, RFC 7592), and is refused.
func (p *described) registration(t *testing.T) {
	t.Helper()
	const path, kind = "/oauth/register", "application/json"
	metadata := `{"client_name":"Described","redirect_uris":["http://127.0.0.1/described"],"token_endpoint_auth_method":"none","scope":"videos:read"}`
	post := func(body string) *http.Request {
		return mustRequest(t, http.MethodPost, p.d.PublicURL+path, kind, body)
	}
	var registered struct {
		ID    string `json:"client_id"`
		Token string `json:"registration_access_token"`
	}
	expect.NoError(t, json.Unmarshal([]byte(p.send(t, "POST "+path, http.StatusCreated, post(metadata))), &registered))
	p.sendWrong(t, "POST "+path, http.StatusBadRequest, post(`{"redirect_uris":["http://elsewhere.test/"]}`))
	at := p.d.PublicURL + path + "/" + registered.ID
	changed := strings.Replace(metadata, "{", `{"client_id":"`+registered.ID+`",`, 1)
	for _, step := range []struct {
		method, body string
		status       int
	}{
		{http.MethodGet, "", http.StatusOK},
		{http.MethodPut, changed, http.StatusOK},
		{http.MethodDelete, "", http.StatusNoContent},
		{http.MethodGet, "", http.StatusUnauthorized},
	} {
		media := kind
		if step.body == "" {
			media = ""
		}
		req := mustRequest(t, step.method, at, media, step.body)
		if response := p.send(t, step.method+" "+path+"/{client_id}", step.status, bearer(req, registered.Token)); step.method == http.MethodPut {
			expect.NoError(t, json.Unmarshal([]byte(response), &registered))
		}
	}
}

// device starts the authorization of a device (RFC 8628), and one that is refused.
func (p *described) device(t *testing.T) {
	t.Helper()
	const path, form = "/oauth/device_authorization", "application/x-www-form-urlencoded"
	p.send(t, "POST "+path, http.StatusOK, mustRequest(t, http.MethodPost, p.d.PublicURL+path, form, "client_id=vdo_client_device123&scope=videos:read"))
	p.sendWrong(t, "POST "+path, http.StatusUnauthorized, mustRequest(t, http.MethodPost, p.d.PublicURL+path, form, "client_id=unknown"))
}

// push sends an authorization request ahead of the browser (RFC 9126), and one that is refused.
func (p *described) push(t *testing.T) {
	t.Helper()
	const path, form = "/oauth/par", "application/x-www-form-urlencoded"
	credentials := url.Values{"client_id": {"vdo_client_abc123"}, "client_secret": {"vdo_secret_xyz789"}}
	body := url.Values{"redirect_uri": {"https://yourapp.com/callback"}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {"s"}}
	maps.Copy(body, credentials)
	var pushed struct {
		URI string `json:"request_uri"`
	}
	response := p.send(t, "POST "+path, http.StatusCreated, mustRequest(t, http.MethodPost, p.d.PublicURL+path, form, body.Encode()))
	expect.NoError(t, json.Unmarshal([]byte(response), &pushed))
	const authorize = "/oauth/authorize"
	query := url.Values{"client_id": {"vdo_client_abc123"}, "request_uri": {pushed.URI}}.Encode()
	p.send(t, "GET "+authorize, http.StatusSeeOther, mustRequest(t, http.MethodGet, p.d.PublicURL+authorize+"?"+query, "", ""))
	p.send(t, "POST "+authorize, http.StatusSeeOther, mustRequest(t, http.MethodPost, p.d.PublicURL+authorize, form, query))
	p.sendWrong(t, "POST "+path, http.StatusBadRequest, mustRequest(t, http.MethodPost, p.d.PublicURL+path, form, credentials.Encode()))
	p.sendWrong(t, "POST "+path, http.StatusUnauthorized, mustRequest(t, http.MethodPost, p.d.PublicURL+path, form, "client_id=unknown"))
}

// refusals sends requests that each endpoint with two dialects refuses.
func (p *described) refusals(t *testing.T) {
	t.Helper()
	const form, text = "application/x-www-form-urlencoded", "application/json"
	for _, row := range []struct {
		path, kind, body string
		status           int
	}{
		{"/oauth/token", text, `{}`, 400},
		{"/oauth/token", form, ``, 400},
		{"/oauth/token", text, `{"grant_type":"password","client_id":"vdo_client_abc123","client_secret":"vdo_secret_xyz789"}`, 400},
		{"/oauth/token", form, `grant_type=password&client_id=vdo_client_abc123&client_secret=vdo_secret_xyz789`, 400},
		{"/oauth/token", text, `{"grant_type":"authorization_code","code":"x","redirect_uri":"https://yourapp.com/callback","client_id":"vdo_client_abc123","client_secret":"wrong"}`, 401},
		{"/oauth/token", form, `grant_type=authorization_code&code=x&redirect_uri=https://yourapp.com/callback&client_id=vdo_client_abc123&client_secret=wrong`, 401},
		{"/oauth/token", text, `{"grant_type":"authorization_code","code":"x","redirect_uri":"https://yourapp.com/callback","client_id":"vdo_client_abc123","client_secret":"vdo_secret_xyz789"}`, 401},
		{"/oauth/token", form, `grant_type=authorization_code&code=x&redirect_uri=https://yourapp.com/callback&client_id=vdo_client_abc123&client_secret=vdo_secret_xyz789`, 400},
		{"/oauth/token", "text/plain", `x`, 415},
		{"/oauth/token", form, "code=" + strings.Repeat("x", 64<<10), 413},
		{"/oauth/revoke", text, `{}`, 400},
		{"/oauth/introspect", form, `token=x`, 401},
	} {
		p.sendWrong(t, "POST "+row.path, row.status, mustRequest(t, http.MethodPost, p.d.PublicURL+row.path, row.kind, row.body))
	}
}

// documents reads the documents and opens the authorization endpoint.
func (p *described) documents(t *testing.T) {
	t.Helper()
	for path, operation := range map[string]string{
		"/.well-known/oauth-authorization-server": "", "/.well-known/oauth-protected-resource": "", "/openapi.json": "",
		"/.well-known/openid-configuration": "", "/oauth/jwks": "", "/oauth/logout": "",
		"/.well-known/oauth-protected-resource/v1": "GET /.well-known/oauth-protected-resource/{path}",
		harness.Request{}.Path():                   "GET /oauth/authorize",
	} {
		status := http.StatusOK
		if operation == "" {
			operation = "GET " + path
		}
		if strings.HasPrefix(path, "/oauth/authorize") {
			status = http.StatusSeeOther
		}
		p.send(t, operation, status, mustRequest(t, http.MethodGet, p.d.PublicURL+path, "", ""))
	}
	_, query, _ := strings.Cut(harness.Request{}.Path(), "?")
	authorize := func(kind, body string) *http.Request {
		return mustRequest(t, http.MethodPost, p.d.PublicURL+"/oauth/authorize", kind, body)
	}
	const form = "application/x-www-form-urlencoded"
	p.send(t, "POST /oauth/authorize", http.StatusSeeOther, authorize(form, query+"&nonce=n&id_token_hint=x"))
	p.sendWrong(t, "POST /oauth/authorize", http.StatusRequestEntityTooLarge, authorize(form, query+"&state="+strings.Repeat("x", 64<<10)))
	p.sendWrong(t, "POST /oauth/authorize", http.StatusUnsupportedMediaType, authorize("application/json", "{}"))
	p.send(t, "POST /oauth/logout", http.StatusSeeOther, mustRequest(t, http.MethodPost, p.d.PublicURL+"/oauth/logout", "application/x-www-form-urlencoded", ""))
	p.userInfo(t)
	p.send(t, "GET /.well-known/security.txt", http.StatusNotFound, mustRequest(t, http.MethodGet, p.d.PublicURL+"/.well-known/security.txt", "", ""))
}

// userInfo reads the claims about a user, and is refused with a token of another scope and with none.
func (p *described) userInfo(t *testing.T) {
	t.Helper()
	const path, form = "/oauth/userinfo", "application/x-www-form-urlencoded"
	for scope, status := range map[string]int{"openid email": http.StatusOK, "videos:read": http.StatusForbidden} {
		tokens, err := p.d.Issue(p.d.NewBrowser(), harness.Request{Scope: scope})
		expect.NoError(t, err)
		p.send(t, "GET "+path, status, bearer(mustRequest(t, http.MethodGet, p.d.PublicURL+path, "", ""), tokens.Access))
		p.send(t, "POST "+path, status, mustRequest(t, http.MethodPost, p.d.PublicURL+path, form, "access_token="+tokens.Access))
	}
	p.send(t, "GET "+path, http.StatusUnauthorized, bearer(mustRequest(t, http.MethodGet, p.d.PublicURL+path, "", ""), "no-token"))
}

// userAPI sends the requests of document 003, and some that are refused.
func (p *described) userAPI(t *testing.T) {
	t.Helper()
	const users = "/api/v1/user/"
	request := func(method, path, body string) *http.Request {
		kind := ""
		if body != "" {
			kind = "application/json"
		}
		return mustRequest(t, method, p.d.PublicURL+users+path, kind, body)
	}
	read := strings.TrimPrefix(esther, users)
	for _, body := range []string{byPassword, byClientSecret} {
		var token, next string
		expect.NoError(t, json.Unmarshal([]byte(p.send(t, "POST "+users+"authenticate", 200, request(http.MethodPost, "authenticate", body))), &token))
		p.send(t, "GET "+users+"{emailAddress}", 200, bearer(request(http.MethodGet, read, ""), token))
		expect.NoError(t, json.Unmarshal([]byte(p.send(t, "POST "+users+"refresh-access-token", 200, bearer(request(http.MethodPost, "refresh-access-token", ""), token))), &next))
		p.send(t, "GET "+users+"{emailAddress}", 400, bearer(request(http.MethodGet, read, ""), token))
		p.send(t, "GET "+users+"{emailAddress}", 403, bearer(request(http.MethodGet, "nobody@example.com", ""), next))
		method := map[string]string{byPassword: http.MethodPost, byClientSecret: http.MethodGet}[body]
		p.send(t, method+" "+users+"logout", 200, bearer(request(method, "logout", ""), next))
	}
	p.sendWrong(t, "POST "+users+"authenticate", 400, request(http.MethodPost, "authenticate", `{}`))
}

// api sends a request without a token to each endpoint of the catalog, and some with one.
func (p *described) api(t *testing.T, b *harness.Browser) {
	t.Helper()
	tokens, err := p.d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	var endpoints []string
	for operation := range p.operations {
		if strings.Contains(operation, " /v1/") {
			endpoints = append(endpoints, operation)
		}
	}
	slices.Sort(endpoints)
	if len(endpoints) != 13 {
		t.Errorf("the description has %d endpoints of the catalog", len(endpoints))
	}
	for _, operation := range endpoints {
		method, path, _ := strings.Cut(operation, " ")
		path = strings.NewReplacer("{id}", "x", "{type}", "x").Replace(path)
		p.sendWrong(t, operation, http.StatusUnauthorized, mustRequest(t, method, p.d.PublicURL+path, "", ""))
	}
	p.send(t, "GET /v1/videos", http.StatusOK, bearer(mustRequest(t, http.MethodGet, p.d.PublicURL+"/v1/videos", "", ""), tokens.Access))
	p.send(t, "POST /v1/videos/{id}/export", http.StatusForbidden, bearer(mustRequest(t, http.MethodPost, p.d.PublicURL+"/v1/videos/x/export", "", ""), tokens.Access))
}
