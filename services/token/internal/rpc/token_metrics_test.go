package rpc_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

func TestTokenRequestsAreCountedByGrantAndOutcome(t *testing.T) {
	m := telemetry.New()
	tokens := rpc.NewTokenMetrics(m)
	tokens.Issued(oauth.AuthorizationCodeGrant)
	tokens.Refused(oauth.RefreshTokenGrant, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	tokens.Reused(oauth.RefreshTokenGrant)
	for _, made := range []string{"urn:x", "urn:y", ""} { // a made-up grant type has no series of its own
		tokens.Issued(made)
		tokens.Refused(made, errorv1.Reason(4711))
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := w.Body.String()
	for _, line := range []string{
		`usher_token_requests_total{grant_type="authorization_code",outcome="issued"} 1`,
		`usher_token_requests_total{grant_type="refresh_token",outcome="issued"} 0`,
		`usher_token_requests_total{grant_type="refresh_token",outcome="invalid_refresh_token"} 1`,
		`usher_token_requests_total{grant_type="other",outcome="internal"} 3`,
		`usher_token_reuse_total{kind="refresh_token"} 1`,
		`usher_token_reuse_total{kind="authorization_code"} 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("/metrics has no line %s", line)
		}
	}
}
