package httpx

import (
	"context"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/gateway/internal/requestlog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// MaxBody is the maximum length of a body in bytes (docs/wire-contract.md §4).
const MaxBody = 64 << 10

// The media types of the bodies that the gateway parses.
const (
	TypeForm = "application/x-www-form-urlencoded"
	TypeJSON = "application/json"
	// TypeUpload is that of a form with a file.
	TypeUpload = "multipart/form-data"
)

// ErrTooLarge is returned for a body longer than MaxBody.
var ErrTooLarge = errors.New("body is too large")

// MediaType returns the media type of a request's body where the body can be parsed in one way
// only. It returns an empty string where the type is missing, repeated or malformed, and where the
// body is compressed or its charset is no superset of ASCII, because two components could parse
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

// DeclaredType returns the media type of Content-Type even where the body cannot be parsed, to
// choose the format of an error response. It returns an empty string where Content-Type is missing,
// repeated or malformed.
func DeclaredType(r *http.Request) string {
	kind, _, _ := contentType(r)
	return kind
}

// Untyped reports whether a request has no Content-Type, or an empty one.
func Untyped(r *http.Request) bool {
	types := r.Header["Content-Type"]
	return len(types) == 0 || len(types) == 1 && strings.TrimSpace(types[0]) == ""
}

func contentType(r *http.Request) (kind string, params map[string]string, err error) {
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return "", nil, errContentType
	}
	return mime.ParseMediaType(types[0])
}

var errContentType = errors.New("media type is missing or repeated")

// supersetOfASCII reports whether a charset parameter may be ignored. Neither media type defines
// it: a form is percent-encoded ASCII, and JSON is UTF-8 (RFC 8259 §11). Libraries send it
// nevertheless: Apache HttpClient ISO-8859-1, others us-ascii or utf8. Bytes beyond ASCII must be
// UTF-8, whatever the parameter is.
func supersetOfASCII(charset string) bool {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252":
		return true
	}
	return false
}

// lingerTimeout is how long the server discards the rest of an unread body before it closes the
// connection.
const lingerTimeout = 500 * time.Millisecond

// CloseAfterResponse closes the connection after the response, because the rest of the body is not
// read. The response is sent at once. The server then reads and discards for a while, so that a
// client which is still sending receives the response and not a reset (RFC 9112 §9.6).
func CloseAfterResponse(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lingerTimeout)) // fails only where there is no connection, as in tests
}

// ReadBody reads a whole body. It returns ErrTooLarge for a body longer than MaxBody, and before it
// reads any where Content-Length is too large: a client that waits for 100 Continue does not send
// such a body. After any error the connection is closed with the response. The deadline of the handler's
// context begins when the body is read.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		CloseAfterResponse(w)
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	BeginDeadline(w, r)
	if err != nil || len(body) > MaxBody {
		CloseAfterResponse(w)
	}
	if len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	return body, err
}

// Uninterrupted returns a request whose context does not end when the client disconnects, for an act of
// several steps that must not stay half done. The deadline is that of the request.
func Uninterrupted(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithoutCancel(r.Context()), context.CancelFunc(func() {})
	if deadline, ok := r.Context().Deadline(); ok {
		ctx, cancel = context.WithDeadline(ctx, deadline)
	}
	return r.WithContext(ctx), cancel
}

// Seconds formats a Retry-After value: whole seconds, rounded up, at least 1 (RFC 9110 §10.2.3).
func Seconds(d time.Duration) string { return strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))) }

// Alone serves a handler that has no Router: it generates a request ID for each request, traces the
// request, and reports and records a refusal, under the endpoint's name.
func (c RouterConfig) Alone(endpoint string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		ctx, span := c.Tracing.Request(r.Context(), r, endpoint)
		defer func() { span.End(rec.code()) }()
		ctx = refusal.NewContext(requestid.Begin(ctx))
		w.Header().Set(requestid.Header, requestid.From(ctx))
		r = r.WithContext(ctx)
		h.ServeHTTP(rec, r)
		res := refusal.Response{Endpoint: endpoint, Status: rec.code()}
		if why, refused := refusal.Of(ctx, res); refused {
			c.Requests.Finish(r, requestlog.Finished{Endpoint: endpoint, Status: res.Status, Header: w.Header(), Refusal: why, Refused: true})
			c.Refusals.Report(ctx, res, why)
		}
	})
}

// Healthz is the liveness probe of load balancers.
func Healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n") // fails only where the client has disconnected
}

// Methods names the methods of a header Allow in a message: "GET, PUT or DELETE". HEAD and OPTIONS are left
// out, since a client that needs them knows that they come with GET.
func Methods(allow string) string {
	names := slices.DeleteFunc(strings.Split(allow, ", "), func(name string) bool {
		return name == http.MethodHead || name == http.MethodOptions
	})
	return oauth.JoinNames(names, "or")
}
