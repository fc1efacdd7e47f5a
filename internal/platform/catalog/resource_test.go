package catalog_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// three declares the API, an MCP server with a scope of its own, and one at the API's address.
const three = `scopes:
  - {name: "a:read", description: Read a}
  - {name: "a:write", description: Write a}
  - {name: "mcp:use", description: Use MCP}
endpoints:
  - {endpoint: GET /v1/a, scope: "a:read"}
  - {endpoint: POST /mcp/a, scope: "a:write"}
plans:
  - {name: free, endpoints: all}
resources:
  - id: https://mcp.test/mcp
    name: MCP
    paths: [/mcp]
    scopes: ["mcp:use"]
    scopes_minimum: ["mcp:use"]
    docs: https://mcp.test/docs
    servers: [vdo_client_mcp, video-mcp]
  - {id: /v1, name: Video API, scopes_minimum: ["a:read"], servers: [video-mcp]}
  - {id: /tools, name: Tools, scopes_minimum: ["a:read"]}
`

func TestRFC9728_2_TheCatalogNamesResources(t *testing.T) {
	c, err := load(t, three)
	if err != nil {
		t.Fatal(err)
	}
	const metadata = "https://api.test/.well-known/oauth-protected-resource"
	want := []catalog.Resource{
		{ID: "https://api.test/v1", Name: "Video API", Scopes: []string{"a:read"}, Minimum: []string{"a:read"}, Servers: []string{"video-mcp"}, DPoP: true, Metadata: metadata + "/v1"},
		{
			ID: "https://mcp.test/mcp", Name: "MCP", Paths: []string{"/mcp"}, Scopes: []string{"a:write", "mcp:use"}, Minimum: []string{"mcp:use"},
			Documentation: "https://mcp.test/docs", Servers: []string{"vdo_client_mcp", "video-mcp"}, DPoP: true, Metadata: metadata + "/mcp.test/mcp",
		},
		{ID: "https://api.test/tools", Name: "Tools", Scopes: []string{"a:read"}, Minimum: []string{"a:read"}, Metadata: metadata + "/tools"},
	}
	at := c.At("https://api.test")
	if diff := cmp.Diff(want, at.Resources(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if at.Digest() != c.Digest() {
		t.Error("the digest depends on the address of the API")
	}
	for server, want := range map[string]string{
		"video-mcp": "https://api.test/v1 https://mcp.test/mcp", "vdo_client_mcp": "https://mcp.test/mcp", "other": "https://api.test/v1", "": "https://api.test/v1",
	} {
		if got := at.ResourcesOf(server).String(); got != want {
			t.Errorf("%q serves %s, want %s", server, got, want)
		}
	}
	for _, row := range []struct {
		scope, ids string
		want       bool
	}{
		{"a:read", "", true},
		{"mcp:use", "", false},
		{"a:write", "", false},
		{"mcp:use", "https://mcp.test/mcp", true},
		{"a:read", "https://mcp.test/mcp", false},
		{"a:read", "https://mcp.test/mcp https://api.test/v1", true},
		{"x", "", false},
	} {
		if got := at.Belongs(row.scope, oauth.ParseResources(row.ids)); got != row.want {
			t.Errorf("%s belongs to %q: %t", row.scope, row.ids, got)
		}
	}
}

func TestACatalogWithoutResourcesHasTheDefaultOne(t *testing.T) {
	want := catalog.Resource{
		ID: "https://api.test/v1", Minimum: []string{"videos:read"}, Scopes: catalog.Default().Names(),
		DPoP: true, Metadata: "https://api.test/.well-known/oauth-protected-resource/v1",
	}
	if diff := cmp.Diff([]catalog.Resource{want}, catalog.Default().At("https://api.test").Resources()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestAMistakeInAResourceIsNamedWithItsLine(t *testing.T) {
	const good = "  - {id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"]}\n"
	if _, err := load(t, small+"resources:\n"+good); err != nil {
		t.Fatal(err)
	}
	line := strings.Count(small, "\n") + 2
	for row, words := range map[string]string{
		"{id: https://X.test/y, name: X, scopes_minimum: [\"a:read\"]}":                                                                    "id",
		"{id: https://x.test:443/y, name: X, scopes_minimum: [\"a:read\"]}":                                                                "id",
		"{id: \"https://x.test/y#z\", name: X, scopes_minimum: [\"a:read\"]}":                                                              "id",
		"{id: http://x.test/y, name: X, scopes_minimum: [\"a:read\"]}":                                                                     "id",
		"{id: v1, name: X, scopes_minimum: [\"a:read\"]}":                                                                                  "id",
		"{id: /v1/, name: X, scopes_minimum: [\"a:read\"]}":                                                                                "id",
		"{id: \"https://u@x.test\", name: X, scopes_minimum: [\"a:read\"]}":                                                                "id",
		"{id: /v1, name: X, scopes_minimum: [\"a:read\"], paths: [/v1]}":                                                                   "no paths",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:rea\"]}":                                                                     "scope a:rea does not exist",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], scopes: [b]}":                                                       "scope b does not exist",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], paths: [y]}":                                                        "path y",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], paths: [/y, /y]}":                                                   "appears twice",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], docs: \"javascript:alert\"}":                                        "docs",
		"{id: https://x.test/y, name: \"X\\nY\", scopes_minimum: [\"a:read\"]}":                                                            "one line",
		"{id: https://x.test/y, name: X}":                                                                                                  `"scopes_minimum" is missing`,
		"{id: https://x.test/y, name: X, scopes_minimum: []}":                                                                              "at least one",
		"{id: https://x.test/y, name: X, scopes_minimum: [1]}":                                                                             "expected a string",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], audience: x}":                                                       "unknown key",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], dpop: \"true\"}":                                                    "dpop",
		"{id: [], name: X, scopes_minimum: [\"a:read\"]}":                                                                                  "expected a string",
		"{id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"]}\n  - {id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"]}": "appears twice",
	} {
		_, err := load(t, small+"resources:\n  - "+row+"\n")
		at := line + strings.Count(row, "\n")
		if !errors.Is(err, catalog.ErrInvalid) || !strings.Contains(err.Error(), "line "+strconv.Itoa(at)+": ") || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want line %d and %q", row, err, at, words)
		}
	}
}

// TestRFC9728_2_OnlyAResourceThatChecksProofsHasDPoP: the gateway does for its own resources, and only the
// file can say it of a resource server that is not the gateway's.
func TestRFC9728_2_OnlyAResourceThatChecksProofsHasDPoP(t *testing.T) {
	const more = "  - {id: https://x.test/y, name: X, scopes_minimum: [\"a:read\"], dpop: %s}\n"
	for dpop, want := range map[string][]bool{"true": {true, true, false, true}, "false": {true, true, false, false}} {
		c, err := load(t, three+strings.Replace(more, "%s", dpop, 1))
		if err != nil {
			t.Fatal(err)
		}
		var got []bool
		for _, r := range c.At("https://api.test").Resources() {
			got = append(got, r.DPoP)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("dpop: %s (-want +got):\n%s", dpop, diff)
		}
	}
	silent, err := load(t, three+strings.Replace(more, ", dpop: %s", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	if said, err := load(t, three+strings.Replace(more, "%s", "false", 1)); err != nil || said.Digest() != silent.Digest() {
		t.Errorf("dpop: false is not what a file says without it: %v", err)
	}
}
