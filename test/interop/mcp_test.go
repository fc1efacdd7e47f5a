package interop

import (
	"net/http"
	"os"
	"os/exec"
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
	for _, c := range []struct{ language, name string }{{"js", "mcp"}, {"python", "mcp-python"}} {
		app := command(t, c.language, c.name, blocks(t, "clients.md")[c.language+" "+c.name])
		app.Env = append(app.Env, "MCP_URL="+endpoint)
		if got := authorizeWith(t, app); got != "usr_john videos:read" {
			t.Errorf("for the client %s the tool returns %q", c.name, got)
		}
	}

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

// declare adds resources to the catalog, and waits until the metadata of one is there.
func declare(t *testing.T, resources, endpoint string) {
	t.Helper()
	text, err := os.ReadFile(defaultCatalog)
	if err == nil {
		err = os.WriteFile(usher.catalog, append(text, resources...), 0o600)
	}
	if err != nil {
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
