package telemetry

import "github.com/prometheus/client_golang/prometheus"

// UntrustedForwarded begins to count requests with an X-Forwarded-For that is not believed, and returns what counts one. A nil
// receiver counts nothing.
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
