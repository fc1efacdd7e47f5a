package rpc

import (
	"github.com/prometheus/client_golang/prometheus"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// TokenMetrics counts token requests. A nil *TokenMetrics counts nothing.
type TokenMetrics struct {
	issued   map[string]prometheus.Counter
	requests *prometheus.CounterVec
	reuse    *prometheus.CounterVec
}

const (
	// issuedOutcome is the outcome label of a success.
	issuedOutcome = "issued"
	// otherGrant is the label of unsupported grant types, since a client may send any string.
	otherGrant = "other"
)

// NewTokenMetrics registers the counters with m, which may be nil.
func NewTokenMetrics(m *telemetry.Metrics) *TokenMetrics {
	t := &TokenMetrics{
		issued: map[string]prometheus.Counter{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_token_requests_total", Help: "Token requests, by grant type and outcome: issued, or the reason of the refusal.",
		}, []string{"grant_type", "outcome"}),
		reuse: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_token_reuse_total", Help: "Codes and refresh tokens that were used a second time, which revoked the tokens of the first use.",
		}, []string{"kind"}),
	}
	for _, grantType := range oauth.GrantTypeNames(nil) {
		t.issued[grantType] = t.requests.WithLabelValues(grantType, issuedOutcome)
	}
	for _, grantType := range oauth.GrantTypeNames(func(g oauth.GrantType) bool { return g.Spends }) {
		t.reuse.WithLabelValues(grantType)
	}
	m.Register(t.requests, t.reuse)
	return t
}

// Issued counts a successful token request.
func (t *TokenMetrics) Issued(grantType string) {
	if t == nil {
		return
	}
	if c := t.issued[grantType]; c != nil {
		c.Inc()
	}
}

// Refused counts a refused token request.
func (t *TokenMetrics) Refused(grantType string, reason errorv1.Reason) {
	if t == nil {
		return
	}
	if t.issued[grantType] == nil {
		grantType = otherGrant
	}
	t.requests.WithLabelValues(grantType, telemetry.Outcome(reason)).Inc()
}

// Reused counts a code or a refresh token that was used a second time.
func (t *TokenMetrics) Reused(grantType string) {
	if t != nil {
		t.reuse.WithLabelValues(grantType).Inc()
	}
}
