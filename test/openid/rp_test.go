package openid

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// rp is a relying party in a browser: the confidential client of the fixtures.
type rp struct {
	d       *harness.Deployment
	browser *harness.Browser
	id      string
	secret  string
	// callback is its redirect URI.
	callback string
}

func newRP(d *harness.Deployment) *rp {
	return &rp{d: d, browser: d.NewBrowser(), id: harness.ConfidentialID, secret: harness.ConfidentialPW, callback: harness.CallbackURI}
}

// params are the parameters of an authorization request; more are pairs of names and values.
func (r *rp) params(more ...string) url.Values {
	q := url.Values{
		"client_id": {r.id}, "redirect_uri": {r.callback}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"st"}, "nonce": {"n-0S6_WzA2Mj"},
	}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
		if more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return q
}

// open opens an authorization request, and returns the last page of ours or the redirect to the client.
func (r *rp) open(t *testing.T, q url.Values) harness.Page {
	t.Helper()
	page, err := r.browser.Follow(r.browser.Get("/oauth/authorize?" + q.Encode()))
	expect.NoError(t, err)
	return page
}

// signsIn reports whether a page asks for a password.
func signsIn(p harness.Page) bool {
	_, err := p.FormWith("password")
	return err == nil
}

// asks reports whether a page asks for consent.
func asks(p harness.Page) bool {
	_, err := p.FormWith("workspace_id")
	return err == nil
}

// finish signs John in where a page asks for it, approves, and returns the redirect.
func (r *rp) finish(t *testing.T, page harness.Page) url.Values {
	t.Helper()
	var err error
	if signsIn(page) {
		page, err = r.browser.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
	}
	if asks(page) {
		page, err = r.browser.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
	}
	if !strings.HasPrefix(page.Location(), r.callback) {
		t.Fatalf("%s: status %d, location %q", page.URL, page.Status, page.Location())
	}
	return page.Query()
}

// response is a token response whose ID token is verified.
type response struct {
	harness.Response
	claims map[string]any
	header map[string]any
}

func (a response) text(claim string) string { s, _ := a.claims[claim].(string); return s }

func (a response) number(claim string) int64 { n, _ := a.claims[claim].(float64); return int64(n) }

// exchange redeems a code, and verifies the ID token as OpenID Connect Core §3.1.3.7 requires.
func (r *rp) exchange(t *testing.T, code string) response {
	t.Helper()
	return r.tokens(t, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.callback}})
}

func (r *rp) refresh(t *testing.T, token string) response {
	t.Helper()
	return r.tokens(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (r *rp) tokens(t *testing.T, form url.Values) response {
	t.Helper()
	res, err := r.d.Form("/oauth/token", form, r.id, r.secret)
	expect.NoError(t, err)
	a := response{Response: res}
	if res.Status != http.StatusOK || !slices.Contains(strings.Fields(res.Text("scope")), "openid") {
		return a
	}
	a.claims, a.header = r.verify(t, res.Text("id_token"))
	access := sha256.Sum256([]byte(res.Text("access_token")))
	now := time.Now()
	switch {
	case a.text("iss") != r.d.PublicURL, a.text("aud") != r.id, a.text("sub") == "" || len(a.text("sub")) > 255:
		t.Errorf("iss, aud or sub are wrong: %v", a.claims)
	case a.text("at_hash") != base64.RawURLEncoding.EncodeToString(access[:16]):
		t.Errorf("at_hash is %q", a.text("at_hash"))
	case a.number("exp") <= now.Unix() || a.number("exp") > now.Add(time.Hour+time.Minute).Unix():
		t.Errorf("exp is %d, and it is %d", a.number("exp"), now.Unix())
	case now.Unix()-a.number("iat") > 120 || a.number("iat") > now.Unix()+5:
		t.Errorf("iat is %d, and it is %d", a.number("iat"), now.Unix())
	}
	return a
}

// login runs a whole authorization.
func (r *rp) login(t *testing.T, more ...string) response {
	t.Helper()
	back := r.finish(t, r.open(t, r.params(more...)))
	if back.Get("code") == "" || back.Get("iss") != r.d.PublicURL {
		t.Fatalf("no code: %v", back)
	}
	a := r.exchange(t, back.Get("code"))
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Raw)
	}
	return a
}

// get reads a JSON document.
func get(t *testing.T, address string) (map[string]any, http.Header) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	expect.NoError(t, err)
	body, status, err := harness.SendText(req)
	expect.NoError(t, err)
	res, err := harness.Send(req)
	expect.NoError(t, err)
	var document map[string]any
	if err := json.Unmarshal([]byte(body), &document); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", address, status, body, err)
	}
	return document, res.Header
}

// keys reads the JWK Set that the discovery document names.
func (r *rp) keys(t *testing.T) jose.JSONWebKeySet {
	t.Helper()
	discovered, _ := get(t, r.d.PublicURL+"/.well-known/openid-configuration")
	uri, _ := discovered["jwks_uri"].(string)
	document, _ := get(t, uri)
	raw, err := json.Marshal(document)
	expect.NoError(t, err)
	var set jose.JSONWebKeySet
	expect.NoError(t, json.Unmarshal(raw, &set))
	return set
}

// verify verifies a JWT with the published keys.
func (r *rp) verify(t *testing.T, text string) (claims, header map[string]any) {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		t.Fatalf("%q is not a JWT: %v", text, err)
	}
	set := r.keys(t)
	found := set.Key(parsed.Signatures[0].Protected.KeyID)
	if len(found) != 1 {
		t.Fatalf("%d keys have the kid %q", len(found), parsed.Signatures[0].Protected.KeyID)
	}
	payload, err := parsed.Verify(found[0])
	expect.NoError(t, err)
	expect.NoError(t, json.Unmarshal(payload, &claims))
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[0])
	expect.NoError(t, err)
	expect.NoError(t, json.Unmarshal(raw, &header))
	return claims, header
}

// userInfo reads UserInfo with an access token.
func (r *rp) userInfo(t *testing.T, token string) harness.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.d.PublicURL+"/oauth/userinfo", nil)
	expect.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := harness.Send(req)
	expect.NoError(t, err)
	return res
}
