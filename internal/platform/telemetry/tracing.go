package telemetry

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Tracing follows requests through the processes. A nil Tracing installs nothing anywhere, so that nothing is paid for it.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// TracingOptions are what the settings do not say.
type TracingOptions struct {
	// Service is the process's name in the traces.
	Service string
	Logger  *slog.Logger
}

// The limits towards the collector. What it cannot take is lost: a request never waits for it.
const (
	exportLimit = 5 * time.Second
	flushLimit  = time.Second
	queueSize   = 4096
)

// NewTracing begins to send traces, or answers nil where the settings name no collector. It does not wait for the collector.
func NewTracing(ctx context.Context, c Config, o TracingOptions) (*Tracing, error) {
	if c.OTLPEndpoint == "" {
		return nil, nil //nolint:nilnil // nil traces nothing
	}
	u, err := url.Parse(c.OTLPEndpoint)
	if err != nil {
		return nil, fmt.Errorf("telemetry.otlp_endpoint: %w", err)
	}
	creds := insecure.NewCredentials()
	if u.Scheme == "https" {
		roots, err := c.roots()
		if err != nil {
			return nil, err
		}
		creds = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots})
	}
	exporter, err := otlptrace.New(ctx, &collector{addr: u.Host, creds: creds})
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(edge{sdktrace.TraceIDRatioBased(c.SampleRatio)})),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.namespace", "usher"), attribute.String("service.name", o.Service),
			attribute.String("service.instance.id", uuid.NewString()),
		)),
		sdktrace.WithBatcher(&clean{to: exporter, logger: o.Logger},
			sdktrace.WithMaxQueueSize(queueSize), sdktrace.WithExportTimeout(exportLimit)),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("github.com/vidocu/usher")}, nil
}

// Close sends what is left, as far as the collector takes it in a second.
func (t *Tracing) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // a collector that is away keeps no process from ending
	return nil
}

// Provider makes the spans of the libraries that sqldb, shortlived, rpcserver and rpcclient instrument; nil where nothing is
// traced.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// edge lets a trace begin where a request comes in and nowhere else: not with a probe of a store, a look at the revocation log
// or a stream that never ends.
type edge struct{ sdktrace.Sampler }

// ShouldSample is sdktrace.Sampler.
func (e edge) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if p.Kind != trace.SpanKindServer {
		return sdktrace.NeverSample().ShouldSample(p)
	}
	return e.Sampler.ShouldSample(p)
}

// Propagator carries traces between processes: W3C `traceparent` alone. `tracestate` and `baggage` are anybody's text, which
// nothing of ours reads, and do not pass.
func Propagator() propagation.TextMapPropagator { return parentOnly{} }

type parentOnly struct{ propagation.TraceContext }

// Extract is propagation.TextMapPropagator.
func (p parentOnly) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	ctx = p.TraceContext.Extract(ctx, carrier)
	if sc := trace.SpanContextFromContext(ctx); sc.TraceState().Len() > 0 {
		ctx = trace.ContextWithRemoteSpanContext(ctx, sc.WithTraceState(trace.TraceState{}))
	}
	return ctx
}

// Inject is propagation.TextMapPropagator.
func (p parentOnly) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	sc := trace.SpanContextFromContext(ctx)
	p.TraceContext.Inject(trace.ContextWithSpanContext(ctx, sc.WithTraceState(trace.TraceState{})), carrier)
}

// Fields is propagation.TextMapPropagator.
func (parentOnly) Fields() []string { return []string{traceparent} }

const traceparent = "traceparent"

// Attrs are what a log line says of the trace that it belongs to: nothing outside one that is kept.
func Attrs(ctx context.Context) []slog.Attr {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsSampled() || sc.IsRemote() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())}
}
