package token

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// TestAnAgeBelowZeroCountsAsZero: a clock may be set back between a revocation and its application.
func TestAnAgeBelowZeroCountsAsZero(t *testing.T) {
	m, lag := telemetry.New(), newLagRecorder()
	m.Register(lag.histogram)
	lag.Apply([]feed.Entry{{Age: 30 * time.Millisecond}, {Age: -time.Millisecond}})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{"usher_revocation_lag_seconds_count 2", "usher_revocation_lag_seconds_sum 0.03"} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("/metrics has no line %s", line)
		}
	}
}
