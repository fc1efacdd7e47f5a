package telemetry

import "github.com/prometheus/client_golang/prometheus"

// UntrustedForwarded registers a counter of requests with an X-Forwarded-For from an untrusted
// source, and returns the function that increments it. A nil receiver counts nothing.
func (m *Metrics) UntrustedForwarded() func() {
	if m == nil {
		return func() {}
	}
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "usher_http_untrusted_forwarded_total",
		Help: "Requests with an X-Forwarded-For from an address that gateway.trusted_proxies does not name.",
	})
	m.registry.MustRegister(c)
	return c.Inc
}
