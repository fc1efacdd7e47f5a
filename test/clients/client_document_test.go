package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// publisher is a web server of this machine on which clients describe themselves.
type publisher struct {
	*httptest.Server

	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
	requests map[string]int
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{handlers: map[string]http.HandlerFunc{}, requests: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// ServeHTTP is http.Handler.
func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests[r.URL.Path]++
	handle := p.handlers[r.URL.Path]
	p.mu.Unlock()
	if handle == nil {
		handle = http.NotFound
	}
	handle(w, r)
}

// serve serves a path and returns its URL.
func (p *publisher) serve(path string, handle http.HandlerFunc) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handlers[path] = handle
	return p.URL + path
}

// fetches returns how often a path was requested.
func (p *publisher) fetches(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[path]
}

// publish serves a valid document with some members replaced, given as alternating names and values;
// nil removes a member. It returns its URL.
func (p *publisher) publish(t *testing.T, path string, change ...any) string {
	t.Helper()
	members := map[string]any{
		"client_id": p.URL + path, "client_name": "Claude Code", "redirect_uris": []string{"http://localhost/callback", "http://127.0.0.1/callback"},
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "token_endpoint_auth_method": "none",
	}
	for i := 0; i+1 < len(change); i += 2 {
		member := fmt.Sprint(change[i])
		if members[member] = change[i+1]; change[i+1] == nil {
			delete(members, member)
		}
	}
	body, err := json.Marshal(members)
	expect.NoError(t, err)
	return p.serve(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}

// documentRequest is a request of a client that listens at a free port.
func documentRequest(clientID string) harness.Request {
	return harness.Request{ClientID: clientID, RedirectURI: "http://localhost:53682/callback", Scope: "videos:read", Verifier: harness.NewVerifier()}
}

// TestN5_AClientThatDescribesItself: the whole life of its tokens.
func TestN5_AClientThatDescribesItself(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.publish(t, "/oauth/claude-code-client-metadata")
		b, r := d.NewBrowser(), documentRequest(id)

		page, err := b.Consent(r)
		expect.NoError(t, err)
		host := strings.TrimPrefix(p.URL, "http://")
		expect.Page(t, "the consent page", page, http.StatusOK, host+" (“Claude Code”)</bdi> wants to use", "Nobody here has checked this app", id,
			"localhost:53682", "any program here can receive it")
		page, err = b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		if !strings.HasPrefix(page.Location(), r.RedirectURI+"?") || page.Query().Get("iss") != d.PublicURL {
			t.Fatalf("approving led to %s", page.Location())
		}
		tokens, err := d.Exchange(page.Query().Get("code"), r)
		expect.NoError(t, err)
		expect.Tokens(t, tokens, "videos:read")
		expect.Active(t, d, tokens.Text("access_token"), true)
		next, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}, "client_id": {id}})
		expect.NoError(t, err)
		expect.Tokens(t, next, "videos:read")
		if n := p.fetches("/oauth/claude-code-client-metadata"); n != 1 {
			t.Errorf("the document was fetched %d times, want once", n)
		}
		introspected, err := d.Form("/oauth/introspect", url.Values{"token": {next.Text("access_token")}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		expect.Equal(t, "client_id of the introspection", introspected.Text("client_id"), id)

		apps, err := b.Get("/account/connected-apps")
		expect.NoError(t, err)
		expect.Page(t, "the connected apps", apps, http.StatusOK, host+" (“Claude Code”)", id)
		_, err = b.Disconnect(id)
		expect.NoError(t, err)
		expect.Active(t, d, next.Text("access_token"), false)

		issued, err := d.Issue(b, r)
		expect.NoError(t, err)
		revoked, err := d.Form("/oauth/revoke", url.Values{"token": {issued.Refresh}, "client_id": {id}})
		expect.NoError(t, err)
		expect.Equal(t, "status of the revocation", revoked.Status, http.StatusOK)
		expect.Active(t, d, issued.Access, false)
	})
}

// TestN5_TheExampleOfThePageIsAClient: docs/client-documents.md, on another host.
func TestN5_TheExampleOfThePageIsAClient(t *testing.T) {
	raw, err := os.ReadFile("../../docs/client-documents.md")
	expect.NoError(t, err)
	_, rest, _ := strings.Cut(string(raw), "```json\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the page has no document")
	}
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.serve("/oauth/client.json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			// The host is this machine, where an open policy permits addresses of this machine alone.
			_, _ = w.Write([]byte(strings.NewReplacer("https://tools.example.com", p.URL).Replace(example)))
		})
		b, r := d.NewBrowser(), documentRequest(id)
		page, err := b.Consent(r)
		expect.NoError(t, err)
		expect.Page(t, "the consent page", page, http.StatusOK, "(“Example Tools”)")
		page, err = b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		tokens, err := d.Exchange(page.Query().Get("code"), r)
		expect.NoError(t, err)
		expect.Tokens(t, tokens, "videos:read")
	})
}
