package wellknown_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/vidocu/usher/gateway/internal/wellknown"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// metadata returns the document, as a request to another host gets it.
func metadata(t *testing.T) map[string]any {
	t.Helper()
	m := wellknown.Metadata{Issuer: "https://login.test", API: "https://api.test", Scopes: func() []catalog.Scope {
		return []catalog.Scope{{Name: "a:read"}, {Name: "b:write"}}
	}}
	r := httptest.NewRequest(http.MethodGet, "https://evil.test/.well-known/oauth-authorization-server", nil)
	r.Header.Set("X-Forwarded-Host", "evil.test")
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	var d map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%v, %v", err, w.Header())
	}
	return d
}

func TestTheDocumentComesFromTheConfigurationAndNeverFromTheRequest(t *testing.T) {
	d := metadata(t)
	for name, want := range map[string]string{
		"issuer": "https://login.test", "authorization_endpoint": "https://login.test/oauth/authorize",
		"token_endpoint": "https://api.test/oauth/token", "revocation_endpoint": "https://api.test/oauth/revoke",
		"introspection_endpoint": "https://api.test/oauth/introspect",
	} {
		if d[name] != want {
			t.Errorf("%s is %v, want %s", name, d[name], want)
		}
	}
	if scopes, _ := d["scopes_supported"].([]any); len(scopes) != 2 || scopes[0] != "a:read" {
		t.Errorf("scopes_supported is %v", d["scopes_supported"])
	}
	if methods, _ := d["introspection_endpoint_auth_methods_supported"].([]any); slices.Contains(methods, any("none")) || len(methods) != 3 {
		t.Errorf("introspection without a secret is offered: %v", methods)
	}
}

// TestN5_12_TheFlagIsServedOnlyWhereDocumentsAreAccepted: a client that reads it uses no other way.
func TestN5_12_TheFlagIsServedOnlyWhereDocumentsAreAccepted(t *testing.T) {
	for _, on := range []bool{true, false} {
		m := wellknown.Metadata{Issuer: "https://login.test", Scopes: func() []catalog.Scope { return nil }, ClientDocuments: on}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		var d map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if got, present := d["client_id_metadata_document_supported"]; present != on || on && got != true {
			t.Errorf("with documents %v the flag is %v", on, got)
		}
	}
}

// TestN6_7_MetadataHasTheAuthenticationMethodsAndTheirAlgorithms: RFC 8414 §2 requires the algorithms
// beside private_key_jwt, at each endpoint.
func TestN6_7_MetadataHasTheAuthenticationMethodsAndTheirAlgorithms(t *testing.T) {
	d := metadata(t)
	for _, endpoint := range []string{"token", "revocation", "introspection"} {
		methods, _ := d[endpoint+"_endpoint_auth_methods_supported"].([]any)
		if !slices.Contains(methods, any("private_key_jwt")) {
			t.Errorf("%s: the methods are %v", endpoint, methods)
		}
		algorithms, _ := d[endpoint+"_endpoint_auth_signing_alg_values_supported"].([]any)
		if want := []any{"ES256", "PS256", "RS256", "EdDSA"}; !slices.Equal(algorithms, want) {
			t.Errorf("%s: the algorithms are %v, want %v", endpoint, algorithms, want)
		}
	}
}
