package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/internal/platform/catalog"
)

// Path is the address of the description.
const Path = "/openapi.json"

//go:embed openapi.json
var generated []byte

// Generated returns the description as it was generated: without the scopes and endpoints of a
// catalog, and with the addresses of a development server.
func Generated() (Node, error) { return Parse(generated) }

// Config is the configuration of a Server.
type Config struct {
	// PublicURL is the origin that browsers open, and APIURL the one that clients call.
	PublicURL, APIURL string
	// Product is the title.
	Product string
	// Catalog returns the scopes and endpoints that exist at present.
	Catalog func() *catalog.Catalog
}

// Server serves the description.
type Server struct {
	config Config
	last   atomic.Pointer[document]
}

// document is the description for one catalog.
type document struct {
	digest string
	root   Node
	text   []byte
	etag   string
}

// New returns a Server.
func New(config Config) (*Server, error) {
	s := &Server{config: config}
	_, err := s.current()
	return s, err
}

// current returns the description for the current catalog.
func (s *Server) current() (*document, error) {
	c := s.config.Catalog()
	if last := s.last.Load(); last != nil && last.digest == c.Digest() {
		return last, nil
	}
	root, err := Generated()
	if err != nil {
		return nil, fmt.Errorf("reading the description of the API: %w", err)
	}
	s.fill(root, c)
	text, err := root.JSON()
	if err != nil {
		return nil, fmt.Errorf("writing the description of the API: %w", err)
	}
	sum := sha256.Sum256(text)
	d := &document{digest: c.Digest(), root: root, text: text, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	s.last.Store(d)
	return d, nil
}

// Current returns the description, with the endpoints of the current catalog.
func (s *Server) Current() (Node, error) {
	d, err := s.current()
	if err != nil {
		return Node{}, err
	}
	return d.root, nil
}

// ServeHTTP is http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, err := s.current()
	if err != nil {
		panic(err) // New would have failed: a catalog that is accepted can be described
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("ETag", d.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.text))
}

// fill adds what this server decides: its name and addresses, and the catalog.
func (s *Server) fill(root Node, c *catalog.Catalog) {
	root.Get("info").With("title", Text(s.config.Product))
	root.With("servers", servers(s.config.APIURL))
	authorize := root.Get("paths", "/oauth/authorize")
	if s.config.PublicURL != s.config.APIURL {
		authorize.With("servers", servers(s.config.PublicURL))
	}
	scopes := Object()
	for _, scope := range c.Scopes() {
		scopes.With(scope.Name, Text(scope.Description))
	}
	flow := Object().With("authorizationUrl", Text(s.config.PublicURL+"/oauth/authorize")).
		With("tokenUrl", Text(s.config.APIURL+"/oauth/token")).With("refreshUrl", Text(s.config.APIURL+"/oauth/token")).With("scopes", scopes)
	root.Get("components").Child("securitySchemes").With("oauth", Object().
		With("type", Text("oauth2")).With("description", Text("An access token, `vdo_oat_…`.")).
		With("flows", Object().With("authorizationCode", flow)))
	addEndpoints(root.Get("paths"), c)
}

func servers(origin string) Node { return List(Object().With("url", Text(origin))) }
