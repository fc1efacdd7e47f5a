// Command mcp is an MCP server whose tools only people may call who connected their account: the
// middleware of the SDK checks the token, and sends a client without one to Usher (docs/mcp.md).
//
//	go run -C examples/mcp .
//
// Its address is a protected resource of the catalog. `make run` serves the token service at
// localhost:9090 without TLS; elsewhere the connection has a certificate (docs/sdk.md).
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"google.golang.org/grpc/credentials/insecure"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/httpauth"
)

func main() {
	address := flag.String("address", "http://localhost:9000/mcp", "the server's own address, as the catalog names it")
	issuer := flag.String("issuer", "http://localhost:8080", "Usher's address")
	service := flag.String("token-service", "localhost:9090", "host:port of the token service")
	flag.Parse()
	if err := serve(*address, *issuer, *service); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address, issuer, service string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	client, err := usher.Dial(service, insecure.NewCredentials())
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // the process ends
	const scope = "videos:read"
	// Clients that have no token read there who issues them (RFC 9728 §3).
	metadata := "/.well-known/oauth-protected-resource" + u.Path
	resource := enforce.Resource{ID: address, Metadata: u.Scheme + "://" + u.Host + metadata}
	mux := http.NewServeMux()
	mux.Handle(u.Path, httpauth.RequireScope(client, scope, httpauth.WithResource(resource))(tools()))
	mux.Handle(metadata, auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: address, AuthorizationServers: []string{issuer}, ScopesSupported: []string{scope},
	}))
	server := &http.Server{Addr: u.Host, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// tools returns the MCP server: one for each request, whose tools know the token that the middleware
// checked.
func tools() http.Handler {
	return mcp.NewStreamableHTTPHandler(func(r *http.Request) *mcp.Server {
		token, _ := usher.FromContext(r.Context())
		server := mcp.NewServer(&mcp.Implementation{Name: "videos", Version: "1.0.0"}, nil)
		mcp.AddTool(server, &mcp.Tool{Name: "whoami", Description: "Who is signed in"},
			func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
				text := fmt.Sprint(token.Subject, " ", strings.Join(token.Scopes, " "))
				return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
			})
		return server
	}, &mcp.StreamableHTTPOptions{Stateless: true})
}
