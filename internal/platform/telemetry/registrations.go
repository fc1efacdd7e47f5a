package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// Registrations counts clients that register themselves. A nil *Registrations counts nothing.
type Registrations struct {
	attempts *prometheus.CounterVec
	removed  *prometheus.CounterVec
}

// The states of a removed client.
const (
	removedDisabled = "disabled"
	removedDeleted  = "deleted"
)

// Registrations registers the counters. A nil receiver returns nil.
func (m *Metrics) Registrations() *Registrations {
	if m == nil {
		return nil
	}
	r := &Registrations{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_client_registrations_total", Help: "Clients that registered themselves, by outcome: ok, or the reason of the refusal.",
		}, []string{"outcome"}),
		removed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_registered_clients_removed_total", Help: "Clients that registered themselves and that cleanup disabled or deleted, because they were not used.",
		}, []string{"state"}),
	}
	for _, outcome := range []string{ok, Outcome(errorv1.Reason_REASON_INVALID_CLIENT_METADATA), Outcome(errorv1.Reason_REASON_RATE_LIMITED)} {
		r.attempts.WithLabelValues(outcome)
	}
	r.removed.WithLabelValues(removedDisabled)
	r.removed.WithLabelValues(removedDeleted)
	m.registry.MustRegister(r.attempts, r.removed)
	return r
}

// Count counts a registration; reason is the reason of the refusal if failed is true.
func (r *Registrations) Count(failed bool, reason errorv1.Reason) {
	if r == nil {
		return
	}
	label := ok
	if failed {
		label = Outcome(reason)
	}
	r.attempts.WithLabelValues(label).Inc()
}

// Removed counts clients that cleanup disabled and deleted.
func (r *Registrations) Removed(disabled, deleted int64) {
	if r == nil {
		return
	}
	r.removed.WithLabelValues(removedDisabled).Add(float64(disabled))
	r.removed.WithLabelValues(removedDeleted).Add(float64(deleted))
}
