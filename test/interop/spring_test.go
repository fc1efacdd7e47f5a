//go:build slow

package interop

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_D8_SpringIsAClientAndAResourceServer with the example of docs/clients.md.
func TestFault_D8_SpringIsAClientAndAResourceServer(t *testing.T) {
	s := spring(t)
	res, _ := s.get(t, "/")
	landing := s.followCallback(t, res.Header.Get("Location"))
	if _, page := s.get(t, strings.TrimPrefix(landing, s.url)); page != "jobs:read videos:read" {
		t.Errorf("signed in, the page has %q", page)
	}
	wantEnforced(t, s.url+"/api/me", "usr_john")
}

// spring builds the project and runs it.
func spring(t *testing.T) site {
	t.Helper()
	dir, page := t.TempDir(), blocks(t, "clients.md")
	pom, err := os.ReadFile(filepath.Join(root, "tools", "clients", "spring", "pom.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"pom.xml": string(pom), "src/main/resources/application.yaml": page["yaml spring"], "src/main/java/com/example/App.java": page["java spring"],
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "mvn", "-q", "-B", "package", localRepository(t))
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	addr := freeAddr(t)
	s := newSite(t, localhost(addr))
	app := exec.CommandContext(t.Context(), "java", "-jar", filepath.Join(dir, "target", "videos-1.jar"))
	app.Env = append(app.Environ(), append(resourceServer(), register(t, s.url+"/login/oauth2/code/usher")...)...)
	app.Env = append(app.Env, "PORT="+addr[strings.Index(addr, ":")+1:])
	serve(t, app, addr)
	return s
}

// wantEnforced checks that a path of a resource server accepts a token with videos:read, as its
// user, and refuses a token without the scope, an unknown one, and the first one after its
// revocation.
func wantEnforced(t *testing.T, address, want string) {
	t.Helper()
	good, narrow := issue(t, "videos:read"), issue(t, "jobs:read")
	if status, body := get(t, address, good); status != http.StatusOK || body != want {
		t.Errorf("a valid token returned %d and %q", status, body)
	}
	if status, _ := get(t, address, narrow); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Errorf("a token without the scope returned %d", status)
	}
	revoke(t, good)
	for what, token := range map[string]string{"a revoked token": good, "an invented token": "vdo_oat_nothing"} {
		if status, _ := get(t, address, token); status != http.StatusUnauthorized {
			t.Errorf("%s returned %d", what, status)
		}
	}
}

// issue returns an access token with a scope.
func issue(t *testing.T, scope string) string {
	t.Helper()
	tokens, err := usher.Issue(usher.NewBrowser(), harness.Request{Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return tokens.Access
}

// get sends a request with a bearer token.
func get(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err == nil {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, body := send(t, http.DefaultClient, req, err)
	return res.StatusCode, strings.TrimSpace(body)
}
