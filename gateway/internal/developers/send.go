package developers

import (
	"bytes"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// recorder is the response to a request that this process makes to itself.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader is http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
}

// Write is http.ResponseWriter. It drops what is beyond the part that is shown.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body.Write(b[:min(len(b), max(0, maxReply-r.body.Len()))])
	return len(b), nil
}

// Flush is http.Flusher: the proxy of the API streams.
func (r *recorder) Flush() {}

// send makes a request of the playground as a client would, from the address of the browser. It goes
// through the router, so that every check, limit and log line is that of any other request.
func (c Console) send(v visit, req *http.Request) reply {
	req.RemoteAddr, req.Host, req.RequestURI = v.r.RemoteAddr, v.r.Host, req.URL.RequestURI()
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"} {
		if values := v.r.Header.Values(name); len(values) > 0 {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	res := &recorder{header: http.Header{}}
	c.Self.ServeHTTP(res, req)
	body := res.body.String()
	if !utf8.ValidString(body) {
		body = ""
	}
	return reply{Status: res.status, Body: body}
}

func keysOfForm(form url.Values) iter.Seq[string] { return maps.Keys(form) }
