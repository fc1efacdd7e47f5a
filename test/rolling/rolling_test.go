package rolling_test

import (
	"os"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/rolling"
)

// TestEverythingIsReplacedUnderLoad does one round of everything. Nobody is timed: on a busy machine it takes longer and counts less.
func TestEverythingIsReplacedUnderLoad(t *testing.T) {
	dir, err := os.MkdirTemp("", "usher-rolling-") // under the system's folder, where PostgreSQL's user may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	report, err := rolling.Run(t.Context(), dir, rolling.Options{Load: rolling.Load{Flows: 2, Chains: 4, Revokers: 1, Introspectors: 1}})
	if report != nil {
		var text strings.Builder
		report.Print(&text)
		t.Log("\n" + text.String() + strings.Join(report.Details(), "\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
	v := report.Verdict
	for what, n := range map[string]int{
		"refreshes failed that one retry did not recover": report.Failed("refresh"), "double issues": v.DoubleIssues, "stale allows": v.StaleAllows,
		"live tokens were denied": v.FalseDenials, "live tokens that nobody received": v.Unowned,
	} {
		if n > 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	if v.Codes == 0 || v.Rotations == 0 {
		t.Errorf("%d codes and %d rotations: there was no load", v.Codes, v.Rotations)
	}
}
