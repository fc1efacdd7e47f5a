package activity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// changed returns claims with some replaced, given as names and values; nil removes one.
func changed(claims map[string]any, change []any) map[string]any {
	for i := 0; i+1 < len(change); i += 2 {
		name, _ := change[i].(string)
		if claims[name] = change[i+1]; change[i+1] == nil {
			delete(claims, name)
		}
	}
	return claims
}

// assertions provokes the refusals of a client assertion (RFC 7523).
func (w *walk) assertions() {
	key, expiring, now := josetest.New(w.t, "ES256", "first"), josetest.New(w.t, "ES256", "second"), time.Now().Unix()
	c := w.client(func(r *authzv1.CreateClientRequest) { r.Jwks = josetest.Set(key) })
	w.must(w.t, "operator", "authz.v1.AdministrationService/AddClientKey", &authzv1.AddClientKeyRequest{
		ClientId: c.id, Jwk: expiring.JWK(), LifetimeSeconds: 1,
	})
	assertion := func(key josetest.Signer, header map[string]any, change ...any) string {
		text := key.Sign(w.t, header, changed(map[string]any{
			"iss": c.id, "sub": c.id, "aud": w.d.PublicURL, "iat": now, "exp": now + 60, "jti": rand.Text(),
		}, change))
		w.d.RecordSecret("client_assertion", text)
		return text
	}
	post := func(cause, assertion string, more ...string) {
		w.t.Helper()
		w.form(cause, "/oauth/introspect", append([]string{
			"token", "x", "client_assertion_type", oauth.JWTBearerAssertion, "client_assertion", assertion,
		}, more...)...)
	}
	changed := func(change ...any) string { return assertion(key, nil, change...) }
	good := changed()
	post("assertion_malformed", "x")
	post("assertion_algorithm", josetest.HMAC([]byte("x"), "first").Sign(w.t, nil, map[string]any{"iss": c.id, "sub": c.id}))
	post("assertion_key_unknown", assertion(key.Named("other"), nil))
	parts := strings.Split(good, ".")
	post("assertion_signature", parts[0]+"."+parts[1]+"."+strings.Repeat("A", len(parts[2])))
	post("assertion_issuer", changed("iss", harness.PublicID))
	post("assertion_audience", changed("aud", "https://other.example"))
	post("assertion_audience_endpoint", changed("aud", w.d.PublicURL+"/oauth/token"))
	post("assertion_expired", changed("exp", now-1))
	post("assertion_lifetime", changed("exp", now+3600))
	post("assertion_not_yet", changed("iat", now+120, "exp", now+180))
	post("assertion_id_missing", changed("jti", nil))
	post("assertion_type", assertion(key, map[string]any{"typ": "dpop+jwt"}))
	_, err := w.d.Form("/oauth/introspect", values([]string{"token", "x", "client_assertion_type", oauth.JWTBearerAssertion, "client_assertion", good}))
	expect.NoError(w.t, err)
	post("assertion_replayed", good)
	post("assertion_unexpected", changed("iss", harness.ConfidentialID, "sub", harness.ConfidentialID))
	w.form("assertion_missing", "/oauth/introspect", "token", "x", "client_id", c.id, "client_secret", "x")
	unread := w.client(func(r *authzv1.CreateClientRequest) { r.JwksUri = documents(w.t) + "/500" })
	post("client_keys_unreadable", changed("iss", unread.id, "sub", unread.id))
	ended := time.Now().Add(time.Second)
	w.after(0, func() {
		<-time.After(time.Until(ended))
		now = time.Now().Unix()
		post("assertion_key_expired", assertion(expiring, nil))
	})
}

// prover signs DPoP proofs (RFC 9449).
type prover struct {
	w   *walk
	key josetest.Signer
}

func (w *walk) prover() prover { return prover{w, josetest.New(w.t, "ES256", "")} }

// proof returns a proof for a POST to /oauth/token with some claims replaced.
func (p prover) proof(change ...any) string { return p.sign(nil, change...) }

// sign is proof with some members of the header replaced.
func (p prover) sign(header map[string]any, change ...any) string {
	p.w.t.Helper()
	all := map[string]any{"typ": "dpop+jwt", "jwk": json.RawMessage(p.key.JWK())}
	for name, value := range header {
		all[name] = value
	}
	return p.key.Sign(p.w.t, all, changed(map[string]any{
		"jti": rand.Text(), "htm": "POST", "htu": p.w.d.PublicURL + "/oauth/token", "iat": time.Now().Unix(),
	}, change))
}

// thumbprint is the jkt of the proofs (RFC 7638).
func (p prover) thumbprint() string {
	p.w.t.Helper()
	var k struct{ Crv, Kty, X, Y string }
	expect.NoError(p.w.t, json.Unmarshal([]byte(p.key.JWK()), &k))
	return harness.Challenge(`{"crv":"` + k.Crv + `","kty":"` + k.Kty + `","x":"` + k.X + `","y":"` + k.Y + `"}`)
}

