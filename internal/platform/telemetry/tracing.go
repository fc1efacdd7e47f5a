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

// Tracing traces requests through the processes. A nil Tracing installs nothing, so that it costs
// nothing.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// The limits towards the collector. Spans that it does not accept are dropped: a request never
// waits for it.
const (
	exportLimit = 5 * time.Second
	flushLimit  = time.Second
	queueSize   = 4096
)

// NewTracing starts to send traces, in which the process has the name service, or returns nil if the
// settings have no collector. It does not wait for the collector.
func NewTracing(ctx context.Context, c Config, service string, logger *slog.Logger) (*Tracing, error) {
	if c.OTLPEndpoint == "" {
		return nil, nil //nolint:nilnil // nil disables tracing
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
			attribute.String("service.namespace", "usher"), attribute.String("service.name", service),
			attribute.String("service.instance.id", uuid.NewString()),
		)),
		sdktrace.WithBatcher(&scrubber{to: exporter, logger: logger},
			sdktrace.WithMaxQueueSize(queueSize), sdktrace.WithExportTimeout(exportLimit)),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("github.com/vidocu/usher")}, nil
}

// Close sends the remaining spans, within a timeout of a second.
func (t *Tracing) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // a collector that is down must not prevent the process from ending
	return nil
}

// Provider creates the spans of the libraries that sqldb, shortlived, rpcserver and rpcclient
// instrument; nil without tracing.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// edge samples a trace only if it starts with an incoming request: not with a probe of a store, a
// poll of the revocation log or a long-lived stream.
type edge struct{ sdktrace.Sampler }

// ShouldSample is sdktrace.Sampler.
func (e edge) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if p.Kind != trace.SpanKindServer {
		return sdktrace.NeverSample().ShouldSample(p)
	}
	return e.Sampler.ShouldSample(p)
}

// Propagator propagates traces between processes: W3C `traceparent` only. `tracestate` and
// `baggage` are arbitrary text of the sender, which nothing of ours reads, and are dropped.
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

// Attrs returns the trace's attributes of a log line: none outside a sampled trace.
func Attrs(ctx context.Context) []slog.Attr {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsSampled() || sc.IsRemote() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())}
}
