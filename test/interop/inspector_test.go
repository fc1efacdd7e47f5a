//go:build slow

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMCPInspector_ConnectsInEveryWayOfRegistration: the inspector's command line, unmodified, calls a
// tool of examples/mcp as a client that the operator registered, that registers itself, and that
// describes itself in a document.
func TestMCPInspector_ConnectsInEveryWayOfRegistration(t *testing.T) {
	install(t)
	program, endpoint := inspector(t), exampleServer(t)
	for name, options := range map[string]func(t *testing.T, callback string) []string{
		"registered by the operator": func(t *testing.T, callback string) []string {
			return []string{"--client-id", publicClient(t, callback)}
		},
		"registered by itself": func(*testing.T, string) []string { return nil },
		"described by a document": func(*testing.T, string) []string {
			return []string{"--client-metadata-url", usher.documents.url("inspector")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			callback := "http://" + freeAddr(t) + "/oauth/callback"
			app := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), append([]string{
				program, "--cli", "--server-url", endpoint, "--transport", "http", "--callback-url", callback, "--format", "json",
				"--method", "tools/call", "--tool-name", "whoami",
			}, options(t, callback)...)...)
			home := t.TempDir()
			app.Env = append(os.Environ(), "HOME="+home, "MCP_STORAGE_DIR="+home, "MCP_INSPECTOR_SECRET_STORE=memory", "NO_COLOR=1",
				"MCP_AUTO_OPEN_ENABLED=true", "BROWSER=true") // no terminal is needed then, and no browser starts
			var result strings.Builder
			app.Stdout = &result
			prompts, err := app.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			approvePrinted(t, app, prompts, "")
			if !strings.Contains(result.String(), "usr_john videos:read") {
				t.Errorf("the tool returns %s", result.String())
			}
		})
	}
	if !usher.documents.wasRead("inspector") {
		t.Error("the document was not read")
	}
}

// inspector installs the inspector and returns the program's file.
func inspector(t *testing.T) string {
	t.Helper()
	return filepath.Join(installFolder(t, "inspector"), "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js")
}

// installFolder installs the packages of a folder of tools/clients and returns where they are.
func installFolder(t *testing.T, name string) string {
	t.Helper()
	from, to := absolute(t, "tools/clients/"+name), absolute(t, "bin/clients/"+name)
	if err := os.MkdirAll(to, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"package.json", "package-lock.json", ".npmrc"} {
		if err := copyFile(filepath.Join(to, file), filepath.Join(from, file)); err != nil {
			t.Fatal(err)
		}
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--prefix", to, "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
	npm.Dir = to // it reads the .npmrc there
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("installing %s: %v\n%s", name, err, out)
	}
	return to
}

// publicClient registers a public client and returns its identifier.
func publicClient(t *testing.T, redirectURI string) string {
	t.Helper()
	created, err := usher.Operate(t.Context(), usher.bins, "clients", "create", "Inspector", "--public", "-o", "json",
		"--redirect-uri", redirectURI, "--scope", "videos:read")
	if err != nil {
		t.Fatal(err)
	}
	return clientID(t, created)
}
