// Package requestid identifies a request by one id in its log lines in every process.
//
// It owns the id and its propagation: it is generated where a request arrives, sent with calls to
// our own services, and accepted from our own services only. It is not a secret and proves nothing.
package requestid

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"

	"github.com/vidocu/usher/internal/platform/policy"
)

// header is the metadata key of the id in a call.
const header = "usher-request-id"

// Header is the header of the id in every response to a request from outside, in http.Header's
// spelling. It is ignored in requests: the id is always ours.
const Header = "Usher-Request-Id"

type key struct{}

// Begin generates an id for an incoming request.
func Begin(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, New()) }

// New generates an id, a version 4 UUID.
func New() string { return uuid.NewString() }

// From returns the id of the request that ctx belongs to; empty if there is none. It is computed on
// demand.
func From(ctx context.Context) string {
	if id, ok := ctx.Value(key{}).(string); ok {
		return id
	}
	if ids := metadata.ValueFromIncomingContext(ctx, header); len(ids) == 1 && policy.Own(ctx) {
		return ids[0]
	}
	return ""
}

// Forward adds the id to the outgoing metadata of ctx.
func Forward(ctx context.Context) context.Context {
	id := From(ctx)
	if id == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, header, id)
}

// Attrs returns the request's attributes of a log line.
func Attrs(ctx context.Context) []slog.Attr {
	id := From(ctx)
	if id == "" {
		return nil
	}
	return []slog.Attr{slog.String("request_id", id)}
}
