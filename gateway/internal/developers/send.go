package developers

import (
	"bytes"
	"net/http"
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

// maxBody is how much of a response is read, in bytes: a token response is shorter.
const maxBody = 64 << 10

// Write is http.ResponseWriter. It drops what is beyond one byte more than maxBody, which shows that the
// response was longer.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body.Write(b[:min(len(b), max(0, maxBody+1-r.body.Len()))])
	return len(b), nil
}

// Flush is http.Flusher: the proxy of the API streams.
func (r *recorder) Flush() {}

// send makes a request of the playground as a client would, from the address of the browser. It goes
// through the router, so that every check, limit and log line is that of any other request. A response that
// breaks off, or that streams until the deadline, is cut.
func (c Console) send(v visit, req *http.Request) reply {
	req.RemoteAddr, req.Host, req.RequestURI = v.r.RemoteAddr, v.r.Host, req.URL.RequestURI()
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"} {
		if values := v.r.Header.Values(name); len(values) > 0 {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	res := &recorder{header: http.Header{}}
	whole := serve(c.Self, res, req)
	return reply{Status: res.status, Body: res.body.String(), Cut: !whole}.upTo(maxBody)
}

// serve calls a handler, and reports whether it wrote a whole response: the proxy of the API aborts one that
// breaks off, which would close the connection of the page.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (whole bool) {
	defer func() {
		if panicked := recover(); panicked != nil && panicked != http.ErrAbortHandler { //nolint:errorlint // net/http documents this value, and panics with it unwrapped
			panic(panicked)
		}
	}()
	h.ServeHTTP(w, r)
	return true
}

// upTo returns the response with at most limit bytes of its body, which ends with a whole character. A
// body that is no text is left out.
func (r reply) upTo(limit int) reply {
	if len(r.Body) > limit {
		r.Body, r.Cut = r.Body[:limit], true
	}
	if r.Cut {
		for range utf8.UTFMax - 1 {
			if last, size := utf8.DecodeLastRuneInString(r.Body); last == utf8.RuneError && size == 1 {
				r.Body = r.Body[:len(r.Body)-1] // a part of the character that is cut
			}
		}
	}
	if !utf8.ValidString(r.Body) {
		r.Body = ""
	}
	return r
}
