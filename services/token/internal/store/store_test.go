package store_test

import (
	"testing"
	"time"

	"github.com/vidocu/usher/services/token/internal/store/storetest"
)

func TestStoreCRUD(t *testing.T)         { storetest.CRUD(t) }
func TestStoreAtomicity(t *testing.T)    { storetest.Atomicity(t) }
func TestStoreHousekeeping(t *testing.T) { storetest.Housekeeping(t) }
func TestStoreContention(t *testing.T)   { storetest.Contention(t) }
func TestStoreAPIKeys(t *testing.T)      { storetest.APIKeys(t) }
func TestStoreFollowing(t *testing.T)    { storetest.Following(t) }
func TestUserTokens(t *testing.T)        { storetest.UserTokens(t) }
func TestEndings(t *testing.T)           { storetest.Endings(t) }

// TestThirtyDays simulates 33 days until as much expires as is issued, and 30 more: at one issue in two minutes, which is the
// rate of 200 a second with one row for 24,000. Lifetimes, widths and retention are the real ones; housekeeping runs every two
// hours, and in the last eight as often as in production.
func TestThirtyDays(t *testing.T) {
	storetest.Days(t, storetest.Pace{Every: 2 * time.Minute, Close: 8 * time.Hour})
}

// BenchmarkWaits says how long anybody waited for a lock of housekeeping, which removes 600,000 rows meanwhile:
//
//	scripts/with-deps.sh --durable go test -run - -bench Waits -benchtime 1x ./services/token/internal/store
func BenchmarkWaits(b *testing.B) {
	for b.Loop() {
		w := storetest.Waits(b)
		b.ReportMetric(w.Longest.Seconds()*1000, "longest-wait-ms")
		b.ReportMetric(float64(w.Looks), "looks")
		b.ReportMetric(w.Alone.Seconds()*1000, "p999-alone-ms")
		b.ReportMetric(w.Beside.Seconds()*1000, "p999-beside-ms")
		b.ReportMetric(w.Run.Seconds()*1000, "longest-run-ms")
		b.ReportMetric(float64(w.Removed), "rows-removed")
	}
}

// BenchmarkThirtyDays is the same at a faster rate, with the last day as in production, and says what it came to:
//
//	scripts/with-deps.sh go test -run - -bench ThirtyDays -benchtime 1x -timeout 1h ./services/token/internal/store
func BenchmarkThirtyDays(b *testing.B) {
	for b.Loop() {
		for table, worst := range storetest.Days(b, storetest.Pace{Every: 30 * time.Second, Close: 24 * time.Hour}) {
			b.ReportMetric(worst.Ratio, table+"-ratio")
			b.ReportMetric(float64(worst.Rows), table+"-rows")
		}
	}
}

// TestFault_E1_AnEndingCostsTheSameWhateverHangsOnIt: with 900,000 grants of one user with one client every ending exceeded its
// time and was rolled back.
func TestFault_E1_AnEndingCostsTheSameWhateverHangsOnIt(t *testing.T) { storetest.EndingsOfMany(t) }

// TestFault_E1_AReplayAfterTheReuseIsOneRead: 20 callers that replayed one spent token nearly stopped both replicas.
func TestFault_E1_AReplayAfterTheReuseIsOneRead(t *testing.T) { storetest.ReplaysOfMany(t) }

func TestFault_E1_RowsOfTheReleaseBeforeEndToo(t *testing.T) { storetest.Before(t) }

// TestFault_E4_GrantsAndRefreshesAreBounded: one person with a public client refreshed 1,465 times a second, and granted without
// a limit.
func TestFault_E4_GrantsAndRefreshesAreBounded(t *testing.T) { storetest.Limits(t) }
