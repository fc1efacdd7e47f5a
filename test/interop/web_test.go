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

// site is a web app of an example, as a browser with cookies sees it.
type site struct {
	url     string
	browser *http.Client
}

// webApp starts a web app of docs/clients.md, whose path browsers come back to is given.
func webApp(t *testing.T, library, callback string) site {
	t.Helper()
	install(t)
	addr := freeAddr(t)
	s := open(t, localhost(addr))
	app := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, library, blocks(t, "clients.md")["js "+library]))
	app.Env = append(app.Environ(), register(t, s.url+callback)...)
	app.Env = append(app.Env, "APP="+s.url, "AUTH_SECRET="+harness.NewVerifier())
	serve(t, app, addr)
	return s
}

// open is a browser without cookies in front of a web app.
func open(t *testing.T, address string) site {
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

// post sends what the web app's own page would.
func (s site) post(t *testing.T, path, mediaType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", mediaType)
		req.Header.Set("Origin", s.url)
	}
	return send(t, s.browser, req, err)
}

// comeBack approves at Usher, opens the address that the browser comes back to, and returns where the web app leads from there.
func (s site) comeBack(t *testing.T, address string) string {
	t.Helper()
	res, body := s.get(t, strings.TrimPrefix(approve(t, address), s.url))
	if res.StatusCode != http.StatusFound {
		t.Fatalf("the callback is answered with %d: %.500s", res.StatusCode, body)
	}
	return res.Header.Get("Location")
}

// wantPage demands that the web app's page knows the user.
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

// member reads a JSON object.
func member(t *testing.T, body string) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatalf("%v: %.500s", err, body)
	}
	return object
}

// text reads a member of a JSON object that is a string.
func text(t *testing.T, body, name string) string {
	t.Helper()
	value, ok := member(t, body)[name].(string)
	if !ok {
		t.Fatalf("no %s: %.500s", name, body)
	}
	return value
}

// TestFault_D8_AuthJSSignsIn with the example of docs/clients.md: the user and the scope arrive in the app's session.
func TestFault_D8_AuthJSSignsIn(t *testing.T) {
	s := webApp(t, "auth.js", "/auth/callback/usher")
	_, body := s.get(t, "/auth/csrf")
	form := url.Values{"csrfToken": {text(t, body, "csrfToken")}, "callbackUrl": {s.url}}
	res, _ := s.post(t, "/auth/signin/usher", "application/x-www-form-urlencoded", form.Encode())
	s.comeBack(t, res.Header.Get("Location"))
	s.wantPage(t, map[string]any{"name": "John Doe", "scope": "videos:read jobs:read"})
}

// TestFault_D8_BetterAuthSignsIn with the example of docs/clients.md, and uses the access token.
func TestFault_D8_BetterAuthSignsIn(t *testing.T) {
	s := webApp(t, "better-auth", "/api/auth/callback/usher")
	_, body := s.post(t, "/api/auth/sign-in/social", "application/json", `{"provider": "usher", "callbackURL": "/"}`)
	s.comeBack(t, text(t, body, "url"))
	s.wantPage(t, map[string]any{"name": "John Doe", "scope": "videos:read jobs:read", "videos": float64(http.StatusOK)})
}
