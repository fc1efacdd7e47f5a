package grpcauth

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// Introspector says what a token stands for; *usher.Client is one. The error for a token that opens nothing is
// usher.ErrInactive; any other counts as "cannot be known".
type Introspector interface {
	Introspect(ctx context.Context, token string) (*usher.Token, error)
}

// Guard judges the calls of a server. It never changes and may be used concurrently.
type Guard struct {
	introspector Introspector
	scopes       map[string]string
	public       map[string]bool
	logger       *slog.Logger
}

// Option changes a setting of a guard.
type Option func(*Guard)

// WithPublic opens methods, by their full names, to everybody, without looking at a token.
func WithPublic(methods ...string) Option {
	return func(g *Guard) {
		for _, method := range methods {
			g.public[method] = true
		}
	}
}

// WithLogger tells why a token could not be judged.
func WithLogger(logger *slog.Logger) Option { return func(g *Guard) { g.logger = logger } }

// New makes a guard from the scope that each method needs, by its full name `/package.Service/Method`. A method that is
// both there and public needs its scope.
func New(c Introspector, scopes map[string]string, opts ...Option) *Guard {
	g := &Guard{introspector: c, scopes: maps.Clone(scopes), public: map[string]bool{}, logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(g)
	}
	return g
}

// Unary is the interceptor for calls with one answer.
func (g *Guard) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := g.judge(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Stream is the interceptor for streams.
func (g *Guard) Stream() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := g.judge(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &guarded{ServerStream: stream, ctx: ctx})
	}
}

// guarded is a stream whose context has the token.
type guarded struct {
	grpc.ServerStream
	ctx context.Context
}

// Context has the token.
func (s *guarded) Context() context.Context { return s.ctx }

// judge returns the context of a call that may go on.
func (g *Guard) judge(ctx context.Context, method string) (context.Context, error) {
	scope, known := g.scopes[method]
	if !known && g.public[method] {
		return ctx, nil
	}
	t, err := g.token(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, methodDenied()
	}
	if d := enforce.RequireScope(enforce.Subject{Kind: t.Kind, Scopes: t.Scopes, Plan: t.Plan}, scope); d != nil {
		return nil, statusOf(d, scope)
	}
	return usher.NewContext(ctx, t), nil
}

// token is the caller's, if it is active.
func (g *Guard) token(ctx context.Context) (*usher.Token, error) {
	token, sent := enforce.Bearer(metadata.ValueFromIncomingContext(ctx, "authorization"))
	if token == "" {
		return nil, statusOf(enforce.Unauthenticated(sent), "")
	}
	t, err := g.introspector.Introspect(ctx, token)
	switch {
	case errors.Is(err, usher.ErrInactive):
		return nil, statusOf(enforce.Inactive(token), "")
	case err != nil || t == nil:
		if ctx.Err() == nil { // a caller who left is no outage
			g.logger.LogAttrs(ctx, slog.LevelWarn, "token cannot be judged", slog.Any("error", err))
		}
		return nil, statusOf(enforce.Unavailable(), "")
	}
	return t, nil
}
