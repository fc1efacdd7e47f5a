package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Pool is a pool of connections at this moment.
type Pool struct {
	// Max is how many there may be; 0 where that is not one number.
	Max, InUse, Idle int
	// Waits is how often a caller found none free, and Waited for how long all of them waited.
	Waits  int64
	Waited time.Duration
}

// Pool shows a pool under a name. A nil receiver shows none.
func (m *Metrics) Pool(name string, read func() Pool) {
	if m == nil {
		return
	}
	desc := func(what, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("usher_pool_"+what, help, labels, prometheus.Labels{"pool": name})
	}
	shown := pool{
		read:        read,
		connections: desc("connections", "Connections to a store, by what they do: in_use or idle.", "state"),
		limit:       desc("connections_max", "The most connections to a store."),
		waits:       desc("waits_total", "How often a caller found no connection free."),
		waited:      desc("wait_seconds_total", "How long callers waited for a connection."),
	}
	m.registry.Unregister(shown) // one that was opened anew takes the other's place
	m.registry.MustRegister(shown)
}

// pool reads a pool when somebody looks.
type pool struct {
	read                              func() Pool
	connections, limit, waits, waited *prometheus.Desc
}

// Describe is prometheus.Collector.
func (p pool) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.connections, p.limit, p.waits, p.waited} {
		to <- d
	}
}

// Collect is prometheus.Collector.
func (p pool) Collect(to chan<- prometheus.Metric) {
	now := p.read()
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(now.InUse), "in_use")
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(now.Idle), "idle")
	if now.Max > 0 {
		to <- prometheus.MustNewConstMetric(p.limit, prometheus.GaugeValue, float64(now.Max))
	}
	to <- prometheus.MustNewConstMetric(p.waits, prometheus.CounterValue, float64(now.Waits))
	to <- prometheus.MustNewConstMetric(p.waited, prometheus.CounterValue, now.Waited.Seconds())
}

// Introspections shows how many look-ups were answered from memory, and how many from the store. A nil receiver shows none.
func (m *Metrics) Introspections(memory, store func() uint64) {
	if m == nil {
		return
	}
	for from, read := range map[string]func() uint64{"memory": memory, "store": store} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "usher_introspection_lookups_total", Help: "Tokens looked up, by where the answer came from: memory or store.",
			ConstLabels: prometheus.Labels{"from": from},
		}, func() float64 { return float64(read()) }))
	}
}

// Passwords shows how many passwords are being computed, and how many wait for their turn. A nil receiver shows none.
func (m *Metrics) Passwords(running, waiting func() int) {
	if m == nil {
		return
	}
	for state, read := range map[string]func() int{"running": running, "waiting": waiting} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_password_computations", Help: "Passwords in work, by state: running or waiting.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(read()) }))
	}
}

// Certificate shows when this process's certificate ends. A nil receiver shows none.
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

// Ready shows whether the process can answer. A nil receiver shows nothing.
func (m *Metrics) Ready(ready func() bool) {
	m.gauge("usher_ready", "Whether the process can answer, as /readyz says: 1 or 0.", func() float64 {
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
