// Package requestid names a request by one id in every line that it leaves in a log, in whichever process.
//
// It owns the id and its way: drawn where a request comes in, sent along with calls to our own services, believed from our own
// services alone. It is no secret and proves nothing.
package requestid

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"

	"github.com/vidocu/usher/internal/platform/policy"
)

// header is where the id stands in a call's metadata.
const header = "usher-request-id"

// Header is where the id stands in every response to a request from outside, in http.Header's spelling. In a request it means
// nothing: the id is always ours.
const Header = "Usher-Request-Id"

type key struct{}

// Begin draws an id for a request that comes in.
func Begin(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, New()) }

// New draws an id, a version 4 UUID.
func New() string { return uuid.NewString() }

// From is the id of the request that ctx belongs to; empty where there is none. It costs nothing until it is asked for.
func From(ctx context.Context) string {
	if id, ok := ctx.Value(key{}).(string); ok {
		return id
	}
	if ids := metadata.ValueFromIncomingContext(ctx, header); len(ids) == 1 && policy.Own(ctx) {
		return ids[0]
	}
	return ""
}

// Forward sends the id along with a call that is made with the answer.
func Forward(ctx context.Context) context.Context {
	id := From(ctx)
	if id == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, header, id)
}

// Attrs is what a log line says of its request.
func Attrs(ctx context.Context) []slog.Attr {
	id := From(ctx)
	if id == "" {
		return nil
	}
	return []slog.Attr{slog.String("request_id", id)}
}
