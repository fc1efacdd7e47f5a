//go:build slow

package interop

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// signIn opens a protected page without a session, follows the redirects through Usher, and returns the page.
func (s site) signIn(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err == nil {
		req.Header.Set("Accept", "text/html") // of a browser: anything else is not redirected
	}
	res, body := send(t, s.browser, req, err)
	address, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(address.String(), usher.PublicURL+"/oauth/authorize?") {
		t.Fatalf("the page leads to %d %s, %v: %.500s", res.StatusCode, address, err, body)
	}
	q := address.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || !strings.Contains(q.Get("scope"), "openid") {
		t.Errorf("the request is %v", q)
	}
	landing := s.followCallback(t, address.String())
	res, body = s.get(t, strings.TrimPrefix(landing, s.url))
	if res.StatusCode != http.StatusOK {
		t.Errorf("signed in, the page is %d: %.500s", res.StatusCode, body)
	}
	return body
}

// apacheLogin is the configuration around the lines of docs/openid.md.
const apacheLogin = `ServerName localhost
Listen ${ADDR}
DefaultRuntimeDir ${DIR}
PidFile ${DIR}/pid
ErrorLog /dev/stderr
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
DocumentRoot ${DIR}/pages
Include ${DIR}/example.conf
Header always set Seen-User expr=%{REMOTE_USER}
`

// TestN10_ModAuthOpenIDCSignsInWithDiscovery, with the example of docs/openid.md.
func TestN10_ModAuthOpenIDCSignsInWithDiscovery(t *testing.T) {
	addr, dir := freeAddr(t), t.TempDir()
	s := newSite(t, localhost(addr))
	if err := os.MkdirAll(filepath.Join(dir, "pages", "private"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"httpd.conf": apacheLogin, "example.conf": blocks(t, "openid.md")["apache mod_auth_openidc"], "pages/private/page": "behind Apache",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := exec.CommandContext(t.Context(), "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", filepath.Join(dir, "httpd.conf"))
	server.Env = append(server.Environ(), register(t, s.url+"/private/callback", "--scope", "openid,profile,email")...)
	server.Env = append(server.Env, "ADDR="+addr, "DIR="+dir, "APP="+s.url, "AUTH_SECRET="+harness.NewVerifier())
	serve(t, server, addr)
	if body := s.signIn(t, "/private/page"); body != "behind Apache" {
		t.Errorf("the page is %q", body)
	}
	res, _ := s.get(t, "/private/page")
	if user := res.Header.Get("Seen-User"); user != harness.JohnEmail {
		t.Errorf("the user is %q", user)
	}
}

// TestN10_OAuth2ProxySignsInWithDiscovery, with the example of docs/openid.md, in front of a server that sees the
// user in headers.
func TestN10_OAuth2ProxySignsInWithDiscovery(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "oauth2-proxy")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", absolute(t, "tools/oauth2proxy"), "-o", program, "github.com/oauth2-proxy/oauth2-proxy/v7")
	build.Env = append(build.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building oauth2-proxy: %v: %s", err, out)
	}
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-User")+" "+r.Header.Get("X-Forwarded-Email"))
	}))
	defer behind.Close()
	addr, file := freeAddr(t), filepath.Join(dir, "oauth2-proxy.cfg")
	s := newSite(t, localhost(addr))
	if err := os.WriteFile(file, []byte(blocks(t, "openid.md")["toml oauth2-proxy"]), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), program, "--config", file)
	server.Env = server.Environ()
	for _, variable := range register(t, s.url+"/oauth2/callback", "--scope", "openid,profile,email") {
		name, value, _ := strings.Cut(variable, "=")
		if name == "ISSUER" {
			name = "OIDC_ISSUER_URL"
		}
		server.Env = append(server.Env, "OAUTH2_PROXY_"+name+"="+value)
	}
	server.Env = append(server.Env, "OAUTH2_PROXY_HTTP_ADDRESS="+addr, "OAUTH2_PROXY_UPSTREAMS="+behind.URL,
		"OAUTH2_PROXY_REDIRECT_URL="+s.url+"/oauth2/callback", "OAUTH2_PROXY_COOKIE_SECRET="+rand.Text()+rand.Text()[:6])
	serve(t, server, addr)
	if body := s.signIn(t, "/"); body != "usr_john "+harness.JohnEmail {
		t.Errorf("the server behind the proxy sees %q", body)
	}
}
