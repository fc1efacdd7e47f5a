package httpauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// Checker authorizes a request; *usher.Client is one. An empty token is a request without one, and
// enforce.Malformed one that cannot be read. errors.As finds an *enforce.Denial in the error; any
// other error results in 503.
type Checker interface {
	Check(ctx context.Context, token, method, path string) (*usher.Token, error)
}

// Introspector introspects a token; *usher.Client is one. It returns usher.ErrInactive for a token
// that is not active, usher.ErrAddress for an API key of other networks; any other error results in 503.
type Introspector interface {
	Introspect(ctx context.Context, token string) (*usher.Token, error)
}

// RequestChecker is a Checker that checks DPoP proofs too; *usher.Client is one. Without it every token
// that is bound to a key is refused.
type RequestChecker interface {
	CheckRequest(ctx context.Context, r usher.Request) (*usher.Token, error)
}

type options struct {
	proofs   *enforce.Proofs
	nonces   *dpop.Nonces
	origin   string
	path     func(*http.Request) string
	source   func(*http.Request) string
	logger   *slog.Logger
	resource enforce.Resource
	// unknownPath limits the log line about a path that is not in the catalog to the first one.
	unknownPath *sync.Once
}

// Option changes a setting of the middleware.
type Option func(*options)

// WithPath sets the function that returns the path to check: by default, and with nil, the URL's path as
// it was sent. A service behind a proxy that rewrites paths returns the path that is in the catalog. It
// must be undecoded and without a query, and the handler must act on the same one.
func WithPath(path func(*http.Request) string) Option { return func(o *options) { o.path = path } }

// WithSource sets the function that returns the network address that a request came from, with or
// without a port: PeerAddress for a service that clients reach directly, and behind proxies the address
// that the first trusted one saw. Without this option an API key that is restricted to networks is
// refused, because the peer may be a proxy.
func WithSource(source func(*http.Request) string) Option {
	return func(o *options) { o.source = source }
}

// PeerAddress returns the address of the connection's peer, for WithSource.
func PeerAddress(r *http.Request) string { return r.RemoteAddr }

// WithResource sets the protected resource that RequireScope guards: it refuses an access token that
// was issued for others, and its challenges name the resource's metadata. New finds the resource of
// a path in the catalog, and ignores this option.
func WithResource(resource enforce.Resource) Option {
	return func(o *options) { o.resource = resource }
}

// WithOrigin sets the scheme, host and port at which clients call the service, such as
// https://api.example.com: RequireScope compares the proofs of tokens that are bound to a key with it
// (RFC 9449 §4.3), and never with the Host header. By default it is that of the resource's identifier;
// without either such tokens are refused. New finds it in the catalog, and ignores this option.
func WithOrigin(origin string) Option { return func(o *options) { o.origin = origin } }

// WithNonces makes a proof need a nonce of this service (RFC 9449 §9): a request without one gets 401 with
// use_dpop_nonce and the header DPoP-Nonce, and the client repeats it. All replicas share the key of the
// nonces. New ignores this option: a Client has them.
func WithNonces(nonces *dpop.Nonces) Option { return func(o *options) { o.nonces = nonces } }

// WithProofs sets the checker of proofs, which records those that were used. By default, and with nil, each
// middleware has one in the memory of this process; several share one so that they take the memory of one,
// and replicas may share a dpop.Replays of their own. New ignores this option: a Client has one.
func WithProofs(proofs *enforce.Proofs) Option { return func(o *options) { o.proofs = proofs } }

// WithLogger sets the logger, slog.Default by default; with nil nothing is logged. Each failed introspection is logged. A path
// that is not in the catalog is logged once per middleware, because it usually means that New is
// used around a service that needs RequireScope. Other denials are caused by the client and are not
// logged.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

