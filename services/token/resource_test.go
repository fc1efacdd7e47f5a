package token_test

import (
	"slices"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/services/token"
)

const (
	apiResource = "https://api.vidocu.ai/v1"
	mcpResource = "https://mcp.vidocu.ai/mcp"
)

// newResourceBench has an API and an MCP server, which introspects as mcp-server over HTTP and as
// video-mcp over gRPC.
func newResourceBench(t *testing.T) bench {
	t.Helper()
	declared, err := catalog.Parse([]byte(`
scopes: [{name: "videos:read", description: View}, {name: "analyze:write", description: Analyze}]
endpoints: [{endpoint: GET /v1/videos, scope: "videos:read"}, {endpoint: POST /mcp, scope: "videos:read"}]
plans: [{name: pro, endpoints: all}]
resources:
  - {id: https://mcp.vidocu.ai/mcp, name: MCP, paths: [/mcp], scopes_minimum: ["videos:read"], servers: [mcp-server, video-mcp]}
`))
	if err != nil {
		t.Fatal(err)
	}
	db := database(t)
	return newReplicaWith(t, token.DefaultConfig(), db, declared)
}

func (b bench) mustRefreshFor(t *testing.T, refresh string, resources ...string) *tokenv1.IssueTokenResponse {
	t.Helper()
	pair, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{
		GrantType: "refresh_token", RefreshToken: refresh, ClientId: "app", ClientSecret: "secret", Resource: resources,
	})
	if err != nil {
		t.Fatalf("refreshing for %q: %v", resources, err)
	}
	return pair
}

// sees returns the audience that each way of introspection discloses to a caller; "inactive" where
// the token is not active for it.
func (b bench) sees(t *testing.T, caller, access string) map[string]string {
	t.Helper()
	conn := b.dial(t, caller, "token")
	introspection := tokenv1.NewIntrospectionServiceClient(conn)
	seen := map[string]string{}
	record := func(how string, active bool, aud []string) {
		if seen[how] = strings.Join(aud, " "); !active {
			seen[how] = strings.TrimSpace("inactive " + seen[how])
		}
	}
	for _, from := range []string{"the store", "the cache"} {
		one, err := introspection.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: access})
		if err != nil {
			t.Fatal(err)
		}
		record("one, from "+from, one.GetActive(), one.GetAud())
		batch, err := introspection.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: []string{access}})
		if err != nil {
			t.Fatal(err)
		}
		first := batch.GetAnswers()[0]
		aud := first.GetAud()
		if first.GetActive() && len(aud) == 0 {
			aud = batch.GetAud()
		}
		record("batch, from "+from, first.GetActive(), aud)
	}
	return seen
}

// TestMCPFailure_4_AResourceServerSeesTokensForItsResourcesOnly: over gRPC, over HTTP, and in a
// decision (RFC 8707 §3).
func TestMCPFailure_4_AResourceServerSeesTokensForItsResourcesOnly(t *testing.T) {
	b := newResourceBench(t)
	old, mcp := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2@"+mcpResource)
	both := b.mustRedeem(t, "code-3@"+mcpResource+" "+apiResource)
	narrowed := b.mustRefreshFor(t, b.mustRedeem(t, "code-4@"+apiResource+" "+mcpResource).GetRefreshToken(), mcpResource+"/")
	for name, row := range map[string]struct {
		access, aud      string
		api, mcp, client bool
	}{
		"default":  {old.GetAccessToken(), apiResource, true, false, true},
		"mcp":      {mcp.GetAccessToken(), mcpResource, false, true, true},
		"both":     {both.GetAccessToken(), mcpResource + " " + apiResource, true, true, true},
		"narrowed": {narrowed.GetAccessToken(), mcpResource, false, true, true},
	} {
		for caller, visible := range map[string]bool{"videos": row.api, "video-mcp": row.mcp, "gateway": true} {
			want := row.aud
			if !visible {
				want = "inactive"
			}
			for how, got := range b.sees(t, caller, row.access) {
				if got != want {
					t.Errorf("%s, %s as %s: %q, want %q", name, how, caller, got, want)
				}
			}
		}
		for client, visible := range map[string]bool{"server": row.api, "mcp-server": row.mcp, "app": row.client} {
			res, err := b.oauth.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{
				Token: row.access, ClientId: client, ClientSecret: "secret",
			})
			if err != nil || res.GetActive() != visible || visible && strings.Join(res.GetAud(), " ") != row.aud || !visible && res.GetClientId() != "" {
				t.Errorf("%s, over HTTP as %s: %v, %v", name, client, res, err)
			}
		}
		b.wantDecisions(t, name, row.access, map[string]bool{"/v1/videos": row.api, "/mcp": row.mcp})
	}
}

// TestRFC7662_2_2_ARefreshTokenNamesItsResources: also one that is stored without any, which is for the
// default resource.
func TestRFC7662_2_2_ARefreshTokenNamesItsResources(t *testing.T) {
	b := newResourceBench(t)
	for code, aud := range map[string]string{"code-1": apiResource, "code-2@" + mcpResource: mcpResource} {
		res, err := b.oauth.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{
			Token: b.mustRedeem(t, code).GetRefreshToken(), ClientId: "app", ClientSecret: "secret",
		})
		if got := strings.Join(res.GetAud(), " "); err != nil || !res.GetActive() || got != aud {
			t.Errorf("%s: aud is %q, %v; want %q", code, got, err, aud)
		}
	}
}

