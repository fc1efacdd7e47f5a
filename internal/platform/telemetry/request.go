package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Request is the span of an HTTP request from outside. The zero value has none.
type Request struct{ span trace.Span }

// Request starts a trace with an HTTP request. The sender's own trace context becomes a link only:
// it selects neither the trace id nor the sampling. The route is a pattern of ours; the URL itself
// contains codes and is never recorded. A nil receiver starts nothing.
func (t *Tracing) Request(ctx context.Context, r *http.Request, route string) (context.Context, Request) {
	if t == nil {
		return ctx, Request{}
	}
	method := methodOf(r.Method)
	options := []trace.SpanStartOption{
		trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route)),
	}
	outside := trace.SpanContextFromContext(Propagator().Extract(context.Background(), propagation.HeaderCarrier(r.Header)))
	if outside.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: outside}))
	}
	ctx, span := t.tracer.Start(ctx, method+" "+route, options...)
	return ctx, Request{span}
}

// methodOf replaces unknown methods, as the semantic conventions require.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "_OTHER"
}

// End ends the span with the response's status.
func (r Request) End(status int) {
	if r.span == nil {
		return
	}
	r.span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		r.span.SetStatus(codes.Error, "")
	}
	r.span.End()
}

// Outgoing replaces the trace headers of a request: by none, or by those of the trace of ctx.
func Outgoing(ctx context.Context, h http.Header) {
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage"} {
		delete(h, name)
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() && !sc.IsRemote() {
		Propagator().Inject(ctx, propagation.HeaderCarrier(h))
	}
}
