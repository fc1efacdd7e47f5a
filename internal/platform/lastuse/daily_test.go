package lastuse_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/lastuse"
)

// TestAUseIsWrittenOnceADay, also where it is used all day, and again after a write that failed.
func TestAUseIsWrittenOnceADay(t *testing.T) {
	now := time.Date(2026, time.November, 30, 23, 0, 0, 0, time.UTC)
	w := &writes{}
	d := lastuse.NewDaily(w.Touch, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	use := func(ids ...string) {
		for range 2 {
			for _, id := range ids {
				d.Used([]byte(id))
			}
			d.Flush(t.Context())
		}
	}
	use("one", "two")
	w.wrote(t, "one", "two")
	now = now.Add(59 * time.Minute)
	use("one", "three")
	w.wrote(t, "three")
	now = now.Add(time.Minute)
	use("one")
	w.wrote(t, "one")
	w.set(func(w *writes) { w.down = errors.New("connection refused") })
	use("two")
	w.wrote(t, "two", "two")
	w.set(func(w *writes) { w.down = nil })
	use("two")
	w.wrote(t, "two")
}
