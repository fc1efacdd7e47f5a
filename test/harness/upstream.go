package harness

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// NewUpstream starts an API for `/v1` that responds to every request with 200, an empty list, and
// the request's headers, each under the prefix "Saw-". It runs until the test process exits.
func NewUpstream() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for name, values := range r.Header {
			w.Header()["Saw-"+name] = values
		}
		_, _ = io.WriteString(w, `{"data":[]}`) // the client may have disconnected
	}))
}
