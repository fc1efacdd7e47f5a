package httpauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// Checker decides whether a token opens an endpoint; *usher.Client is one. The error is, for errors.As, an *enforce.Denial;
// any other counts as "cannot be known".
type Checker interface {
	Check(ctx context.Context, token, method, path string) (*usher.Token, error)
}

// Introspector says what a token stands for; *usher.Client is one. The error for a token that opens nothing is
// usher.ErrInactive; any other counts as "cannot be known".
type Introspector interface {
	Introspect(ctx context.Context, token string) (*usher.Token, error)
}

type options struct {
	path   func(*http.Request) string
	logger *slog.Logger
	// unknownPath logs the first path that the catalog does not know.
	unknownPath *sync.Once
}

// Option changes a setting of the middleware.
type Option func(*options)

// WithPath says which path is judged: the URL's as it was sent, unless told otherwise. A service behind something that rewrites paths
// names the one that the catalog knows. It must be undecoded and without a query, and be what the handler behind acts on.
func WithPath(path func(*http.Request) string) Option { return func(o *options) { o.path = path } }

// WithLogger sets the logger, slog.Default unless told otherwise. A token that cannot be introspected is logged each time. A path
// that the catalog does not know is logged once a middleware, because it is usually New around a service whose paths belong to
// RequireScope. Other denials are the sender's business and are not logged.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

func settings(opts []Option) options {
	o := options{path: func(r *http.Request) string { return r.URL.EscapedPath() }, unknownPath: &sync.Once{}}
	o.logger = slog.Default() //nolint:forbidigo // the default of a library; WithLogger hands another one in
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// New is middleware that lets through what the checker allows.
func New(c Checker, opts ...Option) func(http.Handler) http.Handler {
	o := settings(opts)
	return o.guard(func(r *http.Request, token string) (*usher.Token, error) {
		return c.Check(r.Context(), token, r.Method, o.path(r))
	})
}

// RequireScope is middleware that lets through an access token that has the scope, and an API key, which no scope binds; the plan
// is not looked at. A handler that is not for keys looks at the token's Kind.
func RequireScope(c Introspector, scope string, opts ...Option) func(http.Handler) http.Handler {
	return settings(opts).guard(func(r *http.Request, token string) (*usher.Token, error) {
		t, err := c.Introspect(r.Context(), token)
		if errors.Is(err, usher.ErrInactive) {
			return nil, enforce.Inactive(token)
		}
		if err != nil {
			return nil, err
		}
		if d := enforce.RequireScope(enforce.Subject{Kind: t.Kind, Scopes: t.Scopes, Plan: t.Plan}, scope); d != nil {
			return nil, d
		}
		return t, nil
	})
}

// guard reads the header, judges and answers. judge is asked only when a token was sent.
func (o options) guard(judge func(*http.Request, string) (*usher.Token, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, sent := enforce.Bearer(r.Header["Authorization"])
			if token == "" { // none, or one that cannot be right and is never active
				deny(w, enforce.Unauthenticated(sent))
				return
			}
			t, err := judge(r, token)
			if err == nil && t != nil {
				next.ServeHTTP(w, r.WithContext(usher.NewContext(r.Context(), t)))
				return
			}
			deny(w, o.denialOf(r, err))
		})
	}
}

// denialOf reads an error. What is no denial is an outage, and so is a checker that says neither; a sender who left is no outage.
func (o options) denialOf(r *http.Request, err error) *enforce.Denial {
	ctx := r.Context()
	var d *enforce.Denial
	if !errors.As(err, &d) {
		d = enforce.Unavailable()
	}
	if d.Status >= http.StatusInternalServerError && ctx.Err() == nil {
		o.logger.LogAttrs(ctx, slog.LevelWarn, "token cannot be judged", slog.Any("error", err))
	}
	if d.Code == enforce.CodeNotFound {
		o.unknownPath.Do(func() {
			o.logger.LogAttrs(ctx, slog.LevelWarn, "path is not in the catalog: use httpauth.RequireScope for paths of your own",
				slog.String("method", r.Method), slog.String("path", o.path(r)))
		})
	}
	return d
}

// deny writes the documented answer (docs/wire-contract.md §6).
func deny(w http.ResponseWriter, d *enforce.Denial) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if d.Challenge != "" {
		h.Set("WWW-Authenticate", d.Challenge)
	}
	if d.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", enforce.RetryAfter)
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(d.JSON()) //nolint:gosec // JSON; and a sender who is gone misses nothing
}
