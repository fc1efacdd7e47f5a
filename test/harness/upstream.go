package harness

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// NewUpstream is an API behind `/v1` that answers everything with 200, an empty list, and the request's identity headers. It
// runs until the test process ends.
func NewUpstream() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for name, values := range r.Header {
			w.Header()["Saw-"+name] = values
		}
		_, _ = io.WriteString(w, `{"data":[]}`) // whoever asked has gone
	}))
}
