//go:build slow

package interop

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// apacheConfig is the configuration of Debian's Apache around the lines of docs/clients.md.
const apacheConfig = `ServerName localhost
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
OIDCCABundlePath ${DIR}/ca.pem
DocumentRoot ${DIR}/pages
Include ${DIR}/example.conf
Header always set Seen-User expr=%{REMOTE_USER}
`

// TestFault_D8_ApacheIntrospectsWithModAuthOpenIDC with the example of docs/clients.md.
func TestFault_D8_ApacheIntrospectsWithModAuthOpenIDC(t *testing.T) {
	example := blocks(t, "clients.md")["apache mod_auth_openidc"]
	address := apache(t, example)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err == nil {
		req.Header.Set("Authorization", "Bearer "+issue(t, "videos:read"))
	}
	if res, _ := send(t, http.DefaultClient, req, err); res.Header.Get("Seen-User") != "usr_john" {
		t.Errorf("the user is %q, and the status %d", res.Header.Get("Seen-User"), res.StatusCode)
	}
	wantEnforced(t, address, "behind Apache")

	caching := apache(t, strings.Replace(example, "OIDCOAuthTokenIntrospectionInterval -1\n", "", 1))
	token := issue(t, "videos:read")
	before, _ := get(t, caching, token)
	revoke(t, token)
	if after, _ := get(t, caching, token); before != http.StatusOK || after != http.StatusOK {
		t.Errorf("by default a token returns %d, and %d after its revocation: docs/clients.md says that the response is cached", before, after)
	}
}

// apache starts an Apache with the lines of the page and returns the address of a protected file.
func apache(t *testing.T, example string) string {
	t.Helper()
	addr, dir := freeAddr(t), t.TempDir()
	front := tlsFront(t, filepath.Join(dir, "ca.pem"))
	if err := os.MkdirAll(filepath.Join(dir, "pages", "api"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"httpd.conf": apacheConfig, "example.conf": example, "pages/api/page": "behind Apache"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := exec.CommandContext(t.Context(), "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", filepath.Join(dir, "httpd.conf"))
	server.Env = append(server.Environ(), append(resourceServer(), "ISSUER="+front, "ADDR="+addr, "DIR="+dir)...)
	serve(t, server, addr)
	return "http://" + addr + "/api/page"
}

// tlsFront terminates TLS in front of Usher, writes the certificate to a file, and returns the
// address.
func tlsFront(t *testing.T, file string) string {
	t.Helper()
	target, err := url.Parse(usher.PublicURL)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(front.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return front.URL
}
