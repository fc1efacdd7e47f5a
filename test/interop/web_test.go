package interop

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// site is a web app of an example, with a browser's cookies.
type site struct {
	url     string
	browser *http.Client
}

// webApp starts a web app of docs/clients.md with the path of its redirect URI.
func webApp(t *testing.T, library, callback string) site {
	t.Helper()
	return startWebApp(t, library, blocks(t, "clients.md")["js "+library], func(app string) []string { return register(t, app+callback) })
}

// startWebApp starts the program of a web app with the variables of its registration.
func startWebApp(t *testing.T, name, program string, registration func(app string) []string) site {
	t.Helper()
	install(t)
	return startWebAppFile(t, nodeFile(t, name, program), registration)
}

// startWebAppFile is startWebApp for a program in a file.
func startWebAppFile(t *testing.T, file string, registration func(app string) []string) site {
	t.Helper()
	addr := freeAddr(t)
	s := newSite(t, localhost(addr))
	app := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), file)
	app.Env = append(app.Environ(), registration(s.url)...)
	app.Env = append(app.Env, "APP="+s.url, "AUTH_SECRET="+harness.NewVerifier())
	serve(t, app, addr)
	return s
}

// newSite returns a browser without cookies for a web app.
func newSite(t *testing.T, address string) site {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return site{url: address, browser: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// get opens a path of the web app.
func (s site) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
	return send(t, s.browser, req, err)
}

// post sends the request that the web app's own page would send.
func (s site) post(t *testing.T, path, mediaType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", mediaType)
		req.Header.Set("Origin", s.url)
	}
	return send(t, s.browser, req, err)
}

// followCallback approves at Usher, opens the redirect URI, and returns the web app's redirect.
func (s site) followCallback(t *testing.T, address string) string {
	t.Helper()
	res, body := s.get(t, strings.TrimPrefix(approve(t, address), s.url))
	if res.StatusCode != http.StatusFound {
		t.Fatalf("the callback returned %d: %.500s", res.StatusCode, body)
	}
	return res.Header.Get("Location")
}

// wantPage checks that the web app's page shows the user.
func (s site) wantPage(t *testing.T, want map[string]any) {
	t.Helper()
	_, body := s.get(t, "/")
	got := member(t, body)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("signed in, the page has %s = %v, want %v: %.500s", name, got[name], value, body)
		}
	}
}

// member parses a JSON object.
func member(t *testing.T, body string) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatalf("%v: %.500s", err, body)
	}
	return object
}

// text returns a string member of a JSON object.
func text(t *testing.T, body, name string) string {
	t.Helper()
	value, ok := member(t, body)[name].(string)
	if !ok {
		t.Fatalf("no %s: %.500s", name, body)
	}
	return value
}

// TestFault_D8_AuthJSSignsIn with the example of docs/clients.md: the app's session has the user
// and the scope.
func TestFault_D8_AuthJSSignsIn(t *testing.T) {
	s := webApp(t, "auth.js", "/auth/callback/usher")
	_, body := s.get(t, "/auth/csrf")
	form := url.Values{"csrfToken": {text(t, body, "csrfToken")}, "callbackUrl": {s.url}}
	res, _ := s.post(t, "/auth/signin/usher", "application/x-www-form-urlencoded", form.Encode())
	s.followCallback(t, res.Header.Get("Location"))
	s.wantPage(t, map[string]any{"name": "John Doe", "scope": "videos:read jobs:read"})
}

// TestFault_D8_BetterAuthSignsIn with the example of docs/clients.md, and uses the access token.
func TestFault_D8_BetterAuthSignsIn(t *testing.T) {
	s := webApp(t, "better-auth", "/api/auth/callback/usher")
	_, body := s.post(t, "/api/auth/sign-in/social", "application/json", `{"provider": "usher", "callbackURL": "/"}`)
	s.followCallback(t, text(t, body, "url"))
	s.wantPage(t, map[string]any{"name": "John Doe", "scope": "videos:read jobs:read", "videos": float64(http.StatusOK)})
}
