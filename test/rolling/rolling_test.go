package rolling_test

import (
	"testing"

	"github.com/vidocu/usher/test/rolling"
)

// TestReplacingEverythingCausesNoClientFailure: everything is replaced once under load; `make
// rolling` runs for longer.
func TestReplacingEverythingCausesNoClientFailure(t *testing.T) {
	report, err := rolling.Run(t.Context(), t.TempDir(), rolling.Options{
		Load: rolling.Load{Flows: 2, Chains: 4, Revokers: 1, Introspectors: 1},
	})
	if report != nil {
		report.Print(t.Output())
		for _, detail := range report.Details() {
			t.Log(detail)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range report.Broken() {
		t.Error(broken)
	}
}
