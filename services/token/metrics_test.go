package token_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/vidocu/usher/services/token"
)

// figure returns the value of a metric at /metrics; -1 when it is absent.
func (b bench) figure(t *testing.T, line string) float64 {
	t.Helper()
	w := httptest.NewRecorder()
	b.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(line) + ` (\S+)$`).FindStringSubmatch(w.Body.String())
	if m == nil {
		return -1
	}
	value, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTheServiceShowsWhatBecameOfTokens(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	first := b.mustRedeem(t, "code-1")
	b.active(t, first.GetAccessToken())
	b.active(t, first.GetAccessToken())
	b.mustRefresh(t, first.GetRefreshToken())
	for range 2 { // the second time it is revoked already
		if _, err := b.refresh(t.Context(), first.GetRefreshToken()); err == nil {
			t.Fatal("a spent refresh token is taken")
		}
	}
	if _, err := b.redeem(t.Context(), "code-1"); err == nil {
		t.Fatal("a spent code is taken")
	}
	for line, want := range map[string]float64{
		`usher_token_requests_total{grant_type="authorization_code",outcome="issued"}`:           1,
		`usher_token_requests_total{grant_type="authorization_code",outcome="invalid_code"}`:     1,
		`usher_token_requests_total{grant_type="refresh_token",outcome="issued"}`:                1,
		`usher_token_requests_total{grant_type="refresh_token",outcome="invalid_refresh_token"}`: 2,
		`usher_token_reuse_total{kind="authorization_code"}`:                                     1,
		`usher_revocation_watchers`: 0,
	} {
		if got := b.figure(t, line); got != want {
			t.Errorf("%s is %g, want %g", line, got, want)
		}
	}
	if got := b.figure(t, `usher_token_reuse_total{kind="refresh_token"}`); got < 1 {
		t.Errorf("reuse was counted %g times", got)
	}
	memory, store := b.figure(t, `usher_introspection_lookups_total{from="memory"}`), b.figure(t, `usher_introspection_lookups_total{from="store"}`)
	if store < 1 || memory+store != 2 { // a machine that is busy trusts its memory less
		t.Errorf("of two look-ups %g were answered from memory and %g from the store", memory, store)
	}
	// The feed applies the revocation asynchronously.
	for deadline := time.Now().Add(time.Minute); b.figure(t, `usher_revocation_lag_seconds_count`) < 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no revocation's lag was noted")
		}
	}
	if age := b.figure(t, `usher_revocation_read_age_seconds`); age < 0 || age > 60 {
		t.Errorf("the log was read %g s ago", age)
	}
}
