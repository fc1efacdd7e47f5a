// Package stopwatch says how long ago something was done, for those who watch and not for those who decide.
//
// It owns one moment of the process's own clock. Nothing that expires is judged by it: that is the database's clock alone.
package stopwatch

import (
	"sync/atomic"
	"time"
)

// Watch is a moment. The zero value has none. Its methods may be called concurrently.
type Watch struct{ at atomic.Pointer[time.Time] }

// Press notes this moment.
func (w *Watch) Press() {
	now := time.Now()
	w.at.Store(&now)
}

// Since is how long ago the moment was; 0 where there is none.
func (w *Watch) Since() time.Duration {
	at := w.at.Load()
	if at == nil {
		return 0
	}
	return time.Since(*at)
}
