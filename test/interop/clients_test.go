package interop

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_D8_TheExamplesOfEachLibraryRun extracts the complete programs from docs/clients.md and
// runs a browser through each: sign in, consent, exchange, refresh, revoke. Every example of the
// page has a test.
func TestFault_D8_TheExamplesOfEachLibraryRun(t *testing.T) {
	install(t)
	elsewhere := map[string]bool{
		"auth.js": true, "better-auth": true, // web_test.go
		"mcp": true, "mcp-python": true, "mcp-server": true, "mcp-catalog": true, // mcp_test.go
		"mcp-register": true, "mcp-document": true, // mcp_registration_test.go
		"oauth4webapi-service": true, "authlib-service": true, // service_test.go
		"private_key_jwt": true, "private_key_jwt-keys": true, // keys_test.go
		"swagger-ui": true, "swagger-ui-openapi": true, // test/browser
		"spring": true, "mod_auth_openidc": true, // spring_test.go, apache_test.go: make interop
	}
	found := 0
	for info, code := range blocks(t, "clients.md") {
		language, library, _ := strings.Cut(info, " ")
		if elsewhere[library] {
			continue
		}
		t.Run(library, func(t *testing.T) {
			if got := authorizeWith(t, command(t, language, library, code)); got != "videos:read jobs:read" {
				t.Errorf("after a refresh the scope is %q", got)
			}
		})
		found++
	}
	if found != 5 {
		t.Errorf("docs/clients.md has %d tested complete programs, want 5", found)
	}
}

// command returns the command that runs an example of Node or Python, as the client of the fixtures
// that fits the library.
func command(t *testing.T, language, library, code string) *exec.Cmd {
	t.Helper()
	var app *exec.Cmd
	if language == "js" {
		app = exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, library, code))
	} else {
		file := filepath.Join(t.TempDir(), "example.py")
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		app = exec.CommandContext(t.Context(), "python3", file)
	}
	app.Env = append(os.Environ(), "PYTHONPATH="+absolute(t, "bin/clients/python"),
		"AUTHLIB_INSECURE_TRANSPORT=1", "OAUTHLIB_INSECURE_TRANSPORT=1", "ISSUER="+usher.PublicURL)
	if library == "appauth" {
		app.Env = append(app.Env, "CLIENT_ID="+harness.PublicID, "REDIRECT_URI=http://127.0.0.1:49152/callback")
	} else {
		app.Env = append(app.Env, "CLIENT_ID="+harness.ConfidentialID, "CLIENT_SECRET="+harness.ConfidentialPW, "REDIRECT_URI="+harness.CallbackURI)
	}
	return app
}

// authorizeWith starts an example program, opens the address that it prints, and enters the address
// to which the browser is redirected. It returns the rest of the program's output, and fails the
// test unless the program exits with 0.
func authorizeWith(t *testing.T, app *exec.Cmd) string {
	t.Helper()
	var errs strings.Builder
	app.Stderr = &errs
	input, err := app.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := app.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	address, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the program prints no address and exits with %v: %s", app.Wait(), errs.String())
	}
	_, err = io.WriteString(input, approve(t, strings.TrimSpace(address))+"\n")
	printed, _ := lines.ReadString('\n')
	if ended := app.Wait(); ended != nil || err != nil {
		t.Fatalf("the program exits with %v, %v: %s", ended, err, errs.String())
	}
	return strings.TrimSpace(printed)
}

// approve opens an authorization address, signs in, approves, and returns the address to which the
// browser is redirected.
func approve(t *testing.T, address string) string {
	t.Helper()
	b := usher.NewBrowser()
	page, err := b.Follow(b.Get(address))
	if err != nil {
		t.Fatal(err)
	}
	if page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword); err != nil {
		t.Fatal(err)
	}
	if page, err = b.Decide(page, "ws_acme", "approve"); err != nil {
		t.Fatal(err)
	}
	return page.Location()
}