func settings(opts []Option) options {
	o := options{unknownPath: &sync.Once{}}
	o.logger = slog.Default() //nolint:forbidigo // the default of a library; WithLogger replaces it
	for _, opt := range opts {
		opt(&o)
	}
	if o.path == nil {
		o.path = func(r *http.Request) string { return r.URL.EscapedPath() }
	}
	if o.source == nil {
		o.source = func(*http.Request) string { return "" }
	}
	if o.logger == nil {
		o.logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// checker returns the checker of proofs, with the nonces of WithNonces: in a copy, since other middleware
// may share it.
func (o options) checker() *enforce.Proofs {
	proofs := o.proofs
	if proofs == nil {
		proofs = enforce.NewProofs()
	}
	if o.nonces != nil {
		with := *proofs
		with.Nonces = o.nonces
		proofs = &with
	}
	return proofs
}

// New returns middleware that passes the requests on that the checker allows.
func New(c Checker, opts ...Option) func(http.Handler) http.Handler {
	o := settings(opts)
	return o.guard(func(r *http.Request, sent enforce.Credential) (*usher.Token, error) {
		if proving, ok := c.(RequestChecker); ok {
			return proving.CheckRequest(r.Context(), usher.Request{Credential: sent, Method: r.Method, Path: o.path(r)})
		}
		t, err := c.Check(r.Context(), sent.Token, r.Method, o.path(r))
		if err != nil || t == nil {
			return t, err
		}
		// It knows no URL that a proof could be for, so that a bound token is refused.
		return confirmed(new(enforce.Proofs).Confirm(r.Context(), sent, t.Thumbprint, enforce.Call{}), t)
	})
}

// RequireScope returns middleware that requires an access token with the scope, or an API key: an
// unrestricted one, which has no scopes and may do everything, or a restricted one with the scope. It does
// not check the plan. A handler that must refuse API keys checks the token's Kind.
//
// Without WithResource it accepts an access token that was issued for any resource that the token service
// shows this service: its own, and in development all. A service that is a protected resource names it.
func RequireScope(c Introspector, scope string, opts ...Option) func(http.Handler) http.Handler {
	o := settings(opts)
	if o.origin == "" {
		o.origin = o.resource.Origin()
	}
	proofs := o.checker()
	return o.guard(func(r *http.Request, sent enforce.Credential) (*usher.Token, error) {
		if sent.Token == "" || sent.Token == enforce.Malformed {
			return nil, o.resource.Challenge(sent.Inactive(), scope)
		}
		t, err := c.Introspect(r.Context(), sent.Token)
		switch {
		case errors.Is(err, usher.ErrAddress):
			return nil, o.resource.Challenge(enforce.OtherAddress(), scope)
		case errors.Is(err, usher.ErrInactive):
			return nil, o.resource.Challenge(sent.Inactive(), scope)
		case err != nil:
			return nil, err
		case t == nil:
			return nil, enforce.Unavailable()
		}
		call := enforce.Call{Method: r.Method, Origin: o.origin, Path: o.path(r)}
		if d := proofs.Confirm(r.Context(), sent, t.Thumbprint, call); d != nil {
			return nil, o.resource.Challenge(d, scope)
		}
		subject := t.EnforcedSubject()
		subject.Proved = true
		return confirmed(o.resource.RequireScope(subject, scope), t)
	})
}

// confirmed returns the token, or the denial as an error: a nil denial in an error is not nil.
func confirmed(d *enforce.Denial, t *usher.Token) (*usher.Token, error) {
	if d != nil {
		return nil, d
	}
	return t, nil
}

// guard reads the headers, calls check and writes a denial. A request without a readable token, for
// which check returns the denial, is never passed on.
func (o options) guard(check func(r *http.Request, sent enforce.Credential) (*usher.Token, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent := enforce.ReadCredential(r.Header["Authorization"], r.Header["Dpop"])
			if source := o.source(r); source != "" {
				r = r.WithContext(usher.WithSource(r.Context(), source))
			}
			t, err := check(r, sent)
			if err == nil && t != nil && sent.Token != "" && sent.Token != enforce.Malformed {
				next.ServeHTTP(w, r.WithContext(usher.NewContext(r.Context(), t)))
				return
			}
			deny(w, o.denialOf(r, err))
		})
	}
}

// denialOf converts an error to a denial. An error that is not a denial is a 503, and so is a nil
// token without an error. A disconnected client is not logged.
func (o options) denialOf(r *http.Request, err error) *enforce.Denial {
	ctx := r.Context()
	var d *enforce.Denial
	if !errors.As(err, &d) {
		d = enforce.Unavailable()
	}
	if d.Status >= http.StatusInternalServerError && ctx.Err() == nil {
		o.logger.LogAttrs(ctx, slog.LevelWarn, "token cannot be checked", slog.Any("error", err))
	}
	if d.Code == enforce.CodeNotFound {
		o.unknownPath.Do(func() {
			o.logger.LogAttrs(ctx, slog.LevelWarn, "path is not in the catalog: use httpauth.RequireScope for paths of your own",
				slog.String("method", r.Method), slog.String("path", o.path(r)))
		})
	}
	return d
}

// deny writes the documented response (docs/wire-contract.md §6).
func deny(w http.ResponseWriter, d *enforce.Denial) {
	for _, header := range d.Headers() {
		w.Header().Set(header.Name, header.Value)
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(d.JSON()) // fails only where the client has disconnected
}
