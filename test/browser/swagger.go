package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/vidocu/usher/test/harness"
)

// swaggerID is the client of the page with Swagger UI.
const swaggerID = "vdo_client_swagger"

// NewSwagger returns the site of docs/clients.md with Swagger UI: /reference.html. packages is the
// folder of npm packages.
func NewSwagger(usher *harness.Deployment, packages string) (http.Handler, error) {
	text, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		return nil, err
	}
	page, err := example(string(text), "html swagger-ui")
	if err != nil {
		return nil, err
	}
	description, err := example(string(text), "json swagger-ui-openapi")
	if err != nil {
		return nil, err
	}
	description = strings.NewReplacer("https://api.vidocu.ai", usher.PublicURL, "https://vidocu.ai", usher.PublicURL).Replace(description)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /reference.html", served("text/html; charset=utf-8", page))
	mux.HandleFunc("GET /openapi.json", served("application/json", description))
	mux.Handle("GET /", http.FileServer(http.Dir(filepath.Join(packages, "swagger-ui-dist"))))
	return mux, nil
}

func served(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body)) // the client may have disconnected
	}
}

// example returns the block of a page with an info string.
func example(page, info string) (string, error) {
	_, rest, found := strings.Cut(page, "```"+info+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		return "", fmt.Errorf("the page has no block %q", info)
	}
	return block, nil
}
