// Package docs is the pages for authors of clients, as text in Markdown, which the gateway serves
// at /docs and which are read here in the repository too.
//
// It owns the list of the pages that are served. It never renders them.
package docs

import (
	"embed"
	"fmt"
)

//go:embed quick-start.md authorization.md tokens.md revocation.md scopes.md errors.md clients.md api-keys.md mcp.md user-api.md devices.md
//go:embed developers.md registration.md client-documents.md service-clients.md dpop.md openid.md
//go:embed workspaces.md sdk.md grpc.md enforcement.md wire-contract.md glossary.md
var files embed.FS

// Group is a part of the table of contents.
type Group struct {
	Name  string
	Pages []Page
}

// Page is a page of the documentation.
type Page struct {
	// Name is the file's name without its extension, and the last segment of its address.
	Name string
	// Title is the page's name in the table of contents.
	Title string
	// Summary says in one sentence what the page explains.
	Summary string
}

// Groups returns the table of contents in the order of reading.
func Groups() []Group {
	return []Group{
		{Name: "Connect an app", Pages: []Page{
			{"developers", "Developer console", "Register an app of your workspace, and see why a request of it was refused."},
			{"quick-start", "Quick start", "From a client id to a call of the API in five requests."},
			{"authorization", "Authorization", "How to send a user to the consent page, with PKCE, and what comes back."},
			{"tokens", "Tokens", "Exchange a code, refresh, and what happens when a refresh token is used twice."},
			{"revocation", "Revocation and introspection", "End a token, and ask whether one is active."},
			{"scopes", "Scopes and endpoints", "What each scope allows, and which plan includes which endpoint."},
			{"errors", "Errors", "Every cause of a refusal, what it means and how to fix it."},
			{"openid", "OpenID Connect", "Who the user is: ID tokens, UserInfo, silent requests and logout."},
			{"clients", "Clients, library by library", "Complete programs in JavaScript, Python, Go and Java, and for Apache."},
		}},
		{Name: "More ways in", Pages: []Page{
			{"api-keys", "API keys", "Keys of a workspace, limited by its plan, by scopes and by networks."},
			{"workspaces", "Workspaces", "What the administrators of a workspace decide about apps and keys."},
			{"devices", "Devices", "A TV or a command line without a browser: a code that the user enters elsewhere."},
			{"dpop", "PAR, DPoP and FAPI", "Authorization requests that are pushed, and tokens that are bound to a key."},
			{"service-clients", "Services", "A client that gets tokens for itself, in one workspace."},
			{"registration", "Registration", "Clients that register themselves, where the operator lets them."},
			{"client-documents", "Client documents", "A client whose identifier is the URL of a document that describes it."},
			{"mcp", "MCP", "Clients and servers of the Model Context Protocol."},
			{"user-api", "User API", "VIDIZMO's user authentication: a token for an e-mail address and a password."},
		}},
		{Name: "Protect a service", Pages: []Page{
			{"sdk", "Go SDK", "Check tokens in a service of your own, from a cache that revocations evict."},
			{"grpc", "gRPC", "The same from any language."},
			{"enforcement", "Enforcement", "How a request to the API is checked, and what is passed on."},
		}},
		{Name: "Reference", Pages: []Page{
			{"wire-contract", "Wire contract", "Addresses, formats, fields and status codes, section by section."},
			{"glossary", "Glossary", "The words, each with its standard."},
		}},
	}
}

// Pages returns the pages of all groups.
func Pages() []Page {
	var pages []Page
	for _, group := range Groups() {
		pages = append(pages, group.Pages...)
	}
	return pages
}

// Text returns the Markdown of a page of Groups.
func Text(p Page) []byte {
	text, err := files.ReadFile(p.Name + ".md")
	if err != nil {
		panic(fmt.Sprintf("the page %s is not embedded: %v", p.Name, err)) // a test reads every page
	}
	return text
}
