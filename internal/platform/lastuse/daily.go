package lastuse

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Daily is a Recorder for rows that store the day of their last use: it writes each identifier once a
// day (UTC), so that a row in constant use costs one write a day and process.
type Daily struct {
	recorder *Recorder
	now      func() time.Time
	mu       sync.Mutex
	day      int64
	written  map[string]struct{}
}

// NewDaily returns a recorder. now is the clock by which a day begins.
func NewDaily(touch Touch, now func() time.Time, logger *slog.Logger) *Daily {
	d := &Daily{now: now, written: make(map[string]struct{})}
	d.recorder = New(func(ctx context.Context, id []byte) error {
		day := d.today()
		err := touch(ctx, id)
		if err == nil { // after an error, the next use of the day writes it
			d.wrote(id, day)
		}
		return err
	}, logger)
	return d
}

// Used records a use; it never blocks on the store.
func (d *Daily) Used(id []byte) {
	if !d.has(id) {
		d.recorder.Used(id)
	}
}

// Run is that of Recorder.
func (d *Daily) Run(ctx context.Context) error { return d.recorder.Run(ctx) }

// Flush is that of Recorder.
func (d *Daily) Flush(ctx context.Context) { d.recorder.Flush(ctx) }

// today returns the number of the day since 1970.
func (d *Daily) today() int64 { return d.now().Unix() / int64((24 * time.Hour).Seconds()) }

// has reports whether an identifier was written today.
func (d *Daily) has(id []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn(d.today())
	_, found := d.written[string(id)]
	return found
}

// wrote notes an identifier. Those that do not fit are written again with their next use, which changes
// nothing in the store.
func (d *Daily) wrote(id []byte, day int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn(day)
	if d.day == day && len(d.written) < maxWaiting {
		d.written[string(id)] = struct{}{}
	}
}

// turn begins a later day; d.mu is held.
func (d *Daily) turn(day int64) {
	if day > d.day {
		d.day = day
		clear(d.written)
	}
}
