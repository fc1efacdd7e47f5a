package interop

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_D8_MCPClientsAndServerMeetAtUsher with the examples of docs/clients.md: the MCP server
// sends either client to Usher and back, and refuses a token for another resource. Both clients send
// the parameter resource, as the MCP specification requires.
func TestFault_D8_MCPClientsAndServerMeetAtUsher(t *testing.T) {
	install(t)
	endpoint := mcpServer(t)
	wantRegisteredClients(t, endpoint)
	wantOtherResourceRefused(t, endpoint)
}

// TestTheExampleMCPServer_MeetsEveryClient: examples/mcp behind the middleware of the SDK, with
// registered clients and with ones that register themselves.
func TestTheExampleMCPServer_MeetsEveryClient(t *testing.T) {
	install(t)
	endpoint := exampleServer(t)
	wantRegisteredClients(t, endpoint)
	wantClientsThatRegister(t, endpoint)
	wantOtherResourceRefused(t, endpoint)
}

// wantRegisteredClients runs the clients of docs/clients.md against an MCP server.
func wantRegisteredClients(t *testing.T, endpoint string) {
	t.Helper()
	for _, c := range []struct{ language, name string }{{"js", "mcp"}, {"python", "mcp-python"}} {
		app := command(t, c.language, c.name, blocks(t, "clients.md")[c.language+" "+c.name])
		app.Env = append(app.Env, "MCP_URL="+endpoint)
		if got := authorizeWith(t, app); got != "usr_john videos:read" {
			t.Errorf("for the client %s the tool returns %q", c.name, got)
		}
	}
}

// wantOtherResourceRefused calls an MCP server with a token for the API.
func wantOtherResourceRefused(t *testing.T, endpoint string) {
	t.Helper()
	tokens, err := usher.Issue(usher.NewBrowser(), harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader("{}"))
	if err == nil {
		req.Header.Set("Authorization", "Bearer "+tokens.Access)
	}
	res, _ := send(t, http.DefaultClient, req, err)
	if challenge := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusUnauthorized || !strings.Contains(challenge, "resource_metadata=") {
		t.Errorf("a token for the API returned %d and %q", res.StatusCode, challenge)
	}
}

// mcpServer adds the MCP server of docs/clients.md to the catalog, starts it, and returns its
// address.
func mcpServer(t *testing.T) string {
	t.Helper()
	addr := freeAddr(t)
	endpoint := localhost(addr) + "/mcp"
	declare(t, strings.ReplaceAll(blocks(t, "clients.md")["yaml mcp-catalog"], "https://mcp.example.com/mcp", endpoint), endpoint)
	server := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, "mcp-server", blocks(t, "clients.md")["js mcp-server"]))
	server.Env = append(server.Environ(), append(resourceServer(), "ISSUER="+usher.PublicURL, "MCP_URL="+endpoint)...)
	serve(t, server, addr)
	return endpoint
}

// exampleServer follows docs/mcp.md: it adds the resources of examples/mcp to the catalog, builds and
// starts the server, and returns its address.
func exampleServer(t *testing.T) string {
	t.Helper()
	commands := strings.Split(strings.TrimSpace(blocks(t, "mcp.md")["sh example"]), "\n")
	if len(commands) != 3 || !strings.HasPrefix(commands[2], "go run ") {
		t.Fatalf("docs/mcp.md has the commands %q", commands)
	}
	dir := t.TempDir()
	catalog, program := filepath.Join(dir, "mcp.yaml"), filepath.Join(dir, "mcp")
	inRoot(t, strings.Replace(commands[0], "mcp.yaml", catalog, 1))
	inRoot(t, strings.Replace(commands[2], "go run -C examples/mcp", "go build -C examples/mcp -o "+program, 1))
	text, err := os.ReadFile(catalog)
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	endpoint := localhost(addr) + "/mcp"
	use(t, strings.ReplaceAll(string(text), "http://localhost:9000/mcp", endpoint), endpoint)
	serve(t, exec.CommandContext(t.Context(), program, "-address", endpoint, "-issuer", usher.PublicURL, "-token-service", usher.TokenAddr), addr)
	return endpoint
}

// inRoot runs a command of the shell in the repository's root.
func inRoot(t *testing.T, command string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sh", "-c", command)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// declare adds resources to the built-in catalog, and waits until the metadata of one is there.
func declare(t *testing.T, resources, endpoint string) {
	t.Helper()
	text, err := os.ReadFile(defaultCatalog)
	if err != nil {
		t.Fatal(err)
	}
	use(t, string(text)+resources, endpoint)
}

// use replaces the catalog, and waits until the metadata of a resource is there.
func use(t *testing.T, catalog, endpoint string) {
	t.Helper()
	if err := os.WriteFile(usher.catalog, []byte(catalog), 0o600); err != nil {
		t.Fatal(err)
	}
	metadata := usher.PublicURL + "/.well-known/oauth-protected-resource/" + strings.TrimPrefix(endpoint, "http://")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, metadata, nil)
		if res, _ := send(t, http.DefaultClient, req, err); res.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("the catalog has no %s after %s", endpoint, patience)
}
