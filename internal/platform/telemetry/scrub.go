package telemetry

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// recorded reports whether an attribute is exported. All others are dropped: a library may start to
// record secrets or personal data, such as a statement's arguments, a key or an address.
func recorded(key attribute.Key) bool {
	switch key {
	case "http.request.method", "http.route", "http.response.status_code",
		"rpc.system.name", "rpc.method", "rpc.response.status_code", "usher.caller",
		"db.system.name", "db.system", "db.namespace", "db.operation.name", "db.operation.batch.size", "db.redis.num_cmd",
		"db.query.text", // our own text, with $1 in place of values
		"pgx.rows_affected", "pgx.sql_state", "pgx.operation.type",
		"server.address", "server.port", "error.type":
		return true
	}
	return false
}

// scrubber is an exporter that passes on recorded attributes only: no events, which contain errors'
// texts, and of a status only whether it is an error.
type scrubber struct {
	to     sdktrace.SpanExporter
	logger *slog.Logger
	failed atomic.Bool
}

// ExportSpans is sdktrace.SpanExporter. It never fails: spans that cannot be sent are dropped,
// which is logged once.
func (c *scrubber) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	scrubbed := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		scrubbed[i] = scrubbedSpan{span}
	}
	err := c.to.ExportSpans(ctx, scrubbed)
	switch failed := err != nil; {
	case failed && !c.failed.Swap(true):
		c.logger.WarnContext(ctx, "traces cannot be sent and are lost", "error", err)
	case !failed && c.failed.Swap(false):
		c.logger.InfoContext(ctx, "traces are sent again")
	}
	return nil
}

// Shutdown is sdktrace.SpanExporter.
func (c *scrubber) Shutdown(ctx context.Context) error { return c.to.Shutdown(ctx) }

type scrubbedSpan struct{ sdktrace.ReadOnlySpan }

// Attributes is sdktrace.ReadOnlySpan.
func (s scrubbedSpan) Attributes() []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(s.ReadOnlySpan.Attributes()), func(kv attribute.KeyValue) bool { return !recorded(kv.Key) })
}

// Events is sdktrace.ReadOnlySpan.
func (scrubbedSpan) Events() []sdktrace.Event { return nil }

// Status is sdktrace.ReadOnlySpan.
func (s scrubbedSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}

// Links is sdktrace.ReadOnlySpan.
func (s scrubbedSpan) Links() []sdktrace.Link {
	links := slices.Clone(s.ReadOnlySpan.Links())
	for i := range links {
		links[i].Attributes = nil
		links[i].SpanContext = links[i].SpanContext.WithTraceState(trace.TraceState{})
	}
	return links
}
