package interop

import (
	"regexp"
	"strings"
	"testing"
)

// TestN7_MCPClientsRegisterThemselves: the clients of docs/clients.md without a registration, from the
// 401 of the MCP server to a call. Both SDKs register themselves.
func TestN7_MCPClientsRegisterThemselves(t *testing.T) {
	install(t)
	wantClientsThatRegister(t, mcpServer(t))
}

// TestN5_MCPClientsDescribeThemselves: the same with a document whose URL is their identifier, which the
// SDKs prefer to a registration.
func TestN5_MCPClientsDescribeThemselves(t *testing.T) {
	install(t)
	endpoint := mcpServer(t)
	js, python := registering(t)
	for member, line := range members(blocks(t, "clients.md")["js mcp-document"]) {
		js = replaceLine(t, js, "  "+member+":", line)
	}
	const argument = "client_metadata=metadata, "
	described := strings.Replace(python, argument, argument+`client_metadata_url=os.environ["CLIENT_METADATA_URL"], `, 1)
	if described == python {
		t.Fatalf("the program has no %q", argument)
	}
	for _, p := range []program{{"js", "mcp-document", js}, {"python", "mcp-python-document", described}} {
		wantAuthorized(t, endpoint, []program{p},
			"CLIENT_METADATA_URL="+usher.documents.url("sdk-"+p.language), "REDIRECT_URI=http://127.0.0.1:49152/callback")
		if !usher.documents.wasRead("sdk-" + p.language) {
			t.Errorf("the document of the client in %s was not read", p.language)
		}
	}
}

// program is a client of MCP.
type program struct{ language, name, text string }

// wantClientsThatRegister runs the clients of docs/clients.md against an MCP server without a
// registration.
func wantClientsThatRegister(t *testing.T, endpoint string) {
	t.Helper()
	js, python := registering(t)
	wantAuthorized(t, endpoint, []program{{"js", "mcp-register", js}, {"python", "mcp-python-register", python}})
}

// wantAuthorized runs clients without a registration against an MCP server.
func wantAuthorized(t *testing.T, endpoint string, clients []program, env ...string) {
	t.Helper()
	for _, c := range clients {
		app := command(t, c.language, c.name, c.text)
		app.Env = append(append(app.Env, "MCP_URL="+endpoint, "CLIENT_ID=", "CLIENT_SECRET="), env...)
		if got := authorizeWith(t, app); got != "usr_john videos:read" {
			t.Errorf("for the client %s the tool returns %q", c.name, got)
		}
	}
}

// registering returns the clients of docs/clients.md as those that register themselves.
func registering(t *testing.T) (js, python string) {
	t.Helper()
	page := blocks(t, "clients.md")
	js = page["js mcp"]
	for member, line := range members(page["js mcp-register"]) {
		js = replaceLine(t, js, "  "+member+":", line)
	}
	python = regexp.MustCompile(`(?s)    client = OAuthClientInformationFull\(.*?\n    \)\n`).ReplaceAllString(page["python mcp-python"], "    client = None\n")
	python = strings.ReplaceAll(strings.ReplaceAll(python, `client_id=os.environ["CLIENT_ID"]`, ""), `"CLIENT_SECRET"`, "")
	return js, python
}

// members returns the lines of a block by the member that each begins with.
func members(block string) map[string]string {
	lines := map[string]string{}
	for line := range strings.Lines(block) {
		if name, _, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			lines[name] = strings.TrimRight(line, "\n")
		}
	}
	return lines
}

// replaceLine replaces the line that begins with start. A member that the program does not have is
// added after the metadata.
func replaceLine(t *testing.T, program, start, line string) string {
	t.Helper()
	lines := strings.Split(program, "\n")
	for i := range lines {
		if strings.HasPrefix(lines[i], start) {
			lines[i] = line
			return strings.Join(lines, "\n")
		}
	}
	const anchor = "  redirectUrl: REDIRECT_URI,\n"
	if !strings.Contains(program, anchor) {
		t.Fatalf("the program has no line %q", anchor)
	}
	return strings.Replace(program, anchor, anchor+line+"\n", 1)
}
