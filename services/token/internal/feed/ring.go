package feed

import "sync"

// ringSize is the minimum number of newest entries in memory; the maximum is twice as many.
const ringSize = 1024

// ring holds the newest entries, without a gap, for watchers and for Since.
type ring struct {
	mu sync.Mutex
	// entries end with the one at head.
	entries []Entry
	head    int64
	// generation counts the resets of the ring.
	generation int
	// changed is closed, and replaced, when entries were added.
	changed chan struct{}
}

func newRing() *ring { return &ring{changed: make(chan struct{})} }

// add appends entries that follow head.
func (r *ring) add(entries []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entries...)
	if len(r.entries) > 2*ringSize {
		r.entries = append(make([]Entry, 0, 2*ringSize+pageSize), r.entries[len(r.entries)-ringSize:]...)
	}
	r.head = entries[len(entries)-1].Cursor
}

// reset drops every entry and continues after a cursor.
func (r *ring) reset(head int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries, r.head = nil, head
	r.generation++
}

// notify wakes the goroutines that wait for a change.
func (r *ring) notify() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.changed)
	r.changed = make(chan struct{})
}

// view is a snapshot of the ring, as seen from a cursor.
type view struct {
	// entries are those after the cursor, at most limit. They are shared and never changed.
	entries []Entry
	// complete is false when the ring no longer has every entry after the cursor.
	complete   bool
	head       int64
	generation int
	changed    <-chan struct{}
}

// after returns the entries after a cursor; limit 0 is no limit.
func (r *ring) after(cursor int64, limit int) view {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := view{head: r.head, generation: r.generation, changed: r.changed, complete: true}
	before := r.head - int64(len(r.entries))
	switch {
	case cursor >= r.head:
	case cursor < before:
		v.complete = false
	default:
		v.entries = r.entries[cursor-before:]
		if limit > 0 && len(v.entries) > limit {
			v.entries = v.entries[:limit:limit]
		}
	}
	return v
}
