package httpx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/gateway/internal/requestlog"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// RouterConfig is the configuration of a Router.
type RouterConfig struct {
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Tracing traces requests; nil traces none.
	Tracing *telemetry.Tracing
	// Timeout is the deadline of a handler's context. It begins when the body is read, where there is one.
	Timeout time.Duration
	// TLS is true where browsers use https. Responses then have Strict-Transport-Security (RFC
	// 6797).
	TLS bool
	// Refusals logs and counts each refused request.
	Refusals refusal.Reporter
	// PublicURL is the origin of the gateway's pages: a form of another origin is rejected.
	PublicURL string
	// NotFound serves a path without a route.
	NotFound http.Handler
	// Requests records finished requests for the request log; nil records none.
	Requests *requestlog.Recorder
	// Forwarded detects a proxy that is not trusted; nil is disabled.
	Forwarded *ForwardWatch
	// Problem writes an error response in the format of the path. Nil writes the status text.
	Problem func(w http.ResponseWriter, r *http.Request, status int)
}

// Router matches the exact path as it was sent: it does not clean, decode or redirect, so that no
// two components interpret a path differently. Add all routes before serving.
type Router struct {
	config RouterConfig
	routes map[string]*route
	// prefixes are the routes of Prefix; open are those of Under.
	prefixes, open []*route
}

// route is a path or a prefix. Its any serves every method, where it is not nil.
type route struct {
	path    string
	methods map[string]http.Handler
	any     http.Handler
	// ownDeadline is true where the handler sets its own deadlines.
	ownDeadline bool
}

// NewRouter returns a router without routes.
func NewRouter(c RouterConfig) *Router {
	return &Router{config: c, routes: map[string]*route{}}
}

// Handle routes every method of a path.
func (r *Router) Handle(path string, h http.Handler) { r.route(path).any = h }

// Prefix routes every path that begins with path, which ends in a slash, and that has no exact
// route. The handler checks the rest of the path, as it was sent, and the method.
func (r *Router) Prefix(path string, h http.Handler) {
	r.prefixes = append(r.prefixes, &route{path: path, any: h})
}

// Under routes every path that begins with prefix, which ends in a slash, and every path that
// another component might interpret as one: `//v1/x`, `/v1/../x` or `/%761/x` with `/v1/`. The
// handler checks the method, and the path as it was sent. It sets its own deadlines.
func (r *Router) Under(prefix string, h http.Handler) {
	r.open = append(r.open, &route{path: prefix, any: h, ownDeadline: true})
}

// Get routes GET and HEAD.
func (r *Router) Get(path string, h http.Handler) {
	r.route(path).methods[http.MethodGet] = h
	r.route(path).methods[http.MethodHead] = h
}

// Public routes GET, HEAD and OPTIONS of a resource that every origin may read, including
// preflights.
func (r *Router) Public(path string, h http.Handler) {
	r.public(r.route(path), h)
}

func (r *Router) public(found *route, h http.Handler) {
	found.methods[http.MethodGet], found.methods[http.MethodHead] = h, h
	found.methods[http.MethodOptions] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", found.allow())
		w.WriteHeader(http.StatusNoContent)
	})
	found.any = CORS(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.byMethod(found, w, req) }))
}

// PublicPrefix is Public for every path that begins with prefix and has no exact route.
func (r *Router) PublicPrefix(prefix string, h http.Handler) {
	found := &route{path: prefix, methods: map[string]http.Handler{}}
	r.public(found, h)
	r.prefixes = append(r.prefixes, found)
}

// Post routes a POST from any origin.
func (r *Router) Post(path string, h http.Handler) { r.route(path).methods[http.MethodPost] = h }

// Form routes a POST of a form on one of the gateway's own pages; a form from another origin is
// rejected.
func (r *Router) Form(path string, h http.Handler) { r.Post(path, r.requireSameOrigin(h)) }

// Pages routes every path that begins with prefix, which ends in a slash, and has no exact route: GET and
// HEAD to page, and the POST of a form on one of the gateway's own pages, which may have a file, to form.
func (r *Router) Pages(prefix string, page, form http.Handler) {
	r.prefixes = append(r.prefixes, &route{path: prefix, methods: map[string]http.Handler{
		http.MethodGet: page, http.MethodHead: page, http.MethodPost: r.requireSameOrigin(form, TypeUpload),
	}})
}

func (r *Router) route(path string) *route {
	if r.routes[path] == nil {
		r.routes[path] = &route{path: path, methods: map[string]http.Handler{}}
	}
	return r.routes[path]
}

// ServeHTTP is http.Handler.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.serve(w, req, r.find(req)) }

// Reject responds to a request that could not be parsed, or not completely, in the format of its
// path.
func (r *Router) Reject(w http.ResponseWriter, req *http.Request, status int) {
	var refusal http.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.problem(w, req, status) })
	if found := r.find(req); found == nil || found.any != nil { // not a page: other origins may read the response
		refusal = OpenCORS(refusal)
	}
	r.serve(w, req, &route{path: "rejected", any: refusal})
}

