package flow_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// The resources besides the default one, https://api.test/v1.
const (
	mcpServer  = "https://mcp.test/mcp"
	toolServer = "https://tools.test"
)

// resources is a catalog in which the tool server has one of the two scopes of the clients.
func resources() *catalog.Catalog {
	c, err := catalog.Parse([]byte(`
scopes: [{name: "videos:read", description: View}, {name: "analyze:write", description: Analyze}]
endpoints: [{endpoint: GET /v1/videos, scope: "videos:read"}, {endpoint: POST /v1/analyze, scope: "analyze:write"}]
plans: [{name: pro, endpoints: all}]
resources:
  - {id: https://mcp.test/mcp, name: MCP, scopes: ["analyze:write"], scopes_minimum: ["videos:read"]}
  - {id: https://tools.test, name: Tools, scopes_minimum: ["analyze:write"]}
`))
	if err != nil {
		panic(err) // the text above is valid
	}
	return c.At("https://api.test")
}

func TestRFC8707_2_CheckResource(t *testing.T) {
	mcp, tools := "resource="+url.QueryEscape(mcpServer), "resource="+url.QueryEscape(toolServer)
	wantRefusals(t, []row{
		{"unknown", query("resource", "https://other.test/mcp"), "invalid_target"},
		{"unknown beside a known one", also(query(), mcp, "resource=https%3A%2F%2Fother.test"), "invalid_target"},
		{"a fragment", query("resource", mcpServer+"#x"), "invalid_target"},
		{"relative", query("resource", "/v1"), "invalid_target"},
		{"nine", also(query(), strings.Split(strings.Repeat(mcp+" ", 9), " ")[:9]...), "invalid_target"},
		{"another spelling of the path", query("resource", strings.ToUpper(mcpServer)), "invalid_target"},
		{"a scope of another resource", also(query("scope", "videos:read"), tools), "invalid_scope"},
		{"a scope of another resource beside one of this", also(query("scope", "analyze:write videos:read"), tools), "invalid_scope"},
		{"an unknown scope and an unknown resource", query("scope", "bogus", "resource", "x"), "invalid_scope"},
	})
	accepts(t, query("resource", mcpServer, "scope", "videos:read"), also(query(), mcp, tools), also(query(), "resource="),
		also(query("scope", "analyze:write"), tools))
}

func TestRFC8707_2_TheCodeCarriesTheResources(t *testing.T) {
	for name, row := range map[string]struct{ query, want string }{
		"none":                  {query(), ""},
		"empty":                 {also(query(), "resource="), ""},
		"the default":           {query("resource", "https://api.test/v1"), ""},
		"the default, a slash":  {query("resource", "https://API.test:443/v1/"), ""},
		"another":               {query("resource", mcpServer+"/"), mcpServer},
		"several, in the order": {also(query("resource", toolServer), "resource=https%3A%2F%2Fapi.test%2Fv1", "resource="+url.QueryEscape(mcpServer)), toolServer + " https://api.test/v1 " + mcpServer},
	} {
		b := newBench(t)
		id := b.bound(t, row.query)
		done, err := b.Complete(t.Context(), b.approve(id))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		code := parseResponse(t, done.Location, authztest.Callback).Get("code")
		got, err := b.Codes.Resolve(t.Context(), secret.New(code))
		if err != nil || got.Resources.String() != row.want {
			t.Errorf("%s: the code is for %q, %v, want %q", name, got.Resources, err, row.want)
		}
	}
}

func TestFault_D3_ARefusedResourceHasItsCause(t *testing.T) {
	b := newBench(t)
	for q, want := range map[string]cause.Cause{
		query("resource", "x"):                   cause.ResourceMalformed,
		query("resource", "https://other.test/"): cause.ResourceUnknown,
	} {
		if step := b.start(t, q, b.signedIn()); step.Refusal.Cause != want {
			t.Errorf("refused because of %s, want %s", step.Refusal.Cause, want)
		}
	}
}
