package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// RouterConfig is what a Router stands on.
type RouterConfig struct {
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Tracing follows requests; nil follows none.
	Tracing *telemetry.Tracing
	// Timeout bounds what a handler may wait for.
	Timeout time.Duration
	// TLS says that browsers come over https, so that they must never come over http again.
	TLS bool
	// LogRefusals writes each refused request at the level INFO and not at DEBUG. Each is counted in any case.
	LogRefusals bool
	// PublicURL is where browsers reach our pages: a form of another origin is refused.
	PublicURL string
	// NotFound answers a path that is not routed.
	NotFound http.Handler
	// Forwarded watches for a proxy that nobody trusts; nil watches nothing.
	Forwarded *ForwardWatch
	// Problem answers in place of a handler, in the dialect of the address. Nil says the status and no more.
	Problem func(w http.ResponseWriter, r *http.Request, status int)
}

// Router routes by the exact path as it was sent: nothing is cleaned, decoded or redirected, so that no two components can
// read a path differently. Routes are added before it serves.
type Router struct {
	config RouterConfig
	routes map[string]*route
	// prefixes are the routes of Prefix, and open those of Under.
	prefixes, open []*route
}

// route is one path. Methods is nil where the handler judges the method itself.
type route struct {
	path    string
	methods map[string]http.Handler
	any     http.Handler
	// patient says that the handler bounds its own waiting.
	patient bool
}

// NewRouter makes a router without routes.
func NewRouter(c RouterConfig) *Router {
	return &Router{config: c, routes: map[string]*route{}}
}

// Handle routes every method of a path.
func (r *Router) Handle(path string, h http.Handler) { r.route(path).any = h }

// Prefix routes every path that begins with path, which ends in a slash, and that is not routed by itself. The handler judges
// the rest of the path, as it was sent, and the method.
func (r *Router) Prefix(path string, h http.Handler) {
	r.prefixes = append(r.prefixes, &route{path: path, any: h})
}

// Under routes every path that begins with prefix, which ends in a slash, and every path that another part might read as one:
// `//v1/x`, `/v1/../x` or `/%761/x` with `/v1/`. The handler judges the method, and the path as it was sent; it bounds its own
// waiting.
func (r *Router) Under(prefix string, h http.Handler) {
	r.open = append(r.open, &route{path: prefix, any: h, patient: true})
}

// Get routes GET and HEAD.
func (r *Router) Get(path string, h http.Handler) {
	r.route(path).methods[http.MethodGet] = h
	r.route(path).methods[http.MethodHead] = h
}

// Public routes GET, HEAD and OPTIONS of what every origin may read, preflights included.
func (r *Router) Public(path string, h http.Handler) {
	r.Get(path, h)
	found := r.route(path)
	found.methods[http.MethodOptions] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", found.allow())
		w.WriteHeader(http.StatusNoContent)
	})
	found.any = CORS(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.byMethod(found, w, req) }))
}

// Post routes a POST that any page may send.
func (r *Router) Post(path string, h http.Handler) { r.route(path).methods[http.MethodPost] = h }

// Form routes a POST of one of our own pages' forms; a form that comes from another site is refused.
func (r *Router) Form(path string, h http.Handler) { r.Post(path, r.ownForm(h)) }

func (r *Router) route(path string) *route {
	if r.routes[path] == nil {
		r.routes[path] = &route{path: path, methods: map[string]http.Handler{}}
	}
	return r.routes[path]
}

// ServeHTTP is http.Handler.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.pass(w, req, r.find(req)) }

// Reject answers a request that could not be read, or not in full, as the handlers of its address would refuse it.
func (r *Router) Reject(w http.ResponseWriter, req *http.Request, status int) {
	var refusal http.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.problem(w, req, status) })
	if found := r.find(req); found == nil || found.any != nil { // not a page's address, so that other origins may read it
		refusal = OpenCORS(refusal)
	}
	r.pass(w, req, &route{path: "rejected", any: refusal})
}

func (r *Router) pass(w http.ResponseWriter, req *http.Request, found *route) {
	begun := time.Now()
	if r.config.Forwarded != nil {
		r.config.Forwarded.See(req)
	}
	rec := &recorder{ResponseWriter: w}
	caller := req.Context()
	ctx, span := r.config.Tracing.Request(refusal.Begin(requestid.Begin(caller)), req, found.name())
	if found == nil || !found.patient {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.config.Timeout)
		defer cancel()
	}
	req = req.WithContext(ctx)
	defer func() {
		gone := errors.Is(caller.Err(), context.Canceled)
		r.finish(ctx, rec, finished{req, found, begun, span, gone, recover()})
	}()
	header := w.Header()
	header.Set(requestid.Header, requestid.From(ctx))
	header.Set("X-Content-Type-Options", "nosniff")
	if found == nil || !found.patient {
		// Several statuses may be stored by default, 404 and 405 among them (RFC 9110 §15.1), and during a rolling update another
		// release may have what this one lacks. A handler whose response may be stored says so.
		header.Set("Cache-Control", "no-store")
	}
	if len(req.TransferEncoding) > 0 {
		// A length beside the chunks is gone by now, and what stands before us may have believed it: what it takes for the
		// rest of this request would be the next one to us (RFC 9112 §6.1).
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

// name is what a route is called in figures and traces: never what a caller chose.
func (r *route) name() string {
	if r == nil {
		return "none"
	}
	return r.path
}

// find is the route of a request, or nil.
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
	var methods []string
	for method := range r.methods {
		methods = append(methods, method)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

type finished struct {
	request *http.Request
	route   *route
	begun   time.Time
	span    telemetry.Request
	// gone says that the caller did not wait for the answer.
	gone     bool
	panicked any
}

// statusGone is how a caller's going away is counted: it is nobody's failure.
const statusGone = 499

// finish counts and logs a request. Its address, headers and body are never logged: they hold secrets.
func (r *Router) finish(ctx context.Context, w *recorder, f finished) {
	cut := f.panicked == http.ErrAbortHandler //nolint:errorlint // the value that net/http names, thrown and never wrapped
	if f.panicked != nil && !cut {
		r.config.Logger.ErrorContext(ctx, "request panicked", "panic", fmt.Sprint(f.panicked), "stack", string(debug.Stack()))
		if w.status == 0 {
			r.problem(w, f.request, http.StatusInternalServerError)
		}
	}
	name, took, status := f.route.name(), time.Since(f.begun), w.code()
	if f.gone {
		status = statusGone
	}
	f.span.End(status)
	r.config.Metrics.HTTP(name, status, took)
	if !f.gone {
		r.refusals().Report(ctx, refusal.Response{Endpoint: name, Status: status, Upstream: f.route != nil && f.route.patient})
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
		panic(http.ErrAbortHandler) // ends the connection, so that a part of an answer is not taken for the whole
	}
}

func (r *Router) refusals() refusal.Reporter {
	return refusal.Reporter{Logger: r.config.Logger, Metrics: r.config.Metrics, Verbose: r.config.LogRefusals}
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter

	status int
}

// WriteHeader is http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // what goes before is not the answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
