package enforce_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
)

const (
	api     = "https://api.test/v1"
	mcp     = "https://mcp.test/mcp"
	apiMeta = "https://api.test/.well-known/oauth-protected-resource/v1"
	mcpMeta = "https://mcp.test/.well-known/oauth-protected-resource/mcp"
)

// twoResources are the rules of the API and of an MCP server.
func twoResources(t *testing.T) *enforce.Rules {
	t.Helper()
	r, err := enforce.Compile([]enforce.Endpoint{
		{Method: "GET", Path: "/v1/videos", Scope: "videos:read"},
		{Method: "POST", Path: "/mcp", Scope: "tools:read"},
		{Method: "POST", Path: "/mcp/admin", Scope: "tools:write"},
	}, []enforce.Plan{{Name: "pro", Endpoints: []string{"GET /v1/videos", "POST /mcp", "POST /mcp/admin"}}},
		enforce.Resource{ID: api, Metadata: apiMeta}, enforce.Resource{ID: mcp, Metadata: mcpMeta, Paths: []string{"/mcp"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRFC9728_5_1_AChallengeNamesTheMetadataOfItsResource(t *testing.T) {
	r := twoResources(t)
	for name, row := range map[string]struct {
		denial       *enforce.Denial
		method, path string
		want         string
	}{
		"none":             {enforce.Unauthenticated(false), "GET", "/v1/videos", `Bearer scope="videos:read", resource_metadata="` + apiMeta + `"`},
		"none, MCP":        {enforce.Unauthenticated(false), "POST", "/mcp", `Bearer scope="tools:read", resource_metadata="` + mcpMeta + `"`},
		"none, below MCP":  {enforce.Unauthenticated(false), "POST", "/mcp/admin", `Bearer scope="tools:write", resource_metadata="` + mcpMeta + `"`},
		"none, beside MCP": {enforce.Unauthenticated(false), "POST", "/mcpx", `Bearer resource_metadata="` + apiMeta + `"`},
		"no such path":     {enforce.Unauthenticated(false), "GET", "/v1/nothing", `Bearer resource_metadata="` + apiMeta + `"`},
		"not active": {
			enforce.Inactive("x"), "POST", "/mcp",
			`Bearer error="invalid_token", scope="tools:read", resource_metadata="` + mcpMeta + `", error_description="Invalid or expired access token"`,
		},
		"not a 401": {enforce.Unavailable(), "POST", "/mcp", ""},
	} {
		if got := r.Challenge(row.denial, row.method, row.path); got.Challenge != row.want {
			t.Errorf("%s: %s, want %s", name, got.Challenge, row.want)
		}
	}
	if d := (*enforce.Rules)(nil).Challenge(enforce.Unauthenticated(false), "GET", "/"); d.Challenge != "Bearer" {
		t.Errorf("without rules: %s", d.Challenge)
	}
}

// TestMCPFailure_12_AStepUpKeepsTheScopesThatTheTokenHas: a client that replaces its token by one
// with the scopes of the challenge would otherwise lose the others, and get the next challenge.
func TestMCPFailure_12_AStepUpKeepsTheScopesThatTheTokenHas(t *testing.T) {
	r := twoResources(t)
	s := enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"tools:read", "jobs:read"}, Plan: "pro", Audience: []string{mcp}}
	d := r.Decide(s, "POST", "/mcp/admin")
	if d == nil || d.Status != 403 {
		t.Fatalf("%v", d)
	}
	scope, _, _ := strings.Cut(strings.SplitN(d.Challenge, `scope="`, 2)[1], `"`)
	if scope != "tools:write tools:read jobs:read" || !strings.Contains(d.Challenge, `resource_metadata="`+mcpMeta+`"`) {
		t.Errorf("the challenge is %s", d.Challenge)
	}
	s.Scopes = strings.Fields(scope)
	for _, path := range []string{"/mcp", "/mcp/admin"} {
		if d := r.Decide(s, "POST", path); d != nil {
			t.Errorf("with the scopes of the challenge, %s: %v", path, d)
		}
	}
}

func TestRFC8707_2_ATokenOpensOnlyTheResourcesThatItWasIssuedFor(t *testing.T) {
	r := twoResources(t)
	for name, row := range map[string]struct {
		kind         enforce.Kind
		audience     []string
		method, path string
		status       int
	}{
		"the API's at the API":              {enforce.AccessToken, []string{api}, "GET", "/v1/videos", 0},
		"the API's at MCP":                  {enforce.AccessToken, []string{api}, "POST", "/mcp", 401},
		"MCP's at MCP":                      {enforce.AccessToken, []string{mcp}, "POST", "/mcp", 0},
		"MCP's at the API":                  {enforce.AccessToken, []string{mcp}, "GET", "/v1/videos", 401},
		"MCP's at no endpoint":              {enforce.AccessToken, []string{mcp}, "GET", "/v1/nothing", 401},
		"another spelling":                  {enforce.AccessToken, []string{mcp + "/"}, "POST", "/mcp", 401},
		"both":                              {enforce.AccessToken, []string{api, mcp}, "POST", "/mcp", 0},
		"without an audience, at the API":   {enforce.AccessToken, nil, "GET", "/v1/videos", 0},
		"without an audience, at MCP":       {enforce.AccessToken, nil, "POST", "/mcp", 401},
		"an API key, which has no audience": {enforce.APIKey, nil, "POST", "/mcp", 0},
	} {
		s := enforce.Subject{Kind: row.kind, Scopes: []string{"videos:read", "tools:read"}, Plan: "pro", Audience: row.audience}
		d := r.Decide(s, row.method, row.path)
		if statusOf(d) != row.status {
			t.Errorf("%s: %v, want %d", name, d, row.status)
		}
		if d != nil && (!d.OtherResource() || !strings.Contains(d.Challenge, `error="invalid_token"`)) {
			t.Errorf("%s: %s", name, d.Challenge)
		}
	}
	d := r.Decide(enforce.Subject{Kind: enforce.AccessToken, Audience: []string{mcp}}, "GET", "/v1/videos")
	if d.Message != "This token was issued for "+mcp || enforce.Inactive("x").OtherResource() {
		t.Errorf("the message is %s", d.Message)
	}
}

func TestAResourceWithoutACatalogChecksItsTokens(t *testing.T) {
	resource := enforce.Resource{ID: mcp, Metadata: mcpMeta}
	for name, row := range map[string]struct {
		subject enforce.Subject
		status  int
		want    string
	}{
		"allowed":       {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"x"}, Audience: []string{api, mcp}}, 0, ""},
		"no scope":      {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"y"}, Audience: []string{mcp}}, 403, `scope="x y"`},
		"the API's":     {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"x"}, Audience: []string{api}}, 401, "issued for " + api},
		"no audience":   {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"x"}}, 401, "issued for another resource"},
		"an API key":    {enforce.Subject{Kind: enforce.APIKey}, 0, ""},
		"a user token":  {enforce.Subject{Kind: enforce.UserToken}, 401, `error="invalid_token"`},
		"no kind":       {enforce.Subject{}, 401, `error="invalid_token"`},
		"only in scope": {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"x", mcp}}, 401, `error="invalid_token"`},
	} {
		d := resource.RequireScope(row.subject, "x")
		if statusOf(d) != row.status {
			t.Errorf("%s: %v, want %d", name, d, row.status)
		}
		if d != nil && (!strings.Contains(d.Challenge, row.want) || !strings.Contains(d.Challenge, `resource_metadata="`+mcpMeta+`"`)) {
			t.Errorf("%s: %s", name, d.Challenge)
		}
	}
}

func TestRFC6750_3_AChallengeIsOneQuotedStringForEachParameter(t *testing.T) {
	c := enforce.Challenge{
		Error: "invalid_token", Scopes: []string{`a"b`, "c\\"}, ResourceMetadata: "https://x.test/\r\nX: y", Description: "say \"ä\"\x7f",
	}
	const want = `Bearer error="invalid_token", scope="a'b c'", resource_metadata="https://x.test/''X: y", error_description="say ''''"`
	if got := c.String(); got != want {
		t.Errorf("the challenge is %s", got)
	}
}
