//go:build slow

package interop

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestN10_NextAuthSignsInWithDiscovery, with the example of docs/openid.md, served as Next.js serves it.
func TestN10_NextAuthSignsInWithDiscovery(t *testing.T) {
	install(t)
	dir := installFolder(t, "nextauth")
	// Next.js's compiler takes the default export out of the package, which Node does not.
	page := strings.Replace(blocks(t, "openid.md")["js next-auth"], "import NextAuth from 'next-auth';",
		"import module from 'next-auth';\nconst NextAuth = module.default;", 1)
	if err := os.WriteFile(filepath.Join(dir, "next-auth.page.mjs"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(dir, "next-auth.mjs")
	if err := copyFile(server, "testdata/next-auth.mjs"); err != nil {
		t.Fatal(err)
	}
	s := startWebAppFile(t, server, func(address string) []string {
		return register(t, address+"/api/auth/callback/usher", "--scope", "openid,profile,email")
	})
	_, body := s.get(t, "/api/auth/csrf")
	form := url.Values{"csrfToken": {text(t, body, "csrfToken")}, "callbackUrl": {s.url}, "json": {"true"}}
	_, body = s.post(t, "/api/auth/signin/usher", "application/x-www-form-urlencoded", form.Encode())
	s.followCallback(t, text(t, body, "url"))
	s.wantPage(t, map[string]any{"name": "John Doe", "email": harness.JohnEmail})
}
