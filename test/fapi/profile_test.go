package fapi

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFAPI2_ClientAssertionNegativeTests: the audience is the issuer as a string, and every claim is
// there (FAPI 2.0 §5.3.2.1), at the token endpoint and at PAR.
func TestFAPI2_ClientAssertionNegativeTests(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		refresh := c.tokens().Text("refresh_token")
		now := time.Now().Unix()
		stranger := c
		stranger.key = josetest.New(t, "ES256", "first")
		for name, assertion := range map[string]string{
			"a list with the issuer": c.assertion("aud", []string{d.PublicURL}),
			"the token endpoint":     c.assertion("aud", d.PublicURL+"/oauth/token"),
			"the PAR endpoint":       c.assertion("aud", d.PublicURL+"/oauth/par"),
			"two audiences":          c.assertion("aud", []string{d.PublicURL, "https://other.example"}),
			"expired":                c.assertion("exp", now-5),
			"expired long ago":       c.assertion("iat", now-600, "exp", now-300),
			"nbf far in the future":  c.assertion("nbf", now+90, "exp", now+150),
			"no exp":                 c.assertion("exp", nil),
			"no sub":                 c.assertion("sub", nil),
			"another iss":            c.assertion("iss", harness.ConfidentialID),
			"no iss":                 c.assertion("iss", nil),
			"no jti":                 c.assertion("jti", nil),
			"iat far in the future":  c.assertion("iat", now+120),
			"another key":            stranger.assertion(),
			"the type of a DPoP proof": c.key.Sign(t, map[string]any{"typ": "dpop+jwt"}, map[string]any{
				"iss": c.id, "sub": c.id, "aud": d.PublicURL, "exp": now + 60, "jti": rand.Text(),
			}),
		} {
			a := c.post("/oauth/token", []string{c.proof("/oauth/token")}, "grant_type", "refresh_token", "refresh_token", refresh, "client_assertion", assertion)
			wantError(t, name, a, http.StatusUnauthorized, "invalid_client")
			wantError(t, name+" at PAR", c.push(harness.NewVerifier(), "client_assertion", assertion), http.StatusUnauthorized, "invalid_client")
		}
		for _, offset := range []int64{0, 10} { // FAPI 2.0 §5.3.2.1: up to ten seconds ahead
			a := c.post("/oauth/token", []string{c.proof("/oauth/token")}, "grant_type", "refresh_token", "refresh_token", refresh,
				"client_assertion", c.assertion("iat", now+offset, "nbf", now+offset))
			expect.Equal(t, "status with an iat ahead", a.Status, http.StatusOK)
		}
		secret := c.post("/oauth/token", []string{c.proof("/oauth/token")}, "grant_type", "refresh_token", "refresh_token", refresh,
			"client_assertion", "", "client_assertion_type", "", "client_secret", "vdo_secret_x")
		wantError(t, "a secret", secret, http.StatusUnauthorized, "invalid_client")
	})
}

// TestFAPI2_EnsureSignedClientAssertionWithRS256Fails for a key that could also make PS256.
func TestFAPI2_EnsureSignedClientAssertionWithRS256Fails(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		c.key = josetest.New(t, "RS256", "rsa")
		file := filepath.Join(t.TempDir(), "keys.json")
		expect.NoError(t, os.WriteFile(file, []byte(josetest.Set(c.key)), 0o600))
		c.operate("clients", "update", c.id, "--jwks", file)
		wantError(t, "RS256", c.push(harness.NewVerifier()), http.StatusUnauthorized, "invalid_client")
		c.key.Algorithm = "PS256"
		expect.Equal(t, "status with PS256", c.push(harness.NewVerifier()).Status, http.StatusCreated)
	})
}

