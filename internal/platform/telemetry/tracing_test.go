package telemetry

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// recording traces everything into memory, as NewTracing would send it.
func recording(ratio float64) (*Tracing, *tracetest.InMemoryExporter) {
	memory := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(edge{sdktrace.TraceIDRatioBased(ratio)})),
		sdktrace.WithSyncer(&scrubber{to: memory, logger: slog.New(slog.DiscardHandler)}),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("test")}, memory
}

// TestTheCollectorIsVerifiedWithTheAuthoritiesThatAreKnown where no file is named: an image has no
// files, and would trust no collector.
func TestTheCollectorIsVerifiedWithTheAuthoritiesThatAreKnown(t *testing.T) {
	roots, err := Config{OTLPEndpoint: "https://collector.test:4317"}.roots()
	if err != nil || roots == nil || roots.Equal(x509.NewCertPool()) {
		t.Errorf("it has %v, %v", roots, err)
	}
}

func TestNothingIsInstalledWithoutACollector(t *testing.T) {
	tracing, err := NewTracing(t.Context(), DefaultConfig(), "", nil)
	if err != nil || tracing != nil {
		t.Fatalf("without a collector there is %v, %v", tracing, err)
	}
	if tracing.Provider() != nil || tracing.Close() != nil {
		t.Error("nothing makes spans")
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if ctx, span := tracing.Request(r.Context(), r, "/"); ctx != r.Context() || span != (Request{}) {
		t.Error("a request starts a trace")
	}
	if n := testing.AllocsPerRun(100, func() {
		ctx, span := tracing.Request(r.Context(), r, "/")
		span.End(http.StatusOK)
		_ = Attrs(ctx)
	}); n != 0 {
		t.Errorf("not tracing a request allocates %g times", n)
	}
}

func TestOnlyWhatIsListedLeavesTheProcess(t *testing.T) {
	tracing, memory := recording(1)
	ctx, request := tracing.Request(t.Context(), httptest.NewRequest("BREW", "/oauth/token?code=sentinel", nil), "/oauth/token")
	_, span := tracing.Provider().Tracer("a library").Start(ctx, "SELECT", trace.WithAttributes(
		attribute.String("db.query.text", "SELECT 1 WHERE x = $1"), attribute.String("pgx.query.parameters", "sentinel"),
		attribute.String("user_agent.original", "sentinel")))
	span.AddEvent("exception", trace.WithAttributes(attribute.String("exception.message", "sentinel")))
	span.RecordError(errors.New("sentinel"))
	span.SetStatus(codes.Error, "sentinel")
	span.AddLink(trace.Link{SpanContext: span.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("x", "sentinel")}})
	span.End()
	request.End(http.StatusServiceUnavailable)

	spans := memory.GetSpans()
	if len(spans) != 2 {
		t.Fatalf("%d spans were sent", len(spans))
	}
	inner, outer := spans[0], spans[1]
	if len(inner.Attributes) != 1 || len(inner.Events) != 0 || inner.Status != (sdktrace.Status{Code: codes.Error}) || len(inner.Links) != 1 || len(inner.Links[0].Attributes) != 0 {
		t.Errorf("the span of a statement: %v, %v, %v, %v", inner.Attributes, inner.Events, inner.Status, inner.Links)
	}
	if outer.Name != "_OTHER /oauth/token" || outer.Status.Code != codes.Error || len(outer.Attributes) != 3 {
		t.Errorf("the span of the request: %s, %v, %v", outer.Name, outer.Status, outer.Attributes)
	}
}

func TestATraceBeginsWithARequestAlone(t *testing.T) {
	tracing, memory := recording(1)
	_, span := tracing.Provider().Tracer("a library").Start(t.Context(), "ping", trace.WithSpanKind(trace.SpanKindClient))
	span.End()
	if n := len(memory.GetSpans()); n != 0 {
		t.Errorf("a probe of a store is traced")
	}
}

func TestWhoIsOutsideDoesNotDecideWhatIsKept(t *testing.T) {
	tracing, memory := recording(0)
	r := httptest.NewRequest(http.MethodGet, "/signin", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ctx, request := tracing.Request(r.Context(), r, "/signin")
	request.End(http.StatusOK)
	if n := len(memory.GetSpans()); n != 0 || trace.SpanContextFromContext(ctx).TraceID().String() == "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("a stranger's word keeps %d spans", n)
	}
	if len(Attrs(ctx)) != 0 {
		t.Error("a line of the log names a trace that is not kept")
	}
}

func TestALineNamesItsTrace(t *testing.T) {
	tracing, _ := recording(1)
	ctx, request := tracing.Request(t.Context(), httptest.NewRequest(http.MethodGet, "/", nil), "/")
	defer request.End(http.StatusOK)
	attrs := Attrs(ctx)
	if len(attrs) != 2 || attrs[0].Key != "trace_id" || len(attrs[0].Value.String()) != 32 || attrs[1].Key != "span_id" || len(attrs[1].Value.String()) != 16 {
		t.Errorf("a line says %v", attrs)
	}
}

func TestOutgoingHeadersAreOurs(t *testing.T) {
	tracing, _ := recording(1)
	ctx, request := tracing.Request(t.Context(), httptest.NewRequest(http.MethodGet, "/", nil), "/")
	defer request.End(http.StatusOK)
	for name, ctx := range map[string]context.Context{"traced": ctx, "not traced": t.Context()} {
		h := http.Header{"Traceparent": {"theirs"}, "Tracestate": {"theirs"}, "Baggage": {"theirs"}, "Accept": {"*/*"}}
		Outgoing(ctx, h)
		if (h.Get("Traceparent") != "") != (name == "traced") || h.Get("Traceparent") == "theirs" || h.Get("Tracestate")+h.Get("Baggage") != "" || h.Get("Accept") == "" {
			t.Errorf("%s: %v", name, h)
		}
	}
}

func TestASettingThatCannotBeUsedIsNamed(t *testing.T) {
	for name, c := range map[string]Config{
		"telemetry.otlp_endpoint": {OTLPEndpoint: "collector:4317"},
		"telemetry.otlp_ca_file":  {OTLPCAFile: "ca.pem"},
		"https://":                {OTLPEndpoint: "http://collector:4317", OTLPCAFile: "ca.pem"},
		"such as":                 {OTLPEndpoint: "https://collector:4317/v1/traces"},
		"host and port":           {OTLPEndpoint: "https://collector"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v, want an error that names %s", c, err, name)
		}
	}
	for _, c := range []Config{{}, DefaultConfig(), {OTLPEndpoint: "http://collector:4317", SampleRatio: 1}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	c := Config{OTLPEndpoint: "https://collector:4317", OTLPCAFile: t.TempDir() + "/none.pem"}
	if _, err := NewTracing(t.Context(), c, "", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "telemetry.otlp_ca_file") {
		t.Errorf("a missing authority: %v", err)
	}
}

func TestACollectorThatIsAwayIsSaidOnceAndHoldsNobodyUp(t *testing.T) {
	var out strings.Builder
	c := &scrubber{to: &failing{}, logger: slog.New(slog.NewTextHandler(&out, nil))}
	for range 3 {
		if err := c.ExportSpans(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(out.String(), "traces cannot be sent"); n != 1 {
		t.Errorf("the log says it %d times: %s", n, out.String())
	}
}

type failing struct{ sdktrace.SpanExporter }

func (*failing) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	return errors.New("away")
}
