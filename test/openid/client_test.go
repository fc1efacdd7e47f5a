package openid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestN10_5_APairwiseClientKnowsTheUserByAnotherName, everywhere that it asks: in the ID token, at a refresh,
// at UserInfo and at the introspection of its own tokens. A resource server knows the user's identifier.
func TestN10_5_APairwiseClientKnowsTheUserByAnotherName(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		public := newRP(d).login(t).text("sub")
		r := newClient(t, d, "--subject-type", "pairwise")
		a := r.login(t)
		sub := a.text("sub")
		if sub == public || strings.Contains(a.Raw, public) {
			t.Errorf("the pairwise subject is %q, the public one %q", sub, public)
		}
		if again := r.login(t).text("sub"); again != sub {
			t.Errorf("the subject was %q, and is %q", sub, again)
		}
		if same := newClient(t, d, "--subject-type", "pairwise").login(t).text("sub"); same != sub {
			t.Errorf("another client of the sector has %q, want %q", same, sub)
		}
		if b := r.refresh(t, a.Text("refresh_token")); b.text("sub") != sub {
			t.Errorf("a refresh has %q", b.text("sub"))
		}
		info := r.userInfo(t, a.Text("access_token"))
		if info.Text("sub") != sub || strings.Contains(info.Raw, public) {
			t.Errorf("UserInfo: %s", info.Raw)
		}
		own, err := d.Form("/oauth/introspect", url.Values{"token": {a.Text("access_token")}}, r.id, r.secret)
		expect.NoError(t, err)
		if own.Text("sub") != sub || own.Text("username") != sub || strings.Contains(own.Raw, public) {
			t.Errorf("its own introspection: %s", own.Raw)
		}
		server, err := d.Form("/oauth/introspect", url.Values{"token": {a.Text("access_token")}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		if server.Text("sub") != public {
			t.Errorf("a resource server's introspection: %s", server.Raw)
		}
		// A hint with a pairwise subject finds its user.
		if page := r.open(t, r.params("id_token_hint", a.Text("id_token"))); !asks(page) {
			t.Errorf("the hint leads to %s", page.URL)
		}
	})
}

// TestN10_5_ASectorIsOneHostAndNeverChanges.
func TestN10_5_ASectorIsOneHostAndNeverChanges(t *testing.T) {
	d := shared.AllInOne()
	if out, err := d.Operate(t.Context(), shared.Bins, "clients", "create", "Two hosts", "--scope", "openid", "--subject-type", "pairwise",
		"--redirect-uri", "https://one.example/cb", "--redirect-uri", "https://two.example/cb"); err == nil {
		t.Errorf("two hosts: %s", out)
	}
	r := newClient(t, d, "--subject-type", "pairwise")
	if out, err := d.Operate(t.Context(), shared.Bins, "clients", "update", r.id, "--redirect-uri", "https://other.example/cb"); err == nil {
		t.Errorf("another host: %s", out)
	}
	if out, err := d.Operate(t.Context(), shared.Bins, "clients", "update", r.id, "--redirect-uri", "https://rp.example.com/other"); err != nil {
		t.Errorf("another path: %v %s", err, out)
	}
}

// TestOIDCBasic_IDTokenUnsigned: oidcc-idtoken-unsigned, which a server without alg none skips: no client gets
// it, and the metadata does not name it.
func TestOIDCBasic_IDTokenUnsigned(t *testing.T) {
	d := shared.AllInOne()
	if out, err := d.Operate(t.Context(), shared.Bins, "clients", "create", "Unsigned", "--scope", "openid",
		"--redirect-uri", "https://rp.example.com/callback", "--id-token-alg", "none"); err == nil {
		t.Errorf("a client with unsigned ID tokens: %s", out)
	}
	req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/.well-known/openid-configuration", nil)
	expect.NoError(t, err)
	a, err := harness.Send(req)
	expect.NoError(t, err)
	if diff := cmp.Diff([]any{"RS256", "ES256"}, a.Body["id_token_signing_alg_values_supported"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestN10_1_AClientHasES256: as registered.
func TestN10_1_AClientHasES256(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d, "--id-token-alg", "ES256")
		if a := r.login(t); a.header["alg"] != "ES256" {
			t.Errorf("the header is %v", a.header)
		}
	})
}

// TestRFC6749_1_5_AClientWithoutTheGrantTypeGetsNoRefreshToken, also with offline_access, and asks again with
// prompt=none when its access token expires.
func TestRFC6749_1_5_AClientWithoutTheGrantTypeGetsNoRefreshToken(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d, "--grant-type", "authorization_code")
		first := r.login(t, "scope", "openid offline_access videos:read")
		silent := r.exchange(t, r.open(t, r.params("prompt", "none", "scope", "openid videos:read")).Query().Get("code"))
		for name, a := range map[string]response{"the first": first, "the silent": silent} {
			if _, has := a.Body["refresh_token"]; has || a.Text("access_token") == "" {
				t.Errorf("%s response is %s", name, a.Raw)
			}
			own, err := d.Form("/oauth/introspect", url.Values{"token": {a.Text("access_token")}}, r.id, r.secret)
			expect.NoError(t, err)
			expect.Equal(t, "active of "+name, own.Body["active"], any(true))
		}
		_, err := d.Operate(t.Context(), shared.Bins, "clients", "update", r.id, "--grant-type", "authorization_code,refresh_token")
		expect.NoError(t, err)
		if a := r.login(t); a.Text("refresh_token") == "" {
			t.Errorf("with the grant type the response is %s", a.Raw)
		}
	})
}