// proven posts a form with proofs.
func (w *walk) proven(path string, proofs []string, pairs ...string) harness.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.d.PublicURL+path, strings.NewReader(values(pairs).Encode()))
	expect.NoError(w.t, err)
	req.Header.Set("Content-Type", formMedia)
	req.Header["Dpop"] = proofs
	res, err := harness.Send(req)
	expect.NoError(w.t, err)
	w.d.RecordSecret("access_token", res.Text("access_token"))
	w.d.RecordSecret("refresh_token", res.Text("refresh_token"))
	return res
}

// proofs provokes the refusals of a DPoP proof, and of what is bound to a key.
func (w *walk) proofs() {
	c, p, now := w.public(nil), w.prover(), time.Now().Unix()
	refresh := func(cause string, proofs ...string) {
		w.t.Helper()
		w.refused(cause, w.proven("/oauth/token", proofs, c.with("grant_type", "refresh_token", "refresh_token", secretOf("vdo_ort_"))...).Header, nil)
	}
	parts := strings.Split(p.proof(), ".")
	refresh("proof_repeated", p.proof(), p.proof())
	refresh("proof_type", p.sign(map[string]any{"typ": "JWT"}))
	refresh("proof_algorithm", p.sign(map[string]any{"alg": "HS256"}))
	refresh("proof_key", p.sign(map[string]any{"jwk": json.RawMessage(p.key.JWK("d", "AAAA"))}))
	refresh("proof_signature", parts[0]+"."+parts[1]+"."+strings.Repeat("A", len(parts[2])))
	refresh("proof_method", p.proof("htm", "GET"))
	refresh("proof_url", p.proof("htu", "https://other.example/oauth/token"))
	refresh("proof_time", p.proof("iat", now-600))
	refresh("proof_id", p.proof("jti", nil))
	bound := w.public(func(r *authzv1.CreateClientRequest) { r.DpopBoundAccessTokens = true })
	w.form("proof_missing", "/oauth/token", bound.with("grant_type", "refresh_token", "refresh_token", secretOf("vdo_ort_"))...)
	verifier := harness.NewVerifier()
	parameters := []string{
		"response_type", "code", "redirect_uri", harness.CallbackURI, "scope", "videos:read", "code_challenge", harness.Challenge(verifier),
		"code_challenge_method", "S256", "dpop_jkt", w.prover().thumbprint(),
	}
	w.refused("dpop_key_contradictory", w.proven("/oauth/par", []string{p.proof("htu", w.d.PublicURL+"/oauth/par")}, c.with(parameters...)...).Header, nil)

	res, err := w.d.Form("/oauth/par", values(c.with(append(parameters, "dpop_jkt", p.thumbprint())...)))
	expect.NoError(w.t, err)
	page, err := w.john.Follow(w.john.Get("/oauth/authorize?client_id=" + c.id + "&request_uri=" + res.Text("request_uri")))
	expect.NoError(w.t, err)
	page, err = w.john.Decide(page, "ws_acme", "approve")
	expect.NoError(w.t, err)
	w.form("code_other_key", "/oauth/token", c.with(
		"grant_type", "authorization_code", "code", page.Query().Get("code"), "redirect_uri", harness.CallbackURI, "code_verifier", verifier)...)
	w.bound(c, p)
	w.after(allLifetimes, func() { refresh("proof_nonce", p.proof("iat", time.Now().Add(allLifetimes).Unix())) })
}

// bound provokes the refusals of tokens that are bound to a key, at the token endpoint and at the API.
func (w *walk) bound(c registered, p prover) {
	verifier := harness.NewVerifier()
	code := w.approve(harness.Request{ClientID: c.id, Scope: "videos:read", Verifier: verifier})
	once := []string{p.proof()}
	tokens := w.proven("/oauth/token", once, c.with(
		"grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI, "code_verifier", verifier)...)
	w.refused("proof_replayed", w.proven("/oauth/token", once, c.with(
		"grant_type", "refresh_token", "refresh_token", tokens.Text("refresh_token"))...).Header, nil)
	w.refused("refresh_other_key", w.proven("/oauth/token", []string{w.prover().proof()}, c.with(
		"grant_type", "refresh_token", "refresh_token", tokens.Text("refresh_token"))...).Header, nil)
	access := tokens.Text("access_token")
	proof := func(p prover) string {
		sum := sha256.Sum256([]byte(access))
		return p.proof("htm", "GET", "htu", w.d.PublicURL+"/v1/videos", "ath", base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	w.get("access_token_needs_proof", "/v1/videos", "Authorization", "Bearer "+access)
	w.get("access_token_proof_invalid", "/v1/videos", "Authorization", "DPoP "+access)
	w.get("access_token_other_key", "/v1/videos", "Authorization", "DPoP "+access, "DPoP", proof(w.prover()))
	access = w.issue(c, "videos:read").Text("access_token")
	w.get("access_token_not_bound", "/v1/videos", "Authorization", "DPoP "+access, "DPoP", proof(p))
}
