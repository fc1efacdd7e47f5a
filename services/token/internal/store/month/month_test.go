// Package month simulates two months of the token store's life. It stands apart from the other
// tests of the store because it takes as long as all of them together, so that they run side by
// side.
package month

import (
	"testing"
	"time"

	"github.com/vidocu/usher/services/token/internal/store/storetest"
)

// TestThirtyDays simulates 33 days until as much expires as is issued, and 30 more: at one issue in
// two minutes, which is the rate of 200 a second with one row for 24,000. Lifetimes, widths and
// retention are the real ones; cleanup runs every two hours, and in the last eight as often as in
// production.
func TestThirtyDays(t *testing.T) {
	storetest.Days(t, storetest.Pace{Every: 2 * time.Minute, Close: 8 * time.Hour})
}

// BenchmarkThirtyDays is the same at a faster rate, with the last day as in production, and
// reports:
//
//	scripts/with-deps.sh go test -run - -bench ThirtyDays -benchtime 1x -timeout 1h ./services/token/internal/store/month
func BenchmarkThirtyDays(b *testing.B) {
	for b.Loop() {
		for table, worst := range storetest.Days(b, storetest.Pace{Every: 30 * time.Second, Close: 24 * time.Hour}) {
			b.ReportMetric(worst.Ratio, table+"-ratio")
			b.ReportMetric(float64(worst.Rows), table+"-rows")
		}
	}
}
