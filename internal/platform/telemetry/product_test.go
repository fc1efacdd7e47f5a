package telemetry_test

import (
	"testing"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/pool"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

func TestSignInsAreCountedByMethodAndOutcome(t *testing.T) {
	m := telemetry.New()
	s := m.SignIns()
	s.Count(telemetry.MethodBrowser, false, errorv1.Reason_REASON_UNSPECIFIED)
	s.Count(telemetry.MethodPassword, true, errorv1.Reason_REASON_RATE_LIMITED)
	text := scrape(t, m)
	wantLine(t, text, `usher_signins_total{method="browser",outcome="ok"} 1`)
	wantLine(t, text, `usher_signins_total{method="user_api_password",outcome="rate_limited"} 1`)
}

func TestAPoolThatIsOpenedAnewTakesTheOthersPlace(t *testing.T) {
	m := telemetry.New()
	m.Pool("token", func() pool.Stats { return pool.Stats{} })
	m.Pool("token", func() pool.Stats {
		return pool.Stats{Max: 8, InUse: 3, Idle: 1, Waits: 7, Waited: 1500 * time.Millisecond}
	})
	m.Pool("redis", func() pool.Stats { return pool.Stats{InUse: 1} })
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
	text := scrape(t, m)
	for _, line := range []string{
		`usher_ready 1`, `usher_certificate_expiry_timestamp_seconds 1.9e+09`,
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
	m.Register(nil)
	m.SignIns().Count("", true, 0)
	m.Pool("", nil)
	m.Passwords(nil, nil)
	m.CleanupSucceeded("", time.Time{})
	m.RoomUntil("", time.Time{})
	m.Certificate(nil)
	m.Ready(nil)
}
