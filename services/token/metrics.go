package token

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/logout"
)

// registerMetrics registers the metrics of the revocation log and of introspection.
func (s *Service) registerMetrics(cache *introspect.Cache) {
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
		registerLookups(s.deps.Metrics, cache)
	}
}

func registerLookups(m *telemetry.Metrics, cache *introspect.Cache) {
	for from, read := range map[string]func() uint64{"memory": cache.Hits, "store": cache.Misses} {
		m.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "usher_introspection_lookups_total", Help: "Tokens looked up, by the source of the result: memory or store.",
			ConstLabels: prometheus.Labels{"from": from},
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
