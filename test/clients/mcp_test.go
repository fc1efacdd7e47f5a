package clients

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// pathOf returns the address of a request with some parameters replaced; "" removes one.
func pathOf(t *testing.T, r harness.Request, change ...string) string {
	t.Helper()
	u, err := url.Parse(r.Path())
	expect.NoError(t, err)
	q := u.Query()
	for i := 0; i < len(change); i += 2 {
		if q.Set(change[i], change[i+1]); change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return u.Path + "?" + q.Encode()
}

// register registers a public client with `usher clients create`.
func register(t *testing.T, d *harness.Deployment, id string, args ...string) {
	t.Helper()
	_, err := d.Operate(t.Context(), shared.Bins, append([]string{"clients", "create", "Strange App", "--public", "--id", id, "--scope", "videos:read,jobs:read"}, args...)...)
	expect.NoError(t, err)
}

// TestMCPFailure_1_AFreePortOfTheUsersComputer: from the authorization to the tokens, for the
// addresses of known clients. The three loopback names are different hosts.
func TestMCPFailure_1_AFreePortOfTheUsersComputer(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		const id, exact = "vdo_client_loopback", "vdo_client_exact"
		register(t, d, id, "--application-type", "native", "--redirect-uri", "http://localhost/callback", "--redirect-uri", "http://127.0.0.1:33418",
			"--redirect-uri", "http://127.0.0.1:33418/", "--redirect-uri", "http://[::1]/cb", "--redirect-uri", "https://vscode.dev/redirect")
		register(t, d, exact, "--application-type", "web", "--redirect-uri", "http://localhost:8000/callback")
		b := d.NewBrowser()
		for uri, want := range map[string]bool{
			"http://localhost/callback": true, "http://localhost:49152/callback": true, "http://127.0.0.1:33418": true, "http://127.0.0.1:1": true,
			"http://127.0.0.1:33418/": true, "http://[::1]:5/cb": true, "https://vscode.dev/redirect": true,
			"http://127.0.0.1:49152/callback": false, "http://localhost:33418": false, "http://localhost:49152/cb": false, "https://vscode.dev:443/redirect": false,
			"http://localhost.evil.test:49152/callback": false, "http://localhost:49152@evil.test/callback": false, "http://LOCALHOST/callback": false,
		} {
			r := harness.Request{ClientID: id, RedirectURI: uri, Scope: "videos:read", Verifier: harness.NewVerifier()}
			if !want {
				page, err := b.Get(r.Path())
				expect.NoError(t, err)
				expect.ErrorPage(t, uri, page)
				continue
			}
			code, err := b.Approve(r)
			expect.NoError(t, err)
			res, err := d.Exchange(code, r)
			if err != nil || res.Status != http.StatusOK {
				t.Errorf("%s: the code is worth %d, %v", uri, res.Status, err)
			}
		}
		page, err := b.Get(harness.Request{ClientID: exact, RedirectURI: "http://localhost:8001/callback", Scope: "videos:read", Verifier: "x"}.Path())
		expect.NoError(t, err)
		expect.ErrorPage(t, "a web client with another port", page)
	})
}

// TestMCPFailure_5_ScopesAsLibrariesSendThem: blanks, names of OpenID Connect, and none at all. The
// token response names the granted scope, and redirect_uri may be absent with PKCE.
func TestMCPFailure_5_ScopesAsLibrariesSendThem(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		const id = "vdo_client_scopes"
		register(t, d, id, "--redirect-uri", harness.CallbackURI, "--default-scope", "jobs:read")
		b := d.NewBrowser()
		for scope, want := range map[string]string{
			" videos:read": "videos:read", "videos:read  jobs:read ": "videos:read jobs:read", "videos:read offline_access": "videos:read",
			"openid profile email offline_access jobs:read": "jobs:read", "": "jobs:read", "  ": "jobs:read", "offline_access": "jobs:read",
		} {
			r := harness.Request{ClientID: id, Verifier: harness.NewVerifier()}
			page, err := b.Follow(b.Get(pathOf(t, r, "scope", scope)))
			expect.NoError(t, err)
			if _, err := page.FormWith("password"); err == nil {
				page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
				expect.NoError(t, err)
			}
			page, err = b.Decide(page, "ws_acme", "approve")
			expect.NoError(t, err)
			res, err := d.JSON("/oauth/token", map[string]any{
				"grant_type": "authorization_code", "client_id": id, "code": page.Query().Get("code"), "code_verifier": r.Verifier,
			})
			if err != nil || res.Status != http.StatusOK || res.Text("scope") != want || res.Text("refresh_token") == "" {
				t.Errorf("%q: the response is %d with the scope %q, %v; want %q", scope, res.Status, res.Text("scope"), err, want)
			}
		}
		metadata, err := b.Get("/.well-known/oauth-authorization-server")
		expect.NoError(t, err)
		if strings.Contains(metadata.Body, "offline_access") || !strings.Contains(metadata.Body, "jobs:read") {
			t.Errorf("the metadata is %s", metadata.Body)
		}
		for scope, named := range map[string]string{
			"videos:raed": "'videos:raed'", "videos:read,jobs:read": "separate scopes by single spaces", "videos:read\tjobs:read": "a tab",
			"export:write": "'export:write'", "": "no default scope", "offline_access": "'offline_access'",
		} {
			change := []string{"client_id", id, "scope", scope}
			if scope == "" || scope == "offline_access" { // the fixtures have no default scope
				change = []string{"scope", scope}
			}
			page, err := b.Get(pathOf(t, harness.Request{Verifier: harness.NewVerifier()}, change...))
			expect.NoError(t, err)
			if q := page.Query(); q.Get("error") != "invalid_scope" || !strings.Contains(q.Get("error_description"), named) {
				t.Errorf("%q: %d %v, want invalid_scope with %s", scope, page.Status, q, named)
			}
		}
	})
}

