package interop

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_D8_MCPClientsAndServerMeetAtUsher with the examples of docs/clients.md: the MCP server
// sends either client to Usher and back, and refuses a token of another client.
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
		t.Errorf("another client's token returned %d and %q", res.StatusCode, challenge)
	}
}

// mcpServer starts the MCP server of docs/clients.md, which accepts tokens of the confidential
// client of the fixtures, and returns its address.
func mcpServer(t *testing.T) string {
	t.Helper()
	addr := freeAddr(t)
	endpoint := localhost(addr) + "/mcp"
	server := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, "mcp-server", blocks(t, "clients.md")["js mcp-server"]))
	server.Env = append(server.Environ(), append(resourceServer(), "ISSUER="+usher.PublicURL, "MCP_URL="+endpoint, "ALLOWED_CLIENTS="+harness.ConfidentialID)...)
	serve(t, server, addr)
	return endpoint
}
