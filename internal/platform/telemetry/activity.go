package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Activity are the metrics of the activity service. A nil *Activity counts nothing.
type Activity struct {
	requests *prometheus.CounterVec
	events   *prometheus.CounterVec
	heard    *prometheus.GaugeVec
}

// Activity registers the metrics, for the services whose events are followed. A nil receiver returns
// nil.
func (m *Metrics) Activity(sources []string) *Activity {
	if m == nil {
		return nil
	}
	a := &Activity{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_request_log_requests_total",
			Help: "Requests of the OAuth endpoints for the request log, by outcome: recorded, or dropped because a queue was full.",
		}, []string{"outcome"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_audit_events_total", Help: "Events stored in the audit trail, by the service that they came from.",
		}, []string{"source"}),
		heard: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "usher_audit_feed_timestamp_seconds",
			Help: "When this replica last had every event of a service, by service; 0 for never. The latest of all replicas counts.",
		}, []string{"source"}),
	}
	for _, outcome := range []string{"recorded", "dropped"} {
		a.requests.WithLabelValues(outcome)
	}
	for _, source := range sources {
		a.events.WithLabelValues(source)
		a.heard.WithLabelValues(source)
	}
	m.registry.MustRegister(a.requests, a.events, a.heard)
	return a
}

// RequestsDropped registers the counter of requests that a gateway could not hand to the request log,
// and returns the function that increments it. A nil receiver counts nothing.
func (m *Metrics) RequestsDropped() func(requests int64) {
	if m == nil {
		return func(int64) {}
	}
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "usher_request_log_dropped_total",
		Help: "Requests that the gateway did not hand to the request log, because its queue was full or a batch was lost.",
	})
	m.registry.MustRegister(c)
	return func(requests int64) { c.Add(float64(requests)) }
}

// Requests counts the requests of a batch, and those that the sender had dropped before it.
func (a *Activity) Requests(recorded, dropped int64) {
	if a != nil {
		a.requests.WithLabelValues("recorded").Add(float64(recorded))
		a.requests.WithLabelValues("dropped").Add(float64(max(dropped, 0)))
	}
}

// Events counts events of a service, after which this replica has all of them.
func (a *Activity) Events(source string, stored int) {
	if a != nil {
		a.events.WithLabelValues(source).Add(float64(stored))
		a.heard.WithLabelValues(source).Set(float64(time.Now().UnixMilli()) / 1000)
	}
}
