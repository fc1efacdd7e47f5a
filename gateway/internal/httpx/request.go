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

	"github.com/rs/cors"

	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// MaxBody is the longest body that is read (the wire contract, §4).
const MaxBody = 64 << 10

// The media types that are read.
const (
	TypeForm = "application/x-www-form-urlencoded"
	TypeJSON = "application/json"
)

// ErrTooLarge is a body longer than MaxBody.
var ErrTooLarge = errors.New("body is too large")

// MediaType is a request's media type, or empty when it is missing, repeated, compressed, or of another character set than
// UTF-8: two components could read such a body differently.
func MediaType(r *http.Request) string {
	types := r.Header.Values("Content-Type")
	if len(types) != 1 {
		return ""
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return ""
	}
	kind, params, err := mime.ParseMediaType(types[0])
	if charset := params["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return ""
	}
	return kind
}

// farewell is how long a connection whose body is not read to its end may go on after the answer: what was on its way may
// arrive, so that the client sees the answer and not a broken connection.
const farewell = 500 * time.Millisecond

// ReadBody reads a body whole. Past the limit it answers ErrTooLarge, and the connection ends with the answer: nobody reads
// what is left of such a body, and nobody waits for it.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil || len(body) > MaxBody {
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(farewell)) // without a connection there is no deadline
	}
	if len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	return body, err
}

// Seconds is a Retry-After: whole seconds, at least one, and never too few.
func Seconds(d time.Duration) string { return strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))) }

// ownForm refuses what a page of ours would not send.
func ownForm(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if MediaType(r) != TypeForm {
			http.Error(w, "This address takes the form of our own page.", http.StatusUnsupportedMediaType)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// CORS lets an app that runs in a browser read the answers: never with cookies, so that any origin may.
func CORS(h http.Handler) http.Handler {
	return share(h, cors.Options{
		AllowedMethods: []string{http.MethodGet, http.MethodPost}, AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
}

// OpenCORS is CORS for an API whose methods and headers are not ours to know.
func OpenCORS(h http.Handler) http.Handler {
	return share(h, cors.Options{
		AllowedMethods: []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		},
		AllowedHeaders: []string{"*"},
	})
}

func share(h http.Handler, options cors.Options) http.Handler {
	options.AllowedOrigins, options.MaxAge = []string{"*"}, 600
	options.ExposedHeaders = []string{"Retry-After", "WWW-Authenticate", requestid.Header}
	shared := cors.New(options).Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Origin"]) == 0 { // not a browser's doing, as most requests are
			w.Header()["Vary"] = []string{"Origin"}
			h.ServeHTTP(w, r)
			return
		}
		shared.ServeHTTP(w, r)
	})
}

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
