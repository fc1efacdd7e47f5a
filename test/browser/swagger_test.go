package browser

import (
	"net/http/httptest"
	"testing"

	"github.com/vidocu/usher/test/expect"
)

// TestSwaggerUI_SignsInAcrossOrigins, with the page of docs/clients.md: it opens Usher in a window,
// exchanges the code by a script, and calls the API with the token.
func TestSwaggerUI_SignsInAcrossOrigins(t *testing.T) {
	handler, err := NewSwagger(shared.usher, "driver/node_modules")
	expect.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	_, err = shared.usher.Operate(t.Context(), shared.bins, "clients", "create", "Swagger UI", "--id", swaggerID, "--public",
		"--redirect-uri", server.URL+"/oauth2-redirect.html", "--scope", "videos:read")
	expect.NoError(t, err)
	play(t, "swagger", map[string]any{"site": server.URL}, nil)
}
