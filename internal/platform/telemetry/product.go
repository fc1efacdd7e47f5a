package telemetry

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// The outcome labels of a success, and of an internal error without a reason.
const (
	ok       = "ok"
	internal = "internal"
)

// Outcome returns the outcome label of a reason: one of the contract's, which bounds the number of
// labels.
func Outcome(reason errorv1.Reason) string {
	return cmp.Or(enumname.Of(reason), internal)
}

// SignIns counts attempts to sign in. A nil *SignIns counts nothing.
type SignIns struct{ attempts *prometheus.CounterVec }

// The methods by which users sign in.
const (
	MethodBrowser      = "browser"
	MethodPassword     = "user_api_password"
	MethodClientSecret = "user_api_secret"
)

// SignIns registers the counters. A nil receiver returns nil.
func (m *Metrics) SignIns() *SignIns {
	if m == nil {
		return nil
	}
	s := &SignIns{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_signins_total", Help: "Attempts to sign in, by method and outcome: ok, or the reason of the refusal.",
	}, []string{"method", "outcome"})}
	for _, method := range []string{MethodBrowser, MethodPassword, MethodClientSecret} {
		s.attempts.WithLabelValues(method, ok)
		s.attempts.WithLabelValues(method, Outcome(errorv1.Reason_REASON_INVALID_CREDENTIALS))
	}
	m.registry.MustRegister(s.attempts)
	return s
}

// Count counts an attempt; reason is the reason of the failure if failed is true.
func (s *SignIns) Count(method string, failed bool, reason errorv1.Reason) {
	if s == nil {
		return
	}
	label := ok
	if failed {
		label = Outcome(reason)
	}
	s.attempts.WithLabelValues(method, label).Inc()
}
