package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vidocu/usher/internal/platform/pool"
)

// Pool registers a pool's metrics under a name. A nil receiver does nothing.
func (m *Metrics) Pool(name string, read func() pool.Stats) {
	if m == nil {
		return
	}
	desc := func(what, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("usher_pool_"+what, help, labels, prometheus.Labels{"pool": name})
	}
	shown := poolCollector{
		read:        read,
		connections: desc("connections", "Connections to a store, by state: in_use or idle.", "state"),
		limit:       desc("connections_max", "The most connections to a store."),
		waits:       desc("waits_total", "How often a caller had to wait for a free connection."),
		waited:      desc("wait_seconds_total", "How long callers waited for a connection."),
	}
	m.registry.Unregister(shown) // a reopened pool replaces the earlier one
	m.registry.MustRegister(shown)
}

// poolCollector reads a pool at every scrape.
type poolCollector struct {
	read                              func() pool.Stats
	connections, limit, waits, waited *prometheus.Desc
}

// Describe is prometheus.Collector.
func (p poolCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.connections, p.limit, p.waits, p.waited} {
		to <- d
	}
}

// Collect is prometheus.Collector.
func (p poolCollector) Collect(to chan<- prometheus.Metric) {
	now := p.read()
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(now.InUse), "in_use")
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(now.Idle), "idle")
	if now.Max > 0 {
		to <- prometheus.MustNewConstMetric(p.limit, prometheus.GaugeValue, float64(now.Max))
	}
	to <- prometheus.MustNewConstMetric(p.waits, prometheus.CounterValue, float64(now.Waits))
	to <- prometheus.MustNewConstMetric(p.waited, prometheus.CounterValue, now.Waited.Seconds())
}

// Passwords registers gauges of running and waiting password computations. A nil receiver does
// nothing.
func (m *Metrics) Passwords(running, waiting func() int) {
	if m == nil {
		return
	}
	for state, read := range map[string]func() int{"running": running, "waiting": waiting} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_password_computations", Help: "Password computations, by state: running or waiting.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(read()) }))
	}
}

// Certificate registers the expiry of this process's certificate. A nil receiver does nothing.
func (m *Metrics) Certificate(end func() time.Time) {
	m.gauge("usher_certificate_expiry_timestamp_seconds",
		"When this process's certificate ends, in seconds since 1970; 0 when it cannot be read.", func() float64 {
			at := end()
			if at.IsZero() {
				return 0
			}
			return float64(at.Unix())
		})
}

// Ready registers whether the process is ready. A nil receiver does nothing.
func (m *Metrics) Ready(ready func() bool) {
	m.gauge("usher_ready", "Whether the process is ready, as /readyz reports: 1 or 0.", func() float64 {
		if ready() {
			return 1
		}
		return 0
	})
}

func (m *Metrics) gauge(name, help string, read func() float64) {
	if m == nil {
		return
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}