// TestRFC8707_3_AServerThatAsksFirstSeesNoTokenForOthers: before the cache has the token, and after. An API key
// is for the default resource.
func TestRFC8707_3_AServerThatAsksFirstSeesNoTokenForOthers(t *testing.T) {
	b := newResourceBench(t)
	for name, row := range map[string]struct{ token, aud, server, other string }{
		"a key":        {b.mustKey(t, "ws_acme").GetKey(), apiResource, "videos", "video-mcp"},
		"of the API":   {b.mustRedeem(t, "code-1").GetAccessToken(), apiResource, "videos", "video-mcp"},
		"of the other": {b.mustRedeem(t, "code-2@"+mcpResource).GetAccessToken(), mcpResource, "video-mcp", "videos"},
	} {
		for _, caller := range []string{row.other, row.server, "gateway", row.other} {
			want := row.aud
			if caller == row.other {
				want = "inactive"
			}
			for how, got := range b.sees(t, caller, row.token) {
				if got != want {
					t.Errorf("%s, %s as %s: %q, want %q", name, how, caller, got, want)
				}
			}
		}
	}
}

// wantDecisions checks the decisions of CheckAccess and for Envoy.
func (b bench) wantDecisions(t *testing.T, name, access string, paths map[string]bool) {
	t.Helper()
	for path, allowed := range paths {
		method := map[string]string{"/v1/videos": "GET", "/mcp": "POST"}[path]
		for caller, serves := range map[string]string{"videos": "/v1/videos", "video-mcp": "/mcp", "gateway": path} {
			conn := b.dial(t, caller, "token")
			res, err := tokenv1.NewAccessServiceClient(conn).CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: access, Method: method, Path: path})
			if want := allowed && (serves == path || paths[serves]); err != nil || (res.GetAllowed() != nil) != want {
				t.Errorf("%s: CheckAccess of %s as %s: %v, %v, want %t", name, path, caller, res, err, want)
			}
			if denied := res.GetDenied(); denied != nil && (denied.GetStatus() != 401 || !strings.Contains(denied.GetChallenge(), "resource_metadata=")) {
				t.Errorf("%s: CheckAccess of %s as %s: %v", name, path, caller, denied)
			}
		}
		envoy := authv3.NewAuthorizationClient(b.dial(t, "video-mcp", "token"))
		res, err := envoy.Check(t.Context(), &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
			Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
				Method: method, Path: path, Headers: map[string]string{"authorization": "Bearer " + access},
			}},
		}})
		if want := allowed && paths["/mcp"]; err != nil || (res.GetOkResponse() != nil) != want {
			t.Errorf("%s: Envoy at %s: %v, %v, want %t", name, path, res, err, want)
		}
	}
}

func TestRFC8707_2_2_ARefusedResourceConsumesNothing(t *testing.T) {
	b := newResourceBench(t)
	_, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{
		GrantType: "authorization_code", Code: "code-1@" + mcpResource, RedirectUri: callback, CodeVerifier: verifier,
		ClientId: "app", ClientSecret: "secret", Resource: []string{apiResource},
	})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_TARGET)
	pair := b.mustRedeem(t, "code-1@"+mcpResource)
	for _, resources := range [][]string{{apiResource}, {mcpResource, apiResource}, {"https://other.test"}, {"/mcp"}, slices.Repeat([]string{mcpResource}, 9)} {
		_, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{
			GrantType: "refresh_token", RefreshToken: pair.GetRefreshToken(), ClientId: "app", ClientSecret: "secret", Resource: resources,
		})
		wantReason(t, err, errorv1.Reason_REASON_INVALID_TARGET)
	}
	if next := b.mustRefreshFor(t, pair.GetRefreshToken(), mcpResource); next.GetAccessToken() == "" {
		t.Error("no token")
	}
}

// TestRFC8707_2_2_ATokenForAResourceHasNoScopeOfAnother, in the response and in what is stored. A scope of another
// one that is asked for is refused, and consumes nothing.
func TestRFC8707_2_2_ATokenForAResourceHasNoScopeOfAnother(t *testing.T) {
	b := newResourceBench(t)
	introspection := tokenv1.NewIntrospectionServiceClient(b.dial(t, "gateway", "token"))
	want := func(what string, pair *tokenv1.IssueTokenResponse, scope string) {
		t.Helper()
		stored, err := introspection.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: pair.GetAccessToken()})
		if err != nil || pair.GetScope() != scope || stored.GetScope() != scope {
			t.Errorf("%s: issued with %q, stored with %q, %v, want %q", what, pair.GetScope(), stored.GetScope(), err, scope)
		}
	}
	first, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{
		GrantType: "authorization_code", Code: "code-1@" + apiResource + " " + mcpResource, RedirectUri: callback, CodeVerifier: verifier,
		ClientId: "app", ClientSecret: "secret", Resource: []string{mcpResource},
	})
	if err != nil {
		t.Fatal(err)
	}
	want("a code", first, "videos:read")
	_, err = b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{
		GrantType: "refresh_token", RefreshToken: first.GetRefreshToken(), ClientId: "app", ClientSecret: "secret",
		Resource: []string{mcpResource}, Scope: "analyze:write",
	})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_SCOPE)
	second := b.mustRefreshFor(t, first.GetRefreshToken(), mcpResource)
	want("a refresh", second, "videos:read")
	third := b.mustRefreshFor(t, second.GetRefreshToken(), apiResource)
	want("a refresh for the API", third, "videos:read analyze:write")
	want("a refresh for both", b.mustRefreshFor(t, third.GetRefreshToken()), "videos:read analyze:write")
}
