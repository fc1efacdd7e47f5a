package httpserver

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// reject returns the response that replaces net/http's own, in wire format.
func (s *Server) reject(own, head []byte) []byte {
	status := http.StatusBadRequest
	if fields := bytes.Fields(own[:min(len(own), 64)]); len(fields) > 1 {
		if sent, err := strconv.Atoi(string(fields[1])); err == nil {
			status = sent
		}
	}
	w := &response{header: http.Header{}}
	r := readable(head)
	s.rejecter.Reject(w, r, status)
	return w.bytes(r.Method != http.MethodHead)
}

// readable parses the readable part of a malformed request: the method, the path and the headers
// that select the format of the response. Everything else is left out, so that nothing is served by
// it.
func readable(head []byte) *http.Request {
	r := (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/"}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody,
	}).WithContext(context.Background())
	line, rest, _ := strings.Cut(string(head), "\n")
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return r
	}
	r.Method = fields[0]
	target, _, _ := strings.Cut(fields[1], "?")
	u, err := url.ParseRequestURI(target)
	switch {
	case err == nil && strings.HasPrefix(u.Path, "/"):
		r.URL = u
	case err != nil && strings.HasPrefix(target, "/"):
		r.URL = &url.URL{Path: target} // it cannot be decoded, but its beginning selects the format
	}
	for line := range strings.SplitSeq(rest, "\n") {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
		if !found {
			break // the end of the head, or the first unreadable line
		}
		switch name = textproto.CanonicalMIMEHeaderKey(name); name {
		case "Accept", "Content-Type", "Origin":
			r.Header[name] = append(r.Header[name], strings.TrimSpace(value))
		}
	}
	return r
}

// response is a response in memory.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader is http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write is http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// bytes returns the response in wire format; it closes the connection.
func (w *response) bytes(withBody bool) []byte {
	w.WriteHeader(http.StatusOK)
	w.header.Set("Connection", "close")
	w.header.Set("Content-Length", strconv.Itoa(w.body.Len()))
	w.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", w.status, http.StatusText(w.status))
	_ = w.header.Write(&b) // writes to a buffer never fail
	b.WriteString("\r\n")
	if withBody {
		b.Write(w.body.Bytes())
	}
	return b.Bytes()
}
