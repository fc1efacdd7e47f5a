package rpcserver

import (
	"context"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// traced traces the unary calls of a server. A stream may last for days, and an unknown method is
// the caller's own text: neither is traced, and their trace context is ignored.
type traced struct {
	stats.Handler

	methods map[string]bool
}

// tracer returns nil without tracing.
func tracer(t *telemetry.Tracing) *traced {
	if t == nil {
		return nil
	}
	return &traced{Handler: otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(t.Provider()), otelgrpc.WithPropagators(telemetry.Propagator()), otelgrpc.WithMeterProvider(noop.NewMeterProvider()),
		// Our own services continue a trace. Other callers start a new one, with a link to theirs.
		otelgrpc.WithPublicEndpointFn(func(ctx context.Context, _ *stats.RPCTagInfo) bool { return !policy.Own(ctx) }),
	)}
}

func (t *traced) options() []grpc.ServerOption {
	if t == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.StatsHandler(t)}
}

// register adds the methods that are traced. It must be called before the first call.
func (t *traced) register(services map[string]grpc.ServiceInfo) {
	if t == nil {
		return
	}
	t.methods = make(map[string]bool)
	for service, info := range services {
		if strings.HasPrefix(service, "grpc.") {
			continue // frequent probes, which belong to no request
		}
		for _, m := range info.Methods {
			if !m.IsClientStream && !m.IsServerStream {
				t.methods["/"+service+"/"+m.Name] = true
			}
		}
	}
}

// TagRPC is stats.Handler.
func (t *traced) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if !t.methods[info.FullMethodName] {
		return ctx
	}
	ctx = t.Handler.TagRPC(ctx, info)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		caller, _ := policy.CallerFrom(ctx)
		span.SetAttributes(attribute.String("usher.caller", caller))
	}
	return ctx
}