func (r *Router) serve(w http.ResponseWriter, req *http.Request, found *route) {
	start := time.Now()
	if r.config.Forwarded != nil {
		r.config.Forwarded.Observe(req)
	}
	rec := &recorder{ResponseWriter: w}
	caller := req.Context()
	noted := r.config.Requests.NewContext(refusal.NewContext(requestid.Begin(caller)), found.name())
	ctx, span := r.config.Tracing.Request(noted, req, found.name())
	if found == nil || !found.ownDeadline {
		var cancel context.CancelFunc
		ctx, cancel = withDeadline(ctx, req, r.config.Timeout)
		defer cancel()
	}
	req = req.WithContext(ctx)
	defer func() {
		gone := errors.Is(caller.Err(), context.Canceled)
		r.finish(ctx, rec, finished{req, found, start, span, gone, recover()})
	}()
	header := w.Header()
	header.Set(requestid.Header, requestid.From(ctx))
	header.Set("X-Content-Type-Options", "nosniff")
	if found == nil || !found.ownDeadline {
		// A cache may store several statuses by default, 404 and 405 among them (RFC 9110 §15.1),
		// and during a rolling update the other release may have the route that this one lacks. A
		// handler whose response may be stored overrides this header.
		header.Set("Cache-Control", "no-store")
	}
	if len(req.TransferEncoding) > 0 {
		// net/http has dropped a Content-Length beside the chunks, but a proxy before the gateway
		// may have used it, and could send the rest of this request's body as the next request (RFC
		// 9112 §6.1).
		header.Set("Connection", "close")
	}
	if r.config.TLS {
		header.Set("Strict-Transport-Security", "max-age=63072000")
	}
	if found == nil {
		r.config.NotFound.ServeHTTP(rec, req)
		return
	}
	if found.any != nil {
		found.any.ServeHTTP(rec, req)
		return
	}
	r.byMethod(found, rec, req)
}

// name returns the route's name in metrics and traces, which contains no part of the request.
func (r *route) name() string {
	if r == nil {
		return "none"
	}
	return r.path
}

// find returns the route of a request, or nil.
func (r *Router) find(req *http.Request) *route {
	sent := req.URL.EscapedPath()
	if found := r.routes[sent]; found != nil {
		return found
	}
	for _, prefix := range r.prefixes {
		if strings.HasPrefix(sent, prefix.path) {
			return prefix
		}
	}
	for _, open := range r.open {
		if strings.HasPrefix(sent, open.path) || strings.HasPrefix(path.Clean("/"+req.URL.Path)+"/", open.path) {
			return open
		}
	}
	return nil
}

func (r *Router) byMethod(found *route, w http.ResponseWriter, req *http.Request) {
	if handler := found.methods[req.Method]; handler != nil {
		handler.ServeHTTP(w, req)
		return
	}
	w.Header().Set("Allow", found.allow())
	r.problem(w, req, http.StatusMethodNotAllowed)
}

func (r *Router) problem(w http.ResponseWriter, req *http.Request, status int) {
	if r.config.Problem == nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	r.config.Problem(w, req, status)
}

func (r *route) allow() string {
	return strings.Join(slices.Sorted(maps.Keys(r.methods)), ", ")
}

type finished struct {
	request *http.Request
	route   *route
	start   time.Time
	span    telemetry.Request
	// gone is true where the client disconnected before the response.
	gone     bool
	panicked any
}

// statusGone is the status in the metric for a request whose client disconnected, which is not an
// error of the server.
const statusGone = 499

// finish logs and counts a request. It never logs the address, headers or body, which hold secrets.
func (r *Router) finish(ctx context.Context, w *recorder, f finished) {
	cut := f.panicked == http.ErrAbortHandler //nolint:errorlint // net/http documents this value, and panics with it unwrapped
	if f.panicked != nil && !cut {
		r.config.Logger.ErrorContext(ctx, "request panicked", "panic", fmt.Sprint(f.panicked), "stack", string(debug.Stack()))
		if w.status == 0 {
			r.problem(w, f.request, http.StatusInternalServerError)
		}
	}
	name, took, status := f.route.name(), time.Since(f.start), w.code()
	if f.gone {
		status = statusGone
	}
	f.span.End(status)
	r.config.Metrics.HTTP(name, status, took)
	if !f.gone {
		res := refusal.Response{Endpoint: name, Status: status, Upstream: f.route != nil && f.route.ownDeadline}
		why, refused := refusal.Of(ctx, res)
		r.config.Requests.Finish(f.request, requestlog.Finished{Endpoint: name, Status: status, Header: w.Header(), Refusal: why, Refused: refused})
		if refused {
			r.config.Refusals.Report(ctx, res, why)
		}
	}
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	if r.config.Logger.Enabled(ctx, level) {
		r.config.Logger.LogAttrs(ctx, level, "request",
			slog.String("route", name), slog.Int("status", status), slog.Duration("took", took))
	}
	if cut {
		panic(http.ErrAbortHandler) // closes the connection, so that the client sees a truncated response
	}
}

// recorder records the status.
type recorder struct {
	http.ResponseWriter

	status int
}

// WriteHeader is http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // an interim response (1xx) is not the final one
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	w.status = cmp.Or(w.status, http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int { return cmp.Or(w.status, http.StatusOK) }
