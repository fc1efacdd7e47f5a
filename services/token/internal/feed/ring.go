package feed

import "sync"

// ringSize is how many of the newest entries are kept in memory at least; twice as many at most.
const ringSize = 1024

// ring holds the newest entries, without a gap, for watchers and for whoever must know what came in
// between.
type ring struct {
	mu sync.Mutex
	// entries end with the one at head.
	entries []Entry
	head    int64
	// begun counts how often the ring began anew because the log had gone on without it.
	generation int
	// changed is closed when something was added, and replaced.
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

// begin forgets everything and goes on behind a cursor.
func (r *ring) reset(head int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries, r.head = nil, head
	r.generation++
}

// announce wakes whoever waits for a change.
func (r *ring) notify() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.changed)
	r.changed = make(chan struct{})
}

// view is the ring at one moment, as seen from a cursor.
type view struct {
	// entries are those behind the cursor, at most as many as were asked for. They are shared and
	// never changed.
	entries []Entry
	// complete is false when entries behind the cursor are no longer here.
	complete   bool
	head       int64
	generation int
	changed    <-chan struct{}
}

// after looks behind a cursor; limit 0 is no limit.
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
