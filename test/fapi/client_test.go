package fapi

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// fapiClient is a registered client of the profile fapi2, or a public one that uses DPoP.
type fapiClient struct {
	t  *testing.T
	d  *harness.Deployment
	id string
	// key signs assertions; a public client has none. proofKey signs DPoP proofs.
	key, proofKey josetest.Signer
	public        bool
}

// newClient registers a client of the profile fapi2.
func newClient(t *testing.T, d *harness.Deployment, more ...string) fapiClient {
	t.Helper()
	return newConfidential(t, d, append([]string{"--profile", "fapi2"}, more...)...)
}

// newConfidential registers a client that authenticates with its key, and may use DPoP.
func newConfidential(t *testing.T, d *harness.Deployment, more ...string) fapiClient {
	t.Helper()
	c := fapiClient{
		t: t, d: d, id: "vdo_client_" + strings.ToLower(rand.Text()[:12]),
		key: josetest.New(t, "ES256", "first"), proofKey: josetest.New(t, "ES256", ""),
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	expect.NoError(t, os.WriteFile(file, []byte(josetest.Set(c.key)), 0o600))
	c.operate(append([]string{
		"clients", "create", "Confidential Client", "--id", c.id, "--jwks", file, "--redirect-uri", harness.CallbackURI, "--scope", "videos:read,jobs:read",
	}, more...)...)
	return c
}

// newPublic registers a public client, whose tokens may be bound to a key.
func newPublic(t *testing.T, d *harness.Deployment, more ...string) fapiClient {
	t.Helper()
	c := fapiClient{t: t, d: d, id: "vdo_client_" + strings.ToLower(rand.Text()[:12]), proofKey: josetest.New(t, "ES256", ""), public: true}
	c.operate(append([]string{
		"clients", "create", "Public Client", "--id", c.id, "--public", "--redirect-uri", harness.CallbackURI, "--scope", "videos:read,jobs:read",
	}, more...)...)
	return c
}

func (c fapiClient) operate(args ...string) string {
	c.t.Helper()
	out, err := c.d.Operate(c.t.Context(), shared.Bins, args...)
	expect.NoError(c.t, err)
	return out
}

// assertion returns a new assertion with some claims replaced, given as alternating names and values;
// nil removes one.
func (c fapiClient) assertion(change ...any) string {
	c.t.Helper()
	now := time.Now().Unix()
	text := c.key.Sign(c.t, nil, changed(map[string]any{
		"iss": c.id, "sub": c.id, "aud": c.d.PublicURL, "iat": now, "exp": now + 60, "jti": rand.Text(),
	}, change))
	c.d.RecordSecret("client_assertion", text)
	return text
}

func changed(claims map[string]any, change []any) map[string]any {
	for i := 0; i+1 < len(change); i += 2 {
		name, _ := change[i].(string)
		if claims[name] = change[i+1]; change[i+1] == nil {
			delete(claims, name)
		}
	}
	return claims
}

// proof returns a new DPoP proof for a POST to a path with some claims replaced.
func (c fapiClient) proof(path string, change ...any) string {
	c.t.Helper()
	return c.signProof(nil, changed(map[string]any{
		"jti": rand.Text(), "htm": "POST", "htu": c.d.PublicURL + path, "iat": time.Now().Unix(),
	}, change))
}

// signProof signs a proof with some members of the header replaced.
func (c fapiClient) signProof(header map[string]any, claims any) string {
	c.t.Helper()
	all := map[string]any{"typ": "dpop+jwt", "jwk": json.RawMessage(c.proofKey.JWK())}
	for name, value := range header {
		all[name] = value
	}
	return c.proofKey.Sign(c.t, all, claims)
}

// thumbprint is the jkt of the client's proofs (RFC 7638).
func (c fapiClient) thumbprint() string {
	c.t.Helper()
	var k struct{ Crv, Kty, X, Y string }
	expect.NoError(c.t, json.Unmarshal([]byte(c.proofKey.JWK()), &k))
	sum := sha256.Sum256([]byte(`{"crv":"` + k.Crv + `","kty":"` + k.Kty + `","x":"` + k.X + `","y":"` + k.Y + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// post sends a form with the client's authentication and the given DPoP headers. An empty value
// removes a parameter.
func (c fapiClient) post(path string, proofs []string, params ...string) harness.Response {
	c.t.Helper()
	form := url.Values{"client_id": {c.id}}
	if !c.public {
		form.Set("client_assertion_type", oauth.JWTBearerAssertion)
		form.Set("client_assertion", c.assertion())
	}
	for i := 0; i+1 < len(params); i += 2 {
		if form.Set(params[i], params[i+1]); params[i+1] == "" {
			form.Del(params[i])
		}
	}
	req, err := http.NewRequest(http.MethodPost, c.d.PublicURL+path, strings.NewReader(form.Encode()))
	expect.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, proof := range proofs {
		req.Header.Add("DPoP", proof)
	}
	a, err := harness.Send(req)
	expect.NoError(c.t, err)
	for _, name := range []string{"access_token", "refresh_token"} {
		c.d.RecordSecret(name, a.Text(name))
	}
	return a
}

// push pushes an authorization request with some parameters replaced.
func (c fapiClient) push(verifier string, params ...string) harness.Response {
	c.t.Helper()
	return c.pushWith(verifier, nil, params...)
}

func (c fapiClient) pushWith(verifier string, proofs []string, params ...string) harness.Response {
	c.t.Helper()
	return c.post("/oauth/par", proofs, append([]string{
		"response_type", "code", "redirect_uri", harness.CallbackURI, "scope", "videos:read", "state", "a state",
		"code_challenge", harness.Challenge(verifier), "code_challenge_method", "S256",
	}, params...)...)
}

// pushed pushes an authorization request and returns its address in the browser.
func (c fapiClient) pushed(verifier string, params ...string) string {
	c.t.Helper()
	a := c.push(verifier, params...)
	if a.Status != http.StatusCreated {
		c.t.Fatalf("a push returned %d %s", a.Status, a.Raw)
	}
	return c.address(a.Text("request_uri"))
}

func (c fapiClient) address(requestURI string, more ...string) string {
	q := url.Values{"client_id": {c.id}, "request_uri": {requestURI}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/oauth/authorize?" + q.Encode()
}

// consent follows an address to the consent page, and signs John in where that is needed.
func (c fapiClient) consent(b *harness.Browser, address string) harness.Page {
	c.t.Helper()
	page, err := b.Follow(b.Get(address))
	expect.NoError(c.t, err)
	if _, err := page.FormWith("password"); err == nil {
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(c.t, err)
	}
	_, err = page.FormWith("workspace_id")
	expect.NoError(c.t, err)
	return page
}

// approve approves the request of an address and returns the redirect's query.
func (c fapiClient) approve(b *harness.Browser, address string) url.Values {
	c.t.Helper()
	page, err := b.Decide(c.consent(b, address), "ws_acme", "approve")
	expect.NoError(c.t, err)
	if page.Query().Get("code") == "" {
		c.t.Fatalf("approving led to %d %q", page.Status, page.Location())
	}
	return page.Query()
}

// code pushes and approves a request, and returns its code.
func (c fapiClient) code(verifier string, params ...string) string {
	c.t.Helper()
	return c.approve(c.d.NewBrowser(), c.pushed(verifier, params...)).Get("code")
}

// exchange redeems a code with the given proofs.
func (c fapiClient) exchange(code, verifier string, proofs ...string) harness.Response {
	c.t.Helper()
	return c.post("/oauth/token", proofs, "grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI, "code_verifier", verifier)
}

// tokens gets a bound token pair.
func (c fapiClient) tokens() harness.Response {
	c.t.Helper()
	verifier := harness.NewVerifier()
	a := c.exchange(c.code(verifier), verifier, c.proof("/oauth/token"))
	if a.Status != http.StatusOK {
		c.t.Fatalf("the exchange returned %d %s", a.Status, a.Raw)
	}
	return a
}

// refresh refreshes with the given proofs.
func (c fapiClient) refresh(token string, proofs ...string) harness.Response {
	c.t.Helper()
	return c.post("/oauth/token", proofs, "grant_type", "refresh_token", "refresh_token", token)
}

// call calls GET /v1/videos with a token of a scheme and the given proofs.
func (c fapiClient) call(scheme, token string, proofs ...string) harness.Response {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodGet, c.d.PublicURL+"/v1/videos", nil)
	expect.NoError(c.t, err)
	req.Header.Set("Authorization", scheme+" "+token)
	for _, proof := range proofs {
		req.Header.Add("DPoP", proof)
	}
	a, err := harness.Send(req)
	expect.NoError(c.t, err)
	return a
}

// apiProof returns a proof for GET /v1/videos with a token.
func (c fapiClient) apiProof(token string, change ...any) string {
	c.t.Helper()
	sum := sha256.Sum256([]byte(token))
	return c.proof("/v1/videos", append([]any{"htm", "GET", "ath", base64.RawURLEncoding.EncodeToString(sum[:])}, change...)...)
}
