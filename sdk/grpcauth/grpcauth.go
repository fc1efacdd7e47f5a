package grpcauth

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// Introspector introspects a token; *usher.Client is one. It returns usher.ErrInactive for a token that
// is not active, usher.ErrAddress for an API key of other networks; any other error results in
// Unavailable.
type Introspector interface {
	Introspect(ctx context.Context, token string) (*usher.Token, error)
}

// Guard authorizes the calls of a server. It is immutable and may be used concurrently.
type Guard struct {
	introspector Introspector
	scopes       map[string]string
	public       map[string]bool
	resource     enforce.Resource
	origin       string
	source       func(context.Context) string
	proofs       *enforce.Proofs
	logger       *slog.Logger
}

// Option changes a setting of a guard.
type Option func(*Guard)

// WithPublic allows calls of methods, by their full names, without a token.
func WithPublic(methods ...string) Option {
	return func(g *Guard) {
		for _, method := range methods {
			g.public[method] = true
		}
	}
}

// WithResource sets the protected resource that the server is: an access token that was issued for
// others is refused.
func WithResource(resource enforce.Resource) Option {
	return func(g *Guard) { g.resource = resource }
}

// WithOrigin sets the scheme, host and port at which clients call the server, such as
// https://grpc.example.com: a DPoP proof is for POST and the URL of the method at it. By default it is
// that of the resource's identifier; without either a token that is bound to a key is refused.
func WithOrigin(origin string) Option { return func(g *Guard) { g.origin = origin } }

// WithSource sets the function that returns the network address that a call came from, with or without
// a port: PeerAddress for a server that clients reach directly, and behind proxies the address that the
// first trusted one saw. Without this option an API key that is restricted to networks is refused,
// because the peer may be a proxy.
func WithSource(source func(context.Context) string) Option {
	return func(g *Guard) { g.source = source }
}

// PeerAddress returns the address of the connection's peer, for WithSource; empty where it has none.
func PeerAddress(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// WithProofs sets the checker of proofs, which records those that were used. By default, and with nil, each
// guard has one in the memory of this process; several share one so that they take the memory of one, and
// replicas may share a dpop.Replays of their own. A nonce that it needs is not sent: a guard has no header
// for it.
func WithProofs(proofs *enforce.Proofs) Option { return func(g *Guard) { g.proofs = proofs } }

// WithLogger sets the logger for failed introspections; they are not logged by default, and with nil.
func WithLogger(logger *slog.Logger) Option { return func(g *Guard) { g.logger = logger } }

// New returns a guard with the scope that each method needs, by its full name
// `/package.Service/Method`. A method that is both in the map and public needs its scope.
//
// Without WithResource it accepts an access token that was issued for any resource that the token service
// shows this server: its own, and in development all. A server that is a protected resource names it.
func New(c Introspector, scopes map[string]string, opts ...Option) *Guard {
	g := &Guard{
		introspector: c, scopes: maps.Clone(scopes), public: map[string]bool{},
	}
	for _, opt := range opts {
		opt(g)
	}
	if g.proofs == nil {
		g.proofs = enforce.NewProofs()
	}
	if g.logger == nil {
		g.logger = slog.New(slog.DiscardHandler)
	}
	if g.origin == "" {
		g.origin = g.resource.Origin()
	}
	return g
}

// Unary returns the interceptor for unary calls.
func (g *Guard) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := g.authorize(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Stream returns the interceptor for streams.
func (g *Guard) Stream() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := g.authorize(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &authorizedStream{ServerStream: stream, ctx: ctx})
	}
}

// authorizedStream is a stream whose context has the token.
type authorizedStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context with the token.
func (s *authorizedStream) Context() context.Context { return s.ctx }

// authorize returns the context of an authorized call.
func (g *Guard) authorize(ctx context.Context, method string) (context.Context, error) {
	scope, listed := g.scopes[method]
	if !listed && g.public[method] {
		return ctx, nil
	}
	if g.source != nil { // for the handler too, which may introspect the token again
		ctx = usher.WithSource(ctx, g.source(ctx))
	}
	t, err := g.token(ctx, method)
	if err != nil {
		return nil, err
	}
	if !listed {
		return nil, methodDenied()
	}
	subject := t.EnforcedSubject()
	subject.Proved = true // by token
	if d := g.resource.RequireScope(subject, scope); d != nil {
		return nil, statusOf(d, scope)
	}
	return usher.NewContext(ctx, t), nil
}

// token returns the caller's token, if it is active and the call proves its key.
func (g *Guard) token(ctx context.Context, method string) (*usher.Token, error) {
	sent := enforce.ReadCredential(metadata.ValueFromIncomingContext(ctx, "authorization"), metadata.ValueFromIncomingContext(ctx, "dpop"))
	if sent.Token == "" || sent.Token == enforce.Malformed {
		return nil, statusOf(sent.Inactive(), "")
	}
	t, err := g.introspector.Introspect(ctx, sent.Token)
	switch {
	case errors.Is(err, usher.ErrAddress):
		return nil, statusOf(enforce.OtherAddress(), "")
	case errors.Is(err, usher.ErrInactive):
		return nil, statusOf(sent.Inactive(), "")
	case err != nil || t == nil:
		if ctx.Err() == nil { // the client has not cancelled the call
			g.logger.LogAttrs(ctx, slog.LevelWarn, "token cannot be checked", slog.Any("error", err))
		}
		return nil, statusOf(enforce.Unavailable(), "")
	}
	call := enforce.Call{Method: "POST", Origin: g.origin, Path: method}
	if d := g.proofs.Confirm(ctx, sent, t.Thumbprint, call); d != nil {
		return nil, statusOf(d, "")
	}
	return t, nil
}
