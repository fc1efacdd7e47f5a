package crash_test

import (
	"testing"
	"time"

	"github.com/vidocu/usher/test/crash"
)

// TestCase109_ACrashBetweenStepsLeavesOnePairOrNone: docs/security-cases.md 109, a few rounds;
// `make crash` plays 200 with each window.
func TestCase109_ACrashBetweenStepsLeavesOnePairOrNone(t *testing.T) {
	report, err := crash.Run(t.Context(), t.TempDir(), crash.Options{
		Rounds: 8, Windows: []time.Duration{0, 10 * time.Second}, Seed: uint64(time.Now().UnixNano()),
	}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	report.Print(t.Output())
	for _, row := range report.Rows {
		for _, wrong := range row.Wrong {
			t.Error(wrong)
		}
	}
	if report.Stuck != 0 {
		t.Errorf("%d transactions or lock waits were left open", report.Stuck)
	}
}
