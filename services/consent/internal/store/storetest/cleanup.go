package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/services/consent/internal/store"
)

// Cleanup checks that cleanup deletes consents older than the retention, and no others.
func Cleanup(t *testing.T) {
	t.Run("decisions of long ago go", func(t *testing.T) { eachLater(t, expired) })
}

func expired(t *testing.T, later func(time.Duration) *store.Store) {
	const day = 24 * time.Hour
	old, young := example(), example()
	young.ClientID = "another"
	record(t, later(0), old)
	record(t, later(2*day), young)
	now := later(3 * day)
	keep := func(kept time.Duration) {
		t.Helper()
		if err := now.CleanUp(t.Context(), kept); err != nil {
			t.Fatal(err)
		}
	}
	keep(0) // for ever
	keep(3*day + time.Hour)
	wantList(t, now, old.UserID, old, young)
	keep(2 * day)
	wantList(t, now, old.UserID, young)
	keep(day - time.Hour)
	wantList(t, now, old.UserID)
}
