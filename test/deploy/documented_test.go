package deploy_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pagePaths are the public paths that only browsers open, or that are no endpoints for clients.
func pagePaths() []string {
	return []string{
		"/", "/signin", "/signout", "/consent", "/consent/decision", "/account", "/account/connected-apps", "/account/connected-apps/disconnect",
		"/developers", "/developers/", "/workspaces", "/workspaces/", "/account/security", "/account/activity", "/account/devices", "/account/devices/end", "/account/devices/end-others", "/device", "/oauth/logout/decision",
		"/cookie-check", "/assets/x.css", "/logos/x.png", "/favicon.ico", "/docs", "/.well-known/change-password",
	}
}

// TestOpenAPI_EveryPublicPathIsDescribed, but for the pages. The catalog describes `/v1`.
func TestOpenAPI_EveryPublicPathIsDescribed(t *testing.T) {
	text, err := os.ReadFile("../../gateway/internal/openapi/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var description struct{ Paths map[string]any }
	if err := json.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../gateway/gateway.go")
	if err != nil {
		t.Fatal(err)
	}
	paths := append(publicPaths(t), regexp.MustCompile(`/oauth/[a-z_]+`).FindAllString(string(source), -1)...)
	for _, path := range paths {
		described := path == "/v1/" || slices.Contains(pagePaths(), path) || description.Paths[path] != nil
		for other := range description.Paths {
			described = described || strings.HasPrefix(other, path+"/") // a prefix
		}
		if !described {
			t.Errorf("%s is neither in openapi.json nor one of the pages that this test lists: give its RPC the option google.api.http, "+
				"or describe it in gateway/internal/apidoc/frame.yaml, and run `make generate`", path)
		}
	}
}
