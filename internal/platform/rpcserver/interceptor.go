package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// callLimit is the deadline of a call whose caller set none.
const callLimit = 10 * time.Second

// interceptor wraps every call: authorization, deadline, metrics, log, and the error that is
// returned. It is one function and not a chain, because introspection passes it a hundred thousand
// times a second.
type interceptor struct {
	options Options
	policy  *policy.Policy
	metrics map[string]*telemetry.Method
	// foreign are the methods of services that are not ours: their errors are returned unchanged.
	foreign map[string]bool
}

func (i *interceptor) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (res any, err error) {
	begun := time.Now()
	defer func() {
		err = i.finish(ctx, call{method: info.FullMethod, begun: begun, err: err, panicked: recover()})
	}()
	if err := i.policy.Check(ctx, info.FullMethod); err != nil {
		i.metrics[info.FullMethod].Denied()
		return nil, err
	}
	if policy.IsOperator(ctx) { // its calls are requests from outside
		ctx = requestid.Begin(ctx) // the id of its events in the audit trail
	}
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callLimit)
		defer cancel()
	}
	return handler(ctx, req)
}

func (i *interceptor) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	begun := time.Now()
	defer func() {
		err = i.finish(stream.Context(), call{method: info.FullMethod, begun: begun, err: err, panicked: recover()})
	}()
	if err := i.policy.Check(stream.Context(), info.FullMethod); err != nil {
		i.metrics[info.FullMethod].Denied()
		return err
	}
	return handler(srv, envelopedStream{stream})
}

// call describes a call at its end.
type call struct {
	method   string
	begun    time.Time
	err      error
	panicked any
}

// finish counts and logs a call, and returns the error for the caller. Requests and responses are
// never logged: they contain secrets.
func (i *interceptor) finish(ctx context.Context, c call) error {
	if c.panicked != nil {
		c.err = fmt.Errorf("panic: %v", c.panicked)
		i.options.Logger.ErrorContext(ctx, "call panicked", "method", c.method, "panic", fmt.Sprint(c.panicked), "stack", string(debug.Stack()))
	}
	left := c.err
	switch {
	case !i.foreign[c.method] || c.panicked != nil:
		left = oerr.Edge(c.err)
	case errors.Is(c.err, context.Canceled) || errors.Is(c.err, context.DeadlineExceeded):
		left = status.FromContextError(c.err).Err()
	}
	code := status.Code(left)
	i.metrics[c.method].Observe(code, time.Since(c.begun))
	if level := levelOf(code); i.options.Logger.Enabled(ctx, level) {
		i.log(ctx, level, c, code)
	}
	return left
}

func (i *interceptor) log(ctx context.Context, level slog.Level, c call, code codes.Code) {
	caller, _ := policy.CallerFrom(ctx)
	attrs := []slog.Attr{
		slog.String("service", i.options.Name), slog.String("method", c.method), slog.String("caller", caller),
		slog.String("code", code.String()), slog.Duration("took", time.Since(c.begun)),
	}
	if requestid.From(ctx) == "" {
		attrs = append(attrs, slog.String("request_id", requestid.New()))
	}
	if c.err != nil {
		attrs = append(attrs, slog.String("reason", oerr.Reason(c.err).String()),
			slog.String("cause", oerr.CauseLabel(oerr.Cause(c.err))), slog.String("error", c.err.Error()))
	}
	i.options.Logger.LogAttrs(ctx, level, "call", attrs...)
}

// levelOf: our own fault is an error, an unauthorized caller a warning, a caller's mistake or a
// success is debug.
func levelOf(code codes.Code) slog.Level {
	switch code { //nolint:exhaustive // all other codes are debug
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return slog.LevelError
	case codes.Unavailable, codes.PermissionDenied, codes.DeadlineExceeded:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
