package telemetry

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// The outcome labels of a success, and of an internal error without a reason.
const (
	issued   = "issued"
	ok       = "ok"
	internal = "internal"
)

// outcome returns the label of a reason: one of the contract's, which bounds the number of labels.
func outcome(reason errorv1.Reason) string {
	if reason == errorv1.Reason_REASON_UNSPECIFIED {
		return internal
	}
	if _, known := errorv1.Reason_name[int32(reason)]; !known {
		return internal
	}
	return strings.ToLower(strings.TrimPrefix(reason.String(), "REASON_"))
}

// Tokens counts token requests. A nil *Tokens counts nothing.
type Tokens struct {
	issued   map[string]prometheus.Counter
	requests *prometheus.CounterVec
	reuse    *prometheus.CounterVec
}

// The grant types with a label of their own, and the label of all others, since a client may send
// any string.
const (
	GrantCode    = "authorization_code"
	GrantRefresh = "refresh_token"
	grantOther   = "other"
)

// Tokens registers the counters. A nil receiver returns nil.
func (m *Metrics) Tokens() *Tokens {
	if m == nil {
		return nil
	}
	t := &Tokens{
		issued: map[string]prometheus.Counter{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_token_requests_total", Help: "Token requests, by grant type and outcome: issued, or the reason of the refusal.",
		}, []string{"grant_type", "outcome"}),
		reuse: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_token_reuse_total", Help: "Codes and refresh tokens that were used a second time, which revoked the tokens of the first use.",
		}, []string{"kind"}),
	}
	for _, grant := range []string{GrantCode, GrantRefresh} {
		t.issued[grant] = t.requests.WithLabelValues(grant, issued)
		t.reuse.WithLabelValues(grant)
	}
	m.registry.MustRegister(t.requests, t.reuse)
	return t
}

// Issued counts a successful token request.
func (t *Tokens) Issued(grantType string) {
	if t == nil {
		return
	}
	if c := t.issued[grantType]; c != nil {
		c.Inc()
	}
}

// Refused counts a refused token request.
func (t *Tokens) Refused(grantType string, reason errorv1.Reason) {
	if t == nil {
		return
	}
	if t.issued[grantType] == nil {
		grantType = grantOther
	}
	t.requests.WithLabelValues(grantType, outcome(reason)).Inc()
}

// Reused counts a code or a refresh token that was used a second time.
func (t *Tokens) Reused(grantType string) {
	if t != nil {
		t.reuse.WithLabelValues(grantType).Inc()
	}
}

// SignIns counts attempts to sign in. A nil *SignIns counts nothing.
type SignIns struct{ attempts *prometheus.CounterVec }

// The surfaces at which users sign in.
const (
	DoorBrowser      = "browser"
	DoorPassword     = "user_api_password"
	DoorClientSecret = "user_api_secret"
)

// SignIns registers the counters. A nil receiver returns nil.
func (m *Metrics) SignIns() *SignIns {
	if m == nil {
		return nil
	}
	s := &SignIns{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_signins_total", Help: "Attempts to sign in, by method and outcome: ok, or the reason of the refusal.",
	}, []string{"door", "outcome"})}
	for _, door := range []string{DoorBrowser, DoorPassword, DoorClientSecret} {
		s.attempts.WithLabelValues(door, ok)
		s.attempts.WithLabelValues(door, outcome(errorv1.Reason_REASON_INVALID_CREDENTIALS))
	}
	m.registry.MustRegister(s.attempts)
	return s
}

// Count counts an attempt; reason is the reason of the failure if failed is true.
func (s *SignIns) Count(door string, failed bool, reason errorv1.Reason) {
	if s == nil {
		return
	}
	label := ok
	if failed {
		label = outcome(reason)
	}
	s.attempts.WithLabelValues(door, label).Inc()
}

// Revocations measures how far a replica is behind the revocation log.
type Revocations struct{ lag prometheus.Histogram }

// Revocations registers the time since the log was read to its end, the number of watch streams,
// and the lag. A nil receiver returns nil.
func (m *Metrics) Revocations(readAge func() time.Duration, watchers func() int64) *Revocations {
	if m == nil {
		return nil
	}
	r := &Revocations{prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "usher_revocation_lag_seconds", Help: "How old a revocation was, by the database's clock, when this replica applied it.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60},
	})}
	m.registry.MustRegister(r.lag,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_revocation_read_age_seconds", Help: "Time since this replica last read the revocation log to its end.",
		}, func() float64 { return readAge().Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_revocation_watchers", Help: "Streams of WatchRevocations that this replica serves.",
		}, func() float64 { return float64(watchers()) }),
	)
	return r
}

// Applied records the age of a revocation when it was applied.
func (r *Revocations) Applied(age time.Duration) {
	if r != nil {
		r.lag.Observe(max(age, 0).Seconds())
	}
}
