package httpx

import (
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// MaxBody is the longest body that is read (docs/wire-contract.md §4).
const MaxBody = 64 << 10

// The media types that are read.
const (
	TypeForm = "application/x-www-form-urlencoded"
	TypeJSON = "application/json"
)

// ErrTooLarge is a body longer than MaxBody.
var ErrTooLarge = errors.New("body is too large")

// MediaType is the media type of a request's body, when that body can be read; empty when the type is missing, repeated or
// malformed, and when the body is compressed or in a character set that is no superset of ASCII: two components could read
// such a body differently.
func MediaType(r *http.Request) string {
	kind, params, err := contentType(r)
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return ""
	}
	if err != nil || !supersetOfASCII(params["charset"]) {
		return ""
	}
	return kind
}

// DeclaredType is the media type that a request names, also where its body cannot be read: an error is written for that type.
// Empty when the request names none, or names it more than once.
func DeclaredType(r *http.Request) string {
	kind, _, _ := contentType(r)
	return kind
}

// Untyped reports whether a request has no media type.
func Untyped(r *http.Request) bool {
	types := r.Header["Content-Type"]
	return len(types) == 0 || len(types) == 1 && strings.TrimSpace(types[0]) == ""
}

func contentType(r *http.Request) (kind string, params map[string]string, err error) {
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return "", nil, errType
	}
	return mime.ParseMediaType(types[0])
}

var errType = errors.New("media type is missing or repeated")

// supersetOfASCII reports whether a charset parameter changes nothing for a body of ours. Neither type defines the parameter:
// a form is percent-encoded ASCII, and JSON is UTF-8 (RFC 8259 §11). Libraries send it all the same: Apache HttpClient
// ISO-8859-1, others us-ascii or utf8. What is not ASCII in such a body must be UTF-8, whatever the parameter says.
func supersetOfASCII(charset string) bool {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252":
		return true
	}
	return false
}

// farewell is how long the rest of a body that is not read may keep the connection from closing its sending side.
const farewell = 500 * time.Millisecond

// LeaveBody has the connection end with the response, because the rest of the body is not read. The response goes out at once.
// The server reads on and discards for a while then, so that a client which is still sending gets to read it (RFC 9112 §9.6).
func LeaveBody(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(farewell)) // without a connection there is no deadline
}

// ReadBody reads a body whole. It fails with ErrTooLarge past the limit, and at once when the length that was announced is past
// it: a client that waits for 100 Continue is not asked to send such a body. Whenever it fails, the connection ends with the
// response.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		LeaveBody(w)
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil || len(body) > MaxBody {
		LeaveBody(w)
	}
	if len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	return body, err
}

// Seconds is a Retry-After: whole seconds, at least one, and never too few.
func Seconds(d time.Duration) string { return strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))) }

// Named draws an id for each request that does not come through a Router, and reports what is refused at the endpoint.
func Named(endpoint string, refusals refusal.Reporter, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := refusal.Begin(requestid.Begin(r.Context()))
		w.Header().Set(requestid.Header, requestid.From(ctx))
		rec := &recorder{ResponseWriter: w}
		h.ServeHTTP(rec, r.WithContext(ctx))
		refusals.Report(ctx, refusal.Response{Endpoint: endpoint, Status: rec.code()})
	})
}

// Alive is the bare sign of life that load balancers ask for.
func Alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n") // the probe has gone: nothing to do
}
