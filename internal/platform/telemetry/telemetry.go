// Package telemetry owns a process's metrics and traces: the registry of /metrics, with calls by
// method and outcome, HTTP requests by route and status, refusals by cause and the durations of
// both, and the export of spans over OTLP.
//
// Labels and attributes are patterns and enums of ours: it records no text of a request.
package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/release"
)

// Metrics is the registry of one process.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	denied   *prometheus.CounterVec
	took     *prometheus.HistogramVec
	requests *prometheus.CounterVec
	served   *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	catalog  *prometheus.GaugeVec
	cleaned  *prometheus.GaugeVec
	room     *prometheus.GaugeVec
}

// New creates a registry with the metrics of the Go runtime and of the process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_rpc_calls_total", Help: "gRPC calls served, by method and code.",
		}, []string{"method", "code"}),
		denied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_rpc_callers_denied_total", Help: "gRPC calls refused because the caller may not use the method.",
		}, []string{"method"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "usher_rpc_duration_seconds", Help: "How long gRPC calls took to serve.", Buckets: buckets(),
		}, []string{"method"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_http_requests_total", Help: "HTTP requests served, by route and status.",
		}, []string{"route", "status"}),
		served: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "usher_http_duration_seconds", Help: "How long HTTP requests took to serve.", Buckets: buckets(),
		}, []string{"route"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_refusals_total", Help: "HTTP requests refused, by endpoint and cause.",
		}, []string{"endpoint", "cause"}),
		catalog: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "usher_catalog_info", Help: "The current catalog, by its digest: 1. Replicas with different digests have drifted.",
		}, []string{"digest"}),
	}
	m.registerCleanup()
	m.registerBuild(release.Read())
	m.registry.MustRegister(m.calls, m.denied, m.took, m.requests, m.served, m.refused, m.catalog,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// registerBuild registers the release that the process runs.
func (m *Metrics) registerBuild(build release.Info) {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "usher_build_info", Help: "The release that the process runs, and the commit that it was built from: 1.",
	}, []string{"version", "commit"})
	info.WithLabelValues(build.Version, build.Commit).Set(1)
	m.registry.MustRegister(info)
}

// buckets are seconds, from a cached introspection to a timeout.
func buckets() []float64 { return prometheus.ExponentialBuckets(0.0001, 2.5, 12) }

// Register adds a service's own metrics. A nil receiver does nothing.
func (m *Metrics) Register(own ...prometheus.Collector) {
	if m != nil {
		m.registry.MustRegister(own...)
	}
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// maxCode is the highest gRPC code.
const maxCode = codes.Unauthenticated

// Method counts the calls of one RPC; its counters are looked up once, so that a call costs two
// additions.
type Method struct {
	calls  [maxCode + 1]prometheus.Counter
	denied prometheus.Counter
	took   prometheus.Observer
}

// Methods creates the counters of every method of a server, by full name. A nil receiver creates
// none.
func (m *Metrics) Methods(services map[string]grpc.ServiceInfo) map[string]*Method {
	methods := make(map[string]*Method)
	if m == nil {
		return methods
	}
	for service, info := range services {
		for _, rpc := range info.Methods {
			name := service + "/" + rpc.Name
			method := &Method{denied: m.denied.WithLabelValues(name), took: m.took.WithLabelValues(name)}
			for code := range method.calls {
				method.calls[code] = m.calls.WithLabelValues(name, codes.Code(code).String())
			}
			methods["/"+name] = method
		}
	}
	return methods
}

// Observe counts a call. A nil receiver counts nothing.
func (m *Method) Observe(code codes.Code, took time.Duration) {
	if m == nil || code > maxCode {
		return
	}
	m.calls[code].Inc()
	m.took.Observe(took.Seconds())
}

// Denied counts a call whose caller may not use the method: its code is also that of a user who lacks
// a permission. A nil receiver counts nothing.
func (m *Method) Denied() {
	if m != nil {
		m.denied.Inc()
	}
}

// HTTP counts a request. The route is a pattern of ours, never a path that a client chose. A nil
// receiver counts nothing.
func (m *Metrics) HTTP(route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.served.WithLabelValues(route).Observe(took.Seconds())
}

// Refused counts a refused request. The endpoint is a pattern of ours, as in HTTP. A nil receiver
// counts nothing.
func (m *Metrics) Refused(endpoint string, cause errorv1.Cause) {
	if m != nil {
		m.refused.WithLabelValues(endpoint, oerr.CauseLabel(cause)).Inc()
	}
}

// ExpectRefusals creates the counters of an endpoint and causes with the value zero, so that the
// first refusal is an increase. A nil receiver does nothing.
func (m *Metrics) ExpectRefusals(endpoint string, causes ...errorv1.Cause) {
	if m == nil {
		return
	}
	for _, cause := range causes {
		m.refused.WithLabelValues(endpoint, oerr.CauseLabel(cause))
	}
}

// Catalog sets the digest of the current catalog. A nil receiver does nothing.
func (m *Metrics) Catalog(digest string) {
	if m == nil {
		return
	}
	m.catalog.Reset()
	m.catalog.WithLabelValues(digest).Set(1)
}