// TestN1_3_AClientWithoutTheScopeGoesOn: its library sends openid by default, and it is ignored.
func TestN1_3_AClientWithoutTheScopeGoesOn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d)
		_, err := d.Operate(t.Context(), shared.Bins, "clients", "update", r.id, "--scope", "videos:read")
		expect.NoError(t, err)
		back := r.finish(t, r.open(t, r.params("scope", "openid profile videos:read")))
		a, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {r.callback},
		}, r.id, r.secret)
		expect.NoError(t, err)
		if a.Text("scope") != "videos:read" || a.Body["id_token"] != nil {
			t.Errorf("%d %s", a.Status, a.Raw)
		}
	})
}

// assertion signs a client assertion (RFC 7523 §2.2).
func assertion(t *testing.T, key *ecdsa.PrivateKey, typ string, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", "k")
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	expect.NoError(t, err)
	payload, err := json.Marshal(claims)
	expect.NoError(t, err)
	jws, err := signer.Sign(payload)
	expect.NoError(t, err)
	text, err := jws.CompactSerialize()
	expect.NoError(t, err)
	return text
}

// TestTokensCannotBeSwapped: an ID token, a client assertion, a logout token, a DPoP proof and an access token are
// each accepted in their own place, and refused in every other. The logout token is one that the server sent.
func TestTokensCannotBeSwapped(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		expect.NoError(t, err)
		jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Use: "sig", Algorithm: "ES256"}}})
		expect.NoError(t, err)
		file := filepath.Join(t.TempDir(), "keys.json")
		expect.NoError(t, os.WriteFile(file, jwks, 0o600))
		signer := newClient(t, d, "--jwks", file)
		a := newRP(d).login(t)
		now := time.Now().Unix()
		claims := func(more map[string]any) map[string]any {
			c := map[string]any{
				"iss": signer.id, "sub": signer.id, "aud": d.PublicURL, "exp": now + 60, "iat": now, "jti": base64.RawURLEncoding.EncodeToString([]byte(harness.NewVerifier())),
			}
			for name, value := range more {
				c[name] = value
			}
			return c
		}
		logout := assertion(t, key, "logout+jwt", claims(map[string]any{
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}, "sid": a.text("sid"),
		}))
		at := newReceiver(t, http.StatusOK)
		told := newClient(t, d, "--backchannel-logout-uri", at.URL)
		told.logout(t, url.Values{"id_token_hint": {told.login(t).Text("id_token")}})
		sent := at.wait(t, 1)[0].Get("logout_token")
		proofKey := josetest.New(t, "ES256", "")
		proof := func() string {
			return proofKey.Sign(t, map[string]any{"typ": "dpop+jwt", "jwk": json.RawMessage(proofKey.JWK())}, map[string]any{
				"jti": harness.NewVerifier(), "htm": "POST", "htu": d.PublicURL + "/oauth/token", "iat": now,
			})
		}
		tokens := map[string]func() string{
			"access token":  func() string { return a.Text("access_token") },
			"refresh token": func() string { return a.Text("refresh_token") },
			"ID token":      func() string { return a.Text("id_token") },
			"logout token":  func() string { return sent },
			"DPoP proof":    proof,
			"forged logout": func() string { return logout },
			"assertion":     func() string { return assertion(t, key, "client-authentication+jwt", claims(nil)) },
			"forged ID token": func() string {
				return assertion(t, key, "JWT", claims(map[string]any{"iss": d.PublicURL, "sub": a.text("sub"), "aud": harness.ConfidentialID}))
			},
		}
		places := map[string]func(token string) bool{
			"access token": func(token string) bool { return newRP(d).userInfo(t, token).Status == http.StatusOK },
			"ID token": func(token string) bool { // a hint: the user is led to the sign-in, and not back with an error
				r := newRP(d)
				return signsIn(r.open(t, r.params("id_token_hint", token)))
			},
			"DPoP proof": func(token string) bool {
				req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token", strings.NewReader(url.Values{
					"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {rpCallback}, "client_id": {harness.ConfidentialID},
					"client_secret": {harness.ConfidentialPW},
				}.Encode()))
				expect.NoError(t, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("DPoP", token)
				res, err := harness.Send(req)
				expect.NoError(t, err)
				return res.Code() == "invalid_grant" // the proof is accepted, and the code is not
			},
			"assertion": func(token string) bool {
				res, err := d.Form("/oauth/token", url.Values{
					"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {rpCallback}, "client_id": {signer.id},
					"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {token},
				})
				expect.NoError(t, err)
				return res.Code() == "invalid_grant" // the client is authenticated
			},
		}
		for place, accepts := range places {
			for name, token := range tokens {
				if got := accepts(token()); got != (place == name) {
					t.Errorf("as %s, the %s is accepted: %v", place, name, got)
				}
			}
		}
	})
}
