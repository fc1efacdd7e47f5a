package gateway_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/catalog"
)

const metadataRoot = "https://login.test/.well-known/oauth-protected-resource"

func withTwoResources(d *gateway.Deps) { d.Catalog = catalog.Fixed(twoResources()) }

// fetch sends a request without a cookie, from another origin.
func (p browser) fetch(method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Origin", "https://app.test")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func TestRFC9728_3_TheMetadataOfAResourceIsAtItsPath(t *testing.T) {
	p := newBrowser(t, withTwoResources)
	api := map[string]any{
		"resource": "https://login.test/v1", "authorization_servers": []any{"https://login.test"}, "scopes_supported": []any{"videos:read"},
		"bearer_methods_supported": []any{"header"}, "dpop_signing_alg_values_supported": []any{"ES256", "EdDSA", "PS256", "RS256"}, "resource_name": "Video API", "resource_documentation": "https://docs.test/api",
	}
	mcp := map[string]any{
		"resource": "https://mcp.test/mcp", "authorization_servers": []any{"https://login.test"}, "scopes_supported": []any{"tools:read"},
		"bearer_methods_supported": []any{"header"}, "dpop_signing_alg_values_supported": []any{"ES256", "EdDSA", "PS256", "RS256"}, "resource_name": "MCP",
	}
	// Only a resource server that checks proofs may name their algorithms.
	bearer := map[string]any{
		"resource": "https://other.test/bearer", "authorization_servers": []any{"https://login.test"}, "scopes_supported": []any{"tools:read"},
		"bearer_methods_supported": []any{"header"}, "resource_name": "Bearer",
	}
	proven := maps.Clone(bearer)
	maps.Copy(proven, map[string]any{"resource": "https://other.test/dpop", "resource_name": "DPoP", "dpop_signing_alg_values_supported": mcp["dpop_signing_alg_values_supported"]})
	for target, want := range map[string]map[string]any{
		metadataRoot: api, metadataRoot + "/v1": api, metadataRoot + "/mcp.test/mcp": mcp,
		metadataRoot + "/other.test/bearer": bearer, metadataRoot + "/other.test/dpop": proven,
	} {
		w := p.fetch("GET", target, "X-Forwarded-Host", "evil.test")
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
		h := w.Header()
		if h.Get("Content-Type") != "application/json" || !strings.Contains(h.Get("Cache-Control"), "max-age=300") || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: the headers are %v", target, h)
		}
	}
	if w := p.fetch("GET", "https://evil.test/.well-known/oauth-protected-resource/v1"); strings.Contains(w.Body.String(), "evil") {
		t.Errorf("the document comes from the Host header: %s", w.Body)
	}
}

// TestMCPFailure_2_TheIssuerIsOneString: clients compare the issuer of the two documents byte for
// byte.
func TestMCPFailure_2_TheIssuerIsOneString(t *testing.T) {
	p := newBrowser(t, withTwoResources)
	var server struct{ Issuer string }
	var resource struct {
		Servers []string `json:"authorization_servers"`
	}
	for target, document := range map[string]any{"https://login.test/.well-known/oauth-authorization-server": &server, metadataRoot + "/v1": &resource} {
		if err := json.Unmarshal(p.fetch("GET", target).Body.Bytes(), document); err != nil {
			t.Fatal(err)
		}
	}
	if server.Issuer != "https://login.test" || len(resource.Servers) != 1 || resource.Servers[0] != server.Issuer {
		t.Errorf("the issuer is %q in one document and %q in the other", server.Issuer, resource.Servers)
	}
}

// TestMCPFailure_6_PreflightsOfMCPClientsSucceed: with the header that they add, and from any origin.
func TestMCPFailure_6_PreflightsOfMCPClientsSucceed(t *testing.T) {
	p := newBrowser(t, withTwoResources)
	for _, target := range []string{
		metadataRoot, metadataRoot + "/v1", metadataRoot + "/mcp.test/mcp", metadataRoot + "/nothing",
		"https://login.test/.well-known/oauth-authorization-server", "https://login.test/.well-known/oauth-authorization-server/v1",
		"https://login.test/.well-known/openid-configuration", "https://login.test/oauth/token", "https://login.test/oauth/revoke",
		"https://login.test/oauth/register", "https://login.test/register", "https://login.test/v1/videos",
	} {
		w := p.fetch("OPTIONS", target, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization, content-type, mcp-protocol-version")
		h := w.Header()
		allowed := strings.ToLower(h.Get("Access-Control-Allow-Headers"))
		if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", target, w.Code, h)
		}
		for _, name := range []string{"authorization", "content-type", "mcp-protocol-version"} {
			if !strings.Contains(allowed, name) {
				t.Errorf("%s allows %q", target, allowed)
			}
		}
	}
	w := p.fetch("GET", "https://login.test/v1/videos")
	if exposed := w.Header().Get("Access-Control-Expose-Headers"); w.Code != 401 || !strings.Contains(strings.ToLower(exposed), "www-authenticate") {
		t.Errorf("%d, and a script may read %q", w.Code, exposed)
	}
}

// TestMCPFailure_11_APathIsInsertedAfterTheWellKnownName: clients look there first. A document of
// another issuer or resource than the path names would be refused, so there is none.
func TestMCPFailure_11_APathIsInsertedAfterTheWellKnownName(t *testing.T) {
	p := newBrowser(t, withTwoResources)
	for target, status := range map[string]int{
		metadataRoot + "/v1":        200,
		metadataRoot + "/v1/":       404,
		metadataRoot + "/v1/videos": 404,
		metadataRoot + "/mcp":       404,
		metadataRoot + "//v1":       404,
		metadataRoot + "/%761":      404,
		metadataRoot + "/":          404,
		"https://login.test/v1/.well-known/oauth-protected-resource":        401,
		"https://login.test/.well-known/oauth-authorization-server":         200,
		"https://login.test/.well-known/oauth-authorization-server/v1":      404,
		"https://login.test/.well-known/openid-configuration/v1":            404,
		"https://login.test/.well-known/oauth-protected-resource.test/mcp/": 404,
	} {
		w := p.fetch("GET", target, "Accept", "application/json")
		if w.Code != status || !json.Valid(w.Body.Bytes()) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s, want %d", target, w.Code, w.Body, status)
		}
	}
	for _, method := range []string{"POST", "DELETE"} {
		if w := p.fetch(method, metadataRoot+"/v1"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, OPTIONS" ||
			!strings.Contains(w.Body.String(), "does not support that method: use GET") {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := p.fetch("HEAD", metadataRoot+"/v1"); w.Code != 200 || w.Body.Len() > 0 {
		t.Errorf("HEAD: %d %s", w.Code, w.Body)
	}
	third, err := catalog.Parse([]byte(`
scopes: [{name: a, description: A}]
endpoints: [{endpoint: GET /v1/a, scope: a}]
plans: [{name: pro, endpoints: all}]
resources: [{id: /tools, name: Tools, scopes_minimum: [a]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	several := newBrowser(t, func(d *gateway.Deps) { d.Catalog = catalog.Fixed(third.At("https://login.test")) })
	if w := several.fetch("GET", metadataRoot); w.Code != 404 {
		t.Errorf("with two resources at the origin, the root responds %d %s", w.Code, w.Body)
	}
}
