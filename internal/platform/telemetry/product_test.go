package telemetry_test

import (
	"testing"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

func TestTokensAreCountedByGrantAndOutcome(t *testing.T) {
	m := telemetry.New()
	tokens := m.Tokens()
	tokens.Issued(telemetry.GrantCode)
	tokens.Refused(telemetry.GrantRefresh, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	tokens.Reused(telemetry.GrantRefresh)
	for _, made := range []string{"urn:x", "urn:y", ""} { // a made-up grant type has no series of its own
		tokens.Issued(made)
		tokens.Refused(made, errorv1.Reason(4711))
	}
	text := scrape(t, m)
	for _, line := range []string{
		`usher_token_requests_total{grant_type="authorization_code",outcome="issued"} 1`,
		`usher_token_requests_total{grant_type="refresh_token",outcome="issued"} 0`,
		`usher_token_requests_total{grant_type="refresh_token",outcome="invalid_refresh_token"} 1`,
		`usher_token_requests_total{grant_type="other",outcome="internal"} 3`,
		`usher_token_reuse_total{kind="refresh_token"} 1`,
		`usher_token_reuse_total{kind="authorization_code"} 0`,
	} {
		wantLine(t, text, line)
	}
}

func TestSignInsAreCountedByDoorAndOutcome(t *testing.T) {
	m := telemetry.New()
	s := m.SignIns()
	s.Count(telemetry.DoorBrowser, false, errorv1.Reason_REASON_UNSPECIFIED)
	s.Count(telemetry.DoorPassword, true, errorv1.Reason_REASON_RATE_LIMITED)
	text := scrape(t, m)
	wantLine(t, text, `usher_signins_total{door="browser",outcome="ok"} 1`)
	wantLine(t, text, `usher_signins_total{door="user_api_password",outcome="rate_limited"} 1`)
}

func TestAPoolThatIsOpenedAnewTakesTheOthersPlace(t *testing.T) {
	m := telemetry.New()
	m.Pool("token", func() telemetry.Pool { return telemetry.Pool{} })
	m.Pool("token", func() telemetry.Pool {
		return telemetry.Pool{Max: 8, InUse: 3, Idle: 1, Waits: 7, Waited: 1500 * time.Millisecond}
	})
	m.Pool("redis", func() telemetry.Pool { return telemetry.Pool{InUse: 1} })
	text := scrape(t, m)
	for _, line := range []string{
		`usher_pool_connections{pool="token",state="in_use"} 3`, `usher_pool_connections{pool="token",state="idle"} 1`,
		`usher_pool_connections_max{pool="token"} 8`, `usher_pool_waits_total{pool="token"} 7`, `usher_pool_wait_seconds_total{pool="token"} 1.5`,
		`usher_pool_connections{pool="redis",state="in_use"} 1`,
	} {
		wantLine(t, text, line)
	}
}

func TestWhatIsAskedAtEachScrape(t *testing.T) {
	m := telemetry.New()
	ready, end := true, time.Unix(1_900_000_000, 0)
	m.Ready(func() bool { return ready })
	m.Certificate(func() time.Time { return end })
	lag := m.Revocations(func() time.Duration { return 2 * time.Second }, func() int64 { return 3 })
	lag.Applied(30 * time.Millisecond)
	lag.Applied(-time.Millisecond) // a clock that was set back
	text := scrape(t, m)
	for _, line := range []string{
		`usher_ready 1`, `usher_certificate_expiry_timestamp_seconds 1.9e+09`, `usher_revocation_read_age_seconds 2`,
		`usher_revocation_watchers 3`, `usher_revocation_lag_seconds_count 2`, `usher_revocation_lag_seconds_bucket{le="0.025"} 1`,
	} {
		wantLine(t, text, line)
	}
	ready, end = false, time.Time{}
	text = scrape(t, m)
	wantLine(t, text, `usher_ready 0`)
	wantLine(t, text, `usher_certificate_expiry_timestamp_seconds 0`)
}

func TestNilShowsNothing(t *testing.T) {
	var m *telemetry.Metrics
	m.Tokens().Issued(telemetry.GrantCode)
	m.Tokens().Refused("", 0)
	m.Tokens().Reused("")
	m.SignIns().Count("", true, 0)
	m.Revocations(nil, nil).Applied(0)
	m.Pool("", nil)
	m.Introspections(nil, nil)
	m.Passwords(nil, nil)
	m.CleanupSucceeded("", time.Time{})
	m.RoomUntil("", time.Time{})
	m.Certificate(nil)
	m.Ready(nil)
}
