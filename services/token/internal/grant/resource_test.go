package grant_test

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/token/internal/grant"
)

const (
	apiResource  = "https://api.test/v1"
	mcpResource  = "https://mcp.test/mcp"
	toolResource = "https://tools.test"
)

// resourceCatalog is a catalog in which jobs:read is of the MCP server alone, and analyze:write of the API.
func resourceCatalog() *catalog.Catalog {
	c, err := catalog.Parse([]byte(`
scopes:
  - {name: "videos:read", description: View}
  - {name: "analyze:write", description: Analyze}
  - {name: "jobs:read", description: Jobs}
  - {name: "usage:read", description: Usage}
endpoints:
  - {endpoint: GET /v1/videos, scope: "videos:read"}
  - {endpoint: POST /v1/analyze, scope: "analyze:write"}
plans: [{name: pro, endpoints: all}]
resources:
  - {id: https://mcp.test/mcp, name: MCP, scopes: ["jobs:read"], scopes_minimum: ["videos:read"]}
  - {id: https://tools.test, name: Tools, scopes_minimum: ["usage:read"]}
`))
	if err != nil {
		panic(err) // the text above is valid
	}
	return c.At("https://api.test").WithOpenID()
}

func forResource(values ...string) func(*grant.Request) {
	return func(r *grant.Request) { r.Resource = values }
}

// approvedFor is a bench whose code was approved for resources.
func approvedFor(retryWindow time.Duration, resources ...string) bench {
	b := newBench(retryWindow)
	code := johnsCode()
	code.Resources = resources
	b.codes.Held[theCode] = code
	return b
}

func TestRFC8707_2_2_ACodeIsForItsResourcesOrFewer(t *testing.T) {
	for name, row := range map[string]struct {
		granted, asked []string
		want           string
		refused        cause.Cause
	}{
		"the default, none asked":         {nil, nil, "", ""},
		"the default, asked":              {nil, []string{apiResource + "/"}, "", ""},
		"another, none asked":             {[]string{mcpResource}, nil, "", ""},
		"another, asked":                  {[]string{mcpResource}, []string{"HTTPS://mcp.test:443/mcp"}, "", ""},
		"both, one asked":                 {[]string{apiResource, mcpResource}, []string{mcpResource}, mcpResource, ""},
		"both, both asked":                {[]string{apiResource, mcpResource}, []string{mcpResource, apiResource}, "", ""},
		"the default, another asked":      {nil, []string{mcpResource}, "", cause.ResourceNotGranted},
		"another, the default asked":      {[]string{mcpResource}, []string{apiResource}, "", cause.ResourceNotGranted},
		"another, one of two not granted": {[]string{mcpResource}, []string{mcpResource, apiResource}, "", cause.ResourceNotGranted},
		"malformed":                       {nil, []string{apiResource + "#x"}, "", cause.ResourceMalformed},
	} {
		b := approvedFor(0, row.granted...)
		if row.refused != "" {
			b.refused(t, redemption(forResource(row.asked...)), grant.ErrInvalidTarget, "Authenticate", "Resolve")
			b.refusedBecause(t, redemption(forResource(row.asked...)), row.refused)
			b.mustIssue(t, redemption()) // nothing was consumed
			continue
		}
		if pair := b.mustIssue(t, redemption(forResource(row.asked...))); pair.Resources.String() != row.want || b.store.Redemption.Resources.String() != row.want {
			t.Errorf("%s: issued for %q, stored %q, want %q", name, pair.Resources, b.store.Redemption.Resources, row.want)
		}
	}
}

func TestRFC8707_2_2_ARefreshNarrowsTheResourcesAndTheFamilyKeepsThem(t *testing.T) {
	b := approvedFor(0, apiResource, mcpResource)
	first := b.mustIssue(t, redemption())
	second := b.mustIssue(t, refreshing(first.Refresh, forResource(mcpResource)))
	if got := b.store.Rotation.Resources.String(); got != mcpResource {
		t.Errorf("narrowed to %q", got)
	}
	third := b.mustIssue(t, refreshing(second.Refresh, forResource(apiResource)))
	if got := b.store.Rotation.Resources.String(); got != apiResource {
		t.Errorf("after narrowing to one, the other is %q", got)
	}
	b.refused(t, refreshing(third.Refresh, forResource("https://other.test")), grant.ErrInvalidTarget, "Authenticate", "Granted")
	b.refusedBecause(t, refreshing(third.Refresh, forResource("https://other.test")), cause.ResourceNotGranted)
	b.mustIssue(t, refreshing(third.Refresh))
	if got := b.store.Rotation.Resources; got != nil {
		t.Errorf("without the parameter the token is for %q", got)
	}
}