// TestFAPI2_EnsureAuthorizationCodeIsBoundToClient, and a code that is used twice revokes.
func TestFAPI2_EnsureAuthorizationCodeIsBoundToClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, other, verifier := newClient(t, d), newClient(t, d), harness.NewVerifier()
		code := c.code(verifier)
		wantError(t, "another client", other.exchange(code, verifier, other.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
		wantError(t, "another verifier", c.exchange(code, harness.NewVerifier(), c.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
		wantError(t, "no verifier", c.exchange(code, "", c.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
		issued := c.exchange(code, verifier, c.proof("/oauth/token"))
		expect.Equal(t, "status of the client", issued.Status, http.StatusOK)
		wantError(t, "a second use", c.exchange(code, verifier, c.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
		token := issued.Text("access_token")
		expect.Equal(t, "status of the API after a second use", c.call("DPoP", token, c.apiProof(token)).Status, http.StatusUnauthorized)
	})
}

// TestFAPI2_ClientCredentialsGrant: a client's own token is bound too.
func TestFAPI2_ClientCredentialsGrant(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d, "--grant-type", "client_credentials", "--workspace", "ws_acme")
		request := func(proofs ...string) harness.Response {
			return c.post("/oauth/token", proofs, "grant_type", "client_credentials", "scope", "videos:read")
		}
		wantError(t, "no proof", request(), http.StatusBadRequest, "invalid_dpop_proof")
		a := request(c.proof("/oauth/token"))
		expect.Equal(t, "status", a.Status, http.StatusOK)
		expect.Equal(t, "token_type", a.Text("token_type"), "DPoP")
		token := a.Text("access_token")
		expect.Equal(t, "status of the API", c.call("DPoP", token, c.apiProof(token)).Status, http.StatusOK)
		expect.Equal(t, "status in lower case", c.call("dpop", token, c.apiProof(token)).Status, http.StatusOK)
		expect.Equal(t, "status as a bearer", c.call("Bearer", token).Status, http.StatusUnauthorized)

		now := time.Now().Unix()
		for name, change := range map[string][]any{
			"iat ten seconds before": {"iat", now - 10}, "iat ten seconds after": {"iat", now + 10}, "nbf and exp": {"nbf", now, "exp", now + 300},
		} {
			expect.Equal(t, "status with "+name, request(c.proof("/oauth/token", change...)).Status, http.StatusOK)
		}
		for name, change := range map[string][]any{
			"another method": {"htm", "GET"}, "another address": {"htu", d.PublicURL + "/oauth/par"}, "no jti": {"jti", nil}, "an old iat": {"iat", now - 120},
		} {
			wantError(t, name, request(c.proof("/oauth/token", change...)), http.StatusBadRequest, "invalid_dpop_proof")
		}
		for name, assertion := range map[string]string{
			"no sub": c.assertion("sub", nil), "another audience": c.assertion("aud", d.PublicURL+"/oauth/token"), "expired": c.assertion("iat", now-600, "exp", now-300),
		} {
			a := c.post("/oauth/token", []string{c.proof("/oauth/token")}, "grant_type", "client_credentials", "client_assertion", assertion)
			wantError(t, name, a, http.StatusUnauthorized, "invalid_client")
		}
	})
}

// TestFAPI2_TheProfileRefusesWhatContradictsIt, by name, when a client is registered or changed.
func TestFAPI2_TheProfileRefusesWhatContradictsIt(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		create := []string{"clients", "create", "X", "--profile", "fapi2", "--redirect-uri", harness.CallbackURI, "--scope", "videos:read"}
		for name, args := range map[string][]string{
			"a secret":     create,
			"a public one": append(slices.Clone(create), "--public"),
			"a window":     {"clients", "update", c.id, "--refresh-retry", "5s"},
			"http":         {"clients", "update", c.id, "--redirect-uri", "http://127.0.0.1/cb"},
			"RS256":        {"clients", "update", c.id, "--signing-alg", "RS256"},
			"a new secret": {"clients", "rotate-secret", c.id, "--replace-keys"},
			"a device":     {"clients", "update", c.id, "--grant-type", "urn:ietf:params:oauth:grant-type:device_code"},
			"not verified": {"clients", "update", c.id, "--unverified"},
		} {
			if out, err := d.Operate(t.Context(), shared.Bins, args...); err == nil {
				t.Errorf("%s is registered:\n%s", name, out)
			}
		}
		shown := c.operate("clients", "show", c.id)
		if !strings.Contains(shown, "PROFILE") || !strings.Contains(shown, "fapi2") {
			t.Errorf("the profile is not shown:\n%s", shown)
		}
		c.operate("clients", "update", c.id, "--profile", "none", "--dpop-bound", "--require-par")
		shown = c.operate("clients", "show", c.id)
		if strings.Contains(shown, "fapi2") || !strings.Contains(shown, "DPOP") || !strings.Contains(shown, "PUSHED REQUESTS") {
			t.Errorf("the requirements are not shown:\n%s", shown)
		}
	})
}

// TestFAPI2_Metadata names the endpoint and the algorithms in both documents.
func TestFAPI2_Metadata(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/v1"} {
			req, err := http.NewRequest(http.MethodGet, d.PublicURL+path, nil)
			expect.NoError(t, err)
			a, err := harness.Send(req)
			expect.NoError(t, err)
			if !strings.Contains(a.Raw, `"dpop_signing_alg_values_supported":["ES256","EdDSA","PS256","RS256"]`) {
				t.Errorf("%s: %s", path, a.Raw)
			}
			if strings.HasSuffix(path, "server") {
				expect.Equal(t, "endpoint", a.Text("pushed_authorization_request_endpoint"), d.PublicURL+"/oauth/par")
			}
		}
	})
}
