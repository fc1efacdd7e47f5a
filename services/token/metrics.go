package token

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/logout"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// registerMetrics registers the metrics of the revocation log, of introspection and of the authentication of clients.
func (s *Service) registerMetrics(cache *introspect.Cache, authentications *rpc.AuthenticationCache) {
	lag := newLagRecorder()
	s.feed.Listen(lag)
	s.deps.Metrics.Register(lag.histogram,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_revocation_read_age_seconds", Help: "Time since this replica last read the revocation log to its end.",
		}, func() float64 { return s.feed.ReadAge().Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_revocation_watchers", Help: "Streams of WatchRevocations that this replica serves.",
		}, func() float64 { return float64(s.feed.Watching()) }),
	)
	if cache != nil {
		registerSources(s.deps.Metrics, "usher_introspection_lookups_total", "Tokens looked up, by the source of the result: memory or store.",
			map[string]func() uint64{"memory": cache.Hits, "store": cache.Misses})
	}
	registerSources(s.deps.Metrics, "usher_client_authentications_total",
		"Authentications of clients with a secret or without one, by the source of the result: memory or authz.",
		map[string]func() uint64{"memory": authentications.Hits, "authz": authentications.Misses})
}

func registerSources(m *telemetry.Metrics, name, help string, sources map[string]func() uint64) {
	for from, read := range sources {
		m.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{"from": from},
		}, func() float64 { return float64(read()) }))
	}
}

// registerLogouts registers the counter of logout tokens, and returns the function that counts one.
func registerLogouts(m *telemetry.Metrics) func(logout.Outcome) {
	deliveries := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_logout_deliveries_total",
		Help: "Logout tokens that need no further attempt, by outcome: delivered, refused by the client, or undelivered.",
	}, []string{"outcome"})
	for _, outcome := range logout.Outcomes() {
		deliveries.WithLabelValues(string(outcome))
	}
	m.Register(deliveries)
	return func(outcome logout.Outcome) { deliveries.WithLabelValues(string(outcome)).Inc() }
}

// lagRecorder is feed.Listener: it records how old revocations are when this replica applies them.
type lagRecorder struct{ histogram prometheus.Histogram }

func newLagRecorder() lagRecorder {
	return lagRecorder{prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "usher_revocation_lag_seconds", Help: "How old a revocation was, by the database's clock, when this replica applied it.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60},
	})}
}

// Apply is feed.Listener. An age below zero, from a clock that was set back, counts as zero.
func (l lagRecorder) Apply(entries []feed.Entry) {
	for i := range entries {
		l.histogram.Observe(max(entries[i].Age, 0).Seconds())
	}
}

// InvalidateAll is feed.Listener.
func (lagRecorder) InvalidateAll() {}