func TestRFC8707_2_2_ARetryAsksForTheSameResources(t *testing.T) {
	for _, row := range []struct{ first, retry, refused []string }{
		{nil, nil, []string{mcpResource}},
		{[]string{mcpResource}, []string{mcpResource + "/"}, []string{apiResource}},
		{[]string{mcpResource, apiResource}, []string{apiResource, mcpResource}, []string{mcpResource}},
	} {
		b := approvedFor(time.Minute, apiResource, mcpResource)
		pair := b.mustIssue(t, redemption())
		next := b.mustIssue(t, refreshing(pair.Refresh, forResource(row.first...)))
		for _, again := range [][]string{row.retry, nil} {
			if got := b.mustIssue(t, refreshing(pair.Refresh, forResource(again...))); !got.Access.Equal(next.Access) || got.Resources.String() != next.Resources.String() {
				t.Errorf("%q again as %q: another pair", row.first, again)
			}
		}
		b.refusedBecause(t, refreshing(pair.Refresh, forResource(row.refused...)), cause.ResourceOtherAtRetry)
	}
}

// TestRFC8707_2_2_ATokenForAResourceHasNoScopeOfAnother: a code and a refresh leave out such names of the grant,
// which keeps them. The scopes of OpenID Connect belong to every resource.
func TestRFC8707_2_2_ATokenForAResourceHasNoScopeOfAnother(t *testing.T) {
	const all = "openid videos:read analyze:write jobs:read"
	for name, row := range map[string]struct {
		asked []string
		want  string
	}{
		"none":           {nil, all},
		"all":            {[]string{toolResource, mcpResource, apiResource}, all},
		"the API":        {[]string{apiResource}, "openid videos:read analyze:write"},
		"the MCP server": {[]string{mcpResource}, "openid videos:read jobs:read"},
		"both":           {[]string{mcpResource, apiResource}, all},
		"the tools":      {[]string{toolResource}, "openid"},
	} {
		b := approvedFor(time.Minute, apiResource, mcpResource, toolResource)
		code := b.codes.Held[theCode]
		code.Scope = oauth.Scope{"openid", "videos:read", "analyze:write", "jobs:read"}
		b.codes.Held[theCode] = code
		stored := row.want
		if row.want == all {
			stored = ""
		}
		first := b.mustIssue(t, redemption(forResource(row.asked...)))
		if first.Scope != row.want || b.store.Redemption.Scope != stored || b.store.Redemption.Code.Scope.String() != all {
			t.Errorf("%s: the code has %q, stored %q, want %q", name, first.Scope, b.store.Redemption.Scope, row.want)
		}
		next := b.mustIssue(t, refreshing(first.Refresh, forResource(row.asked...)))
		if next.Scope != row.want || b.store.Rotation.Scope != stored {
			t.Errorf("%s: the refresh has %q, stored %q, want %q", name, next.Scope, b.store.Rotation.Scope, row.want)
		}
		if again := b.mustIssue(t, refreshing(first.Refresh, forResource(row.asked...))); again.Scope != row.want || !again.Access.Equal(next.Access) {
			t.Errorf("%s: the retry has %q, want the same token with %q", name, again.Scope, row.want)
		}
		if last := b.mustIssue(t, refreshing(next.Refresh)); last.Scope != all {
			t.Errorf("%s: without the parameter a refresh has %q, want all that was granted", name, last.Scope)
		}
	}
}

// TestRFC8707_2_2_AScopeOfAnotherResourceIsInvalid where it is asked for, and where nothing else was granted.
func TestRFC8707_2_2_AScopeOfAnotherResourceIsInvalid(t *testing.T) {
	for scope, resource := range map[string]string{
		"jobs:read": apiResource, "videos:read jobs:read": apiResource, "analyze:write": mcpResource, "openid analyze:write": mcpResource,
	} {
		b := approvedFor(0, apiResource, mcpResource)
		first := b.mustIssue(t, redemption())
		b.refused(t, refreshing(first.Refresh, forResource(resource), withScope(scope)), grant.ErrInvalidScope, "Authenticate", "Granted")
		b.refusedBecause(t, refreshing(first.Refresh, forResource(resource), withScope(scope)), cause.ScopeUnknown)
		b.mustIssue(t, refreshing(first.Refresh, forResource(apiResource, mcpResource), withScope(scope))) // nothing was consumed
	}
	b := approvedFor(0, apiResource, toolResource)
	b.refused(t, redemption(forResource(toolResource)), grant.ErrInvalidScope, "Authenticate", "Resolve")
	b.refusedBecause(t, redemption(forResource(toolResource)), cause.ScopeNotGranted)
	first := b.mustIssue(t, redemption()) // nothing was consumed
	b.refusedBecause(t, refreshing(first.Refresh, forResource(toolResource)), cause.ScopeNotGranted)
	if got := b.mustIssue(t, refreshing(first.Refresh, forResource(apiResource), withScope("videos:read"))); got.Scope != "videos:read" {
		t.Errorf("a scope of the resource is %q", got.Scope)
	}
}