// TestRFC9700_4_11_2_TheUserReturnsToAnUnverifiedClient: after an error and after a denial, also when
// the sign-in is cancelled; and at once where the operator verified the client.
func TestRFC9700_4_11_2_TheUserReturnsToAnUnverifiedClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		const id = "vdo_client_stranger"
		register(t, d, id, "--redirect-uri", "https://strange.test/cb", "--redirect-uri", "cursor://strange/cb", "--unverified")
		request := harness.Request{ClientID: id, RedirectURI: "https://strange.test/cb", Scope: "videos:read", Verifier: harness.NewVerifier()}
		returns := func(what string, b *harness.Browser, page harness.Page, prefix, code string) {
			t.Helper()
			form, err := page.FormWith("csrf_token")
			if err != nil || !strings.Contains(page.Body, "Return to") || !strings.Contains(page.Body, "Strange App") || page.Location() != "" {
				t.Fatalf("%s: %d, %v: %s", what, page.Status, err, page.Body)
			}
			back, err := b.Submit(page, form, map[string]string{"decision": "return"})
			expect.NoError(t, err)
			if q := back.Query(); back.Status != http.StatusSeeOther || !strings.HasPrefix(back.Location(), prefix) || q.Get("error") != code || q.Get("state") == "" || q.Get("iss") != d.PublicURL {
				t.Errorf("%s: the button leads to %d %q", what, back.Status, back.Location())
			}
		}
		b := d.NewBrowser()
		wrong := pathOf(t, request, "scope", "videos:raed")
		page, err := b.Follow(b.Get(wrong))
		expect.NoError(t, err)
		page, err = b.Follow(b.SignIn(page, harness.JohnEmail, harness.UserPassword))
		expect.NoError(t, err)
		expect.Page(t, "the error", page, 400, "strange.test", "&#39;videos:raed&#39; is not a scope", "Nothing was shared")
		returns("an error", b, page, "https://strange.test/cb?", "invalid_scope")
		page, err = b.Follow(b.Get(pathOf(t, request, "response_type", "token", "redirect_uri", "cursor://strange/cb")))
		expect.NoError(t, err)
		returns("an error when signed in", b, page, "cursor://strange/cb?", "unsupported_response_type")

		page, err = b.Follow(b.Get(request.Path()))
		expect.NoError(t, err)
		page, err = b.Follow(b.Decide(page, "ws_acme", "deny"))
		expect.NoError(t, err)
		returns("a denial", b, page, "https://strange.test/cb?", "access_denied")

		out := d.NewBrowser()
		page, err = out.Follow(out.Get(wrong))
		expect.NoError(t, err)
		form, err := page.FormWith("password")
		expect.NoError(t, err)
		page, err = out.Follow(out.Submit(page, form, map[string]string{"decision": "deny"}))
		expect.NoError(t, err)
		returns("a cancelled sign-in", out, page, "https://strange.test/cb?", "invalid_scope")

		silent, err := out.Get(pathOf(t, request, "prompt", "none"))
		expect.NoError(t, err)
		if silent.Query().Get("error") != "login_required" {
			t.Errorf("prompt=none: %d %q", silent.Status, silent.Location())
		}
		code, err := b.Approve(request)
		if err != nil || code == "" {
			t.Errorf("an approval: %v", err)
		}
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "update", id, "--verified")
		expect.NoError(t, err)
		direct, err := out.Get(wrong)
		expect.NoError(t, err)
		if direct.Query().Get("error") != "invalid_scope" {
			t.Errorf("a verified client: %d %q", direct.Status, direct.Location())
		}
	})
}
