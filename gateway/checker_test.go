package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/catalog"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// twoResources is a catalog at the address of the API with an MCP server, and with two resources of other
// resource servers.
func twoResources() *catalog.Catalog {
	c, err := catalog.Parse([]byte(`
scopes: [{name: "videos:read", description: View}, {name: "tools:read", description: Tools}]
endpoints: [{endpoint: GET /v1/videos, scope: "videos:read"}, {endpoint: POST /mcp, scope: "tools:read"}]
plans: [{name: pro, endpoints: all}]
resources:
  - {id: /v1, name: Video API, scopes_minimum: ["videos:read"], docs: "https://docs.test/api"}
  - {id: https://mcp.test/mcp, name: MCP, paths: [/mcp], scopes_minimum: ["tools:read"]}
  - {id: https://other.test/bearer, name: Bearer, scopes_minimum: ["tools:read"]}
  - {id: https://other.test/dpop, name: DPoP, scopes_minimum: ["tools:read"], dpop: true}
`))
	if err != nil {
		panic(err) // the text above is valid
	}
	return c.At("https://login.test")
}

// rules returns the built-in catalog's rules.
func rules() *enforce.Rules { return catalog.Default().At("https://login.test").Rules() }

// checker is a fake SDK client with a few tokens.
type checker struct{}

// The tokens: an access token with two scopes and one with all, an API key, an access token in a
// workspace with the free plan, and one that makes the checker fail.
const (
	twoScopes = "vdo_oat_two"
	allScopes = "vdo_oat_all"
	apiKey    = "vdo_live_key"
	freePlan  = "vdo_oat_free"
	unknown   = "vdo_oat_unknown"
	brokenDep = "vdo_oat_broken"
)

func tokenFor(bearer string) *usher.Token {
	var all []string
	for _, s := range catalog.Default().Scopes() {
		all = append(all, s.Name)
	}
	accessToken := usher.Token{Kind: enforce.AccessToken, Subject: "usr_1", Username: "usr_1", Name: "John Doe", ClientID: "app_1", WorkspaceID: "ws_1", Plan: "pro"}
	switch bearer {
	case twoScopes:
		accessToken.Scopes = []string{"videos:read", "analyze:write"}
	case allScopes:
		accessToken.Scopes = all
	case freePlan:
		accessToken.Scopes, accessToken.Plan = all, "free"
	case apiKey:
		return &usher.Token{Kind: enforce.APIKey, Subject: "key_1", WorkspaceID: "ws_1", Plan: "pro"}
	default:
		return nil
	}
	return &accessToken
}

// CheckRequest is guard.Checker.
func (checker) CheckRequest(_ context.Context, r usher.Request) (*usher.Token, error) {
	if r.Credential.Token == brokenDep {
		return nil, errors.New("sentinel: the checker has failed")
	}
	if r.Credential.Token == "" {
		return nil, rules().Challenge(r.Credential.Inactive(), r.Method, r.Path)
	}
	found := tokenFor(r.Credential.Token)
	if found == nil {
		return nil, rules().Challenge(r.Credential.Inactive(), r.Method, r.Path)
	}
	if d := rules().Decide(found.EnforcedSubject(), r.Method, r.Path); d != nil {
		return nil, d
	}
	return found, nil
}

// received is a request as the upstream received it.
type received struct {
	Method, URI, Host, Body string
	Header, Trailer         http.Header
}

// upstream is a fake API that records its requests.
type upstream struct {
	*httptest.Server

	mu  sync.Mutex
	got []received
	// respond, if set, writes the response.
	respond http.HandlerFunc
}

func newUpstream(t *testing.T, respond http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{respond: respond}
	u.Server = httptest.NewServer(u)
	t.Cleanup(u.Close)
	return u
}

// ServeHTTP is http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if u.respond != nil {
		u.respond(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	u.got = append(u.got, received{r.Method, r.RequestURI, r.Host, string(body), r.Header, r.Trailer})
	u.mu.Unlock()
	_, _ = io.WriteString(w, `{"data":[]}`)
}

// take returns the requests since the last call.
func (u *upstream) take() []received {
	u.mu.Lock()
	defer u.mu.Unlock()
	got := u.got
	u.got = nil
	return got
}

// withUpstream configures the upstream of the gateway.
func withUpstream(u *upstream) func(*gateway.Deps) {
	return func(d *gateway.Deps) { d.UpstreamURL = u.URL }
}

// api sends a request to /v1 with a bearer token, and with headers as pairs.
func (p browser) api(method, target, token string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://login.test/", nil)
	r.URL = &url.URL{Path: target}
	if parsed, err := url.ParseRequestURI(target); err == nil {
		r.URL = parsed
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
	}
	return p.send(r)
}

func documented(code, message string) string {
	return `{"error":{"code":"` + code + `","message":"` + strings.ReplaceAll(message, `"`, `\"`) + `"}}` + "\n"
}
