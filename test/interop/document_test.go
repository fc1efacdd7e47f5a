package interop

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
)

// clientDocuments are documents of public clients, at https addresses: the SDKs of MCP accept no other.
type clientDocuments struct {
	server *httptest.Server
	// read has the path of each document that was read.
	read sync.Map
}

// newClientDocuments serves documents, and writes the certificate of the server to a file.
func newClientDocuments(certificate string) (*clientDocuments, error) {
	d := &clientDocuments{}
	d.server = httptest.NewTLSServer(d)
	block := &pem.Block{Type: "CERTIFICATE", Bytes: d.server.Certificate().Raw}
	return d, os.WriteFile(certificate, pem.EncodeToMemory(block), 0o600)
}

// url returns the URL of a document, which is the client's identifier.
func (d *clientDocuments) url(name string) string { return d.server.URL + "/" + name + ".json" }

// wasRead reports whether a document was read. It is cached afterwards.
func (d *clientDocuments) wasRead(name string) bool {
	_, read := d.read.Load("/" + name + ".json")
	return read
}

// ServeHTTP is http.Handler.
func (d *clientDocuments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.read.Store(r.URL.Path, true)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"client_id": d.server.URL + r.URL.Path, "client_name": "Example", "token_endpoint_auth_method": "none",
		"redirect_uris": []string{"http://127.0.0.1/callback", "http://127.0.0.1/oauth/callback"},
		"grant_types":   []string{"authorization_code", "refresh_token"},
	})
}
