package interop

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMCPConformance_AuthorizationServer runs the scenarios for authorization servers of the Model
// Context Protocol's own suite, for a public client with a default scope, since the suite sends
// none; with and without a resource.
func TestMCPConformance_AuthorizationServer(t *testing.T) {
	install(t)
	endpoint := exampleServer(t)
	for name, resource := range map[string][]string{"without a resource": nil, "with a resource": {"--resource", endpoint}} {
		t.Run(name, func(t *testing.T) {
			_, port, _ := strings.Cut(freeAddr(t), ":")
			created, err := usher.Operate(t.Context(), usher.bins, "clients", "create", "Conformance", "--public", "-o", "json",
				"--redirect-uri", "http://127.0.0.1:"+port+"/callback", "--scope", "videos:read", "--default-scope", "videos:read")
			if err != nil {
				t.Fatal(err)
			}
			results := t.TempDir()
			suite := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"),
				append([]string{
					absolute(t, "bin/clients/node/node_modules/@modelcontextprotocol/conformance/dist/index.js"), "authorization",
					"--url", usher.PublicURL, "--client-id", clientID(t, created), "--port", port, "--output-dir", results,
				}, resource...)...)
			output, err := suite.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			suite.Stderr = suite.Stdout
			printed := approvePrinted(t, suite, output, "Callback server started")
			checks := conformanceChecks(t, results)
			if checks == 0 || strings.Contains(printed, "FAILURE") {
				t.Errorf("%d checks; the suite prints:\n%s", checks, printed)
			}
		})
	}
}

// approvePrinted runs a program and approves at each authorization address that it prints to output, a pipe
// of the program's, at the first line from there that begins with ready. It returns the lines. The test
// fails unless the program exits with 0.
func approvePrinted(t *testing.T, app *exec.Cmd, output io.Reader, ready string) string {
	t.Helper()
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	address := ""
	for lines := bufio.NewScanner(output); lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		if at := strings.Index(lines.Text(), usher.PublicURL+"/oauth/authorize?"); at >= 0 {
			address, _, _ = strings.Cut(lines.Text()[at:], " ")
		}
		if address == "" || !strings.HasPrefix(lines.Text(), ready) {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, approve(t, address), nil)
		send(t, http.DefaultClient, req, err)
		address = ""
	}
	if err := app.Wait(); err != nil {
		t.Errorf("the program exits with %v:\n%s", err, printed.String())
	}
	return printed.String()
}

// conformanceChecks returns how many checks the suite wrote down as passed.
func conformanceChecks(t *testing.T, results string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(results, "*", "checks.json"))
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		passed += strings.Count(string(text), `"status": "SUCCESS"`)
	}
	return passed
}
