package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestRFC8414_MetadataSaysExactlyWhatIsSupported.
func TestRFC8414_MetadataSaysExactlyWhatIsSupported(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/.well-known/oauth-authorization-server", nil)
		expect.NoError(t, err)
		a, err := harness.Send(req)
		expect.NoError(t, err)
		list := func(items ...any) []any { return items }
		algorithms := list("ES256", "PS256", "RS256", "EdDSA")
		expected := map[string]any{
			"issuer":                                                   d.PublicURL,
			"authorization_endpoint":                                   d.PublicURL + "/oauth/authorize",
			"token_endpoint":                                           d.PublicURL + "/oauth/token",
			"revocation_endpoint":                                      d.PublicURL + "/oauth/revoke",
			"introspection_endpoint":                                   d.PublicURL + "/oauth/introspect",
			"registration_endpoint":                                    d.PublicURL + "/oauth/register",
			"device_authorization_endpoint":                            d.PublicURL + "/oauth/device_authorization",
			"pushed_authorization_request_endpoint":                    d.PublicURL + "/oauth/par",
			"dpop_signing_alg_values_supported":                        list("ES256", "EdDSA", "PS256", "RS256"),
			"client_id_metadata_document_supported":                    true,
			"response_types_supported":                                 list("code"),
			"response_modes_supported":                                 list("query"),
			"grant_types_supported":                                    list("authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"),
			"token_endpoint_auth_methods_supported":                    list("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
			"revocation_endpoint_auth_methods_supported":               list("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
			"introspection_endpoint_auth_methods_supported":            list("client_secret_basic", "client_secret_post", "private_key_jwt"),
			"token_endpoint_auth_signing_alg_values_supported":         algorithms,
			"revocation_endpoint_auth_signing_alg_values_supported":    algorithms,
			"introspection_endpoint_auth_signing_alg_values_supported": algorithms,
			"code_challenge_methods_supported":                         list("S256"),
			"authorization_response_iss_parameter_supported":           true,
			"scopes_supported": list("videos:read", "videos:write", "subtitles:read", "subtitles:write", "export:write", "translate:write",
				"voiceover:write", "article:read", "article:write", "analyze:write", "tools:read", "tools:write", "jobs:read",
				"usage:read", "process:write", "openid", "profile", "email"),
		}
		if diff := cmp.Diff(expected, a.Body); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCase98_NoOriginMayUseCookies: clients in a browser may call the endpoints without cookies,
// and no script of another origin may read the pages.
func TestCase98_NoOriginMayUseCookies(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		send := func(method, path, origin string) http.Header {
			req, err := http.NewRequest(method, d.PublicURL+path, strings.NewReader(""))
			expect.NoError(t, err)
			req.Header.Set("Origin", origin)
			req.Header.Set("Access-Control-Request-Method", "POST")
			a, err := harness.Send(req)
			expect.NoError(t, err)
			return a.Header
		}
		for _, origin := range []string{"https://evil.test", "null", d.PublicURL} {
			for _, path := range []string{harness.Request{}.Path(), "/signin", "/consent", "/account/connected-apps"} {
				for name := range send(http.MethodGet, path, origin) {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s for %s: %s", path, origin, name)
					}
				}
			}
			for _, method := range []string{http.MethodOptions, http.MethodPost} {
				h := send(method, "/oauth/token", origin)
				expect.Equal(t, "allowed origin", h.Get("Access-Control-Allow-Origin"), "*")
				expect.Equal(t, "credentials", h.Get("Access-Control-Allow-Credentials"), "")
			}
		}
	})
}

// TestCase92_AMethodCannotBeOverridden: no header or field overrides the method of a POST.
func TestCase92_AMethodCannotBeOverridden(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for path, status := range map[string]int{
			"/oauth/token": 400, "/oauth/authorize": 400, "/.well-known/oauth-authorization-server": 405, "/signin": 403,
		} {
			for _, method := range []string{"DELETE", "GET", "PUT"} {
				req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader("_method="+method))
				expect.NoError(t, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("X-HTTP-Method-Override", method)
				req.Header.Set("X-Method-Override", method)
				a, err := harness.Send(req)
				expect.NoError(t, err)
				expect.Equal(t, path+" overridden to "+method, a.Status, status)
			}
		}
	})
}

// TestCase99_ThePublicListenerSpeaksNoGRPC, and case 119: the public listener serves only the
// documented endpoints.
func TestCase99_ThePublicListenerSpeaksNoGRPC(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, path := range []string{
			"/usher.token.v1.IntrospectionService/IntrospectToken", "/usher.token.v1.OAuthService/IssueToken", "/metrics", "/debug/pprof/",
			"/readyz", "/admin", "/.env", "/.git/config", "/swagger", "/oauth%2Ftoken", "/oauth//token", "/OAUTH/token", "/oauth/token/..",
		} {
			for _, contentType := range []string{"application/grpc", "application/grpc-web", "application/json"} {
				req, err := http.NewRequest(http.MethodPost, d.PublicURL, strings.NewReader("{}"))
				expect.NoError(t, err)
				req.URL.Opaque = path
				req.Header.Set("Content-Type", contentType)
				a, err := harness.Send(req)
				expect.NoError(t, err)
				if a.Status != http.StatusNotFound || a.Header.Get("Grpc-Status") != "" || a.Header.Get("Location") != "" {
					t.Errorf("%s as %s: %d %s", path, contentType, a.Status, a.Raw)
				}
			}
		}
	})
}

// TestCase111_TooLongABodyEndsTheConnection, at the endpoints and on the pages.
func TestCase111_TooLongABodyEndsTheConnection(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, path := range []string{"/oauth/token", "/signin", "/consent/decision", "/account/connected-apps/disconnect"} {
			req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader("a="+strings.Repeat("x", 64<<10)))
			expect.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			a, err := harness.Send(req)
			expect.NoError(t, err)
			expect.Equal(t, "status of "+path, a.Status, http.StatusRequestEntityTooLarge)
			expect.Equal(t, "end of the connection of "+path, a.Closed, true)
		}
	})
}

// TestCase89_NULAndInvalidUTF8AreRefused, in the endpoint's own error shape and never with a 5xx
// status.
func TestCase89_NULAndInvalidUTF8AreRefused(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, field := range []string{"scope", "redirect_uri", "client_secret"} {
			a, err := d.JSON("/oauth/token", harness.RefreshRequest("vdo_ort_x", map[string]any{field: json.RawMessage("null")}))
			expect.NoError(t, err)
			if a.Status != http.StatusBadRequest || !strings.Contains(a.Message(), field) {
				t.Errorf("null for %s: %d %s", field, a.Status, a.Raw)
			}
		}
		for _, field := range []string{"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier"} {
			a, err := d.JSON("/oauth/token", harness.CodeRequest("x", map[string]any{field: "a\x00b"}))
			expect.NoError(t, err)
			if a.Status != http.StatusBadRequest || a.Code() != "invalid_request" || !strings.Contains(a.Message(), field) {
				t.Errorf("NUL in %s: %d %s", field, a.Status, a.Raw)
			}
		}
		b := expect.SignedIn(t, d, harness.JohnEmail)
		for _, path := range []string{
			"/oauth/authorize?client_id=%ff", "/oauth/authorize?client_id=\xff", "/consent?request=%ff", "/signin?request=%00",
			"/oauth/authorize?client_id=%00&redirect_uri=%00", "/account/connected-apps?disconnected=%ff",
		} {
			page, err := b.Get(path)
			if err == nil && page.Status >= http.StatusInternalServerError {
				t.Errorf("%q: status %d", path, page.Status)
			}
		}
	})
}
