package shortlived

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"
)

// defaultMaxEntries limits the memory of the all-in-one: at some 500 bytes an entry, about 100 MiB.
const defaultMaxEntries = 200_000

// MemoryOptions configure a store in memory.
type MemoryOptions struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// MaxEntries limits the number of live entries; 0 is 200,000. A full store returns
	// ErrUnavailable for new keys.
	MaxEntries int
}

// Memory is a Store for a single process.
type Memory struct {
	now func() time.Time
	max int

	mu      sync.Mutex
	entries map[string]*entry
	byEnd   ends
}

type entry struct {
	key      string
	value    []byte
	count    int64
	deadline time.Time
	index    int
}

// NewMemory creates an empty store.
func NewMemory(o MemoryOptions) *Memory {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = defaultMaxEntries
	}
	return &Memory{now: o.Now, max: o.MaxEntries, entries: make(map[string]*entry)}
}

// Put writes an entry.
func (m *Memory) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	return m.set(key, &entry{value: bytes.Clone(value), deadline: m.now().Add(ttl)})
}

// PutNew writes an entry unless there is one.
func (m *Memory) PutNew(_ context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	if m.entries[key] != nil {
		return false, nil
	}
	err := m.set(key, &entry{value: bytes.Clone(value), deadline: m.now().Add(ttl)})
	return err == nil, err
}

// Get reads an entry.
func (m *Memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	if e := m.entries[key]; e != nil {
		return bytes.Clone(e.value), true, nil
	}
	return nil, false, nil
}

// Take reads an entry and removes it.
func (m *Memory) Take(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	e := m.entries[key]
	if e == nil {
		return nil, false, nil
	}
	m.drop(e)
	return e.value, true, nil
}

// CompareAndSet replaces a value that is still old.
func (m *Memory) CompareAndSet(_ context.Context, key string, old, value []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	e := m.entries[key]
	if e == nil || !bytes.Equal(e.value, old) {
		return false, nil
	}
	e.value = bytes.Clone(value)
	return true, nil
}

// Delete removes an entry.
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil {
		m.drop(e)
	}
	return nil
}

// Count adds one to a counter.
func (m *Memory) Count(_ context.Context, key string, window time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	e := m.entries[key]
	if e == nil {
		e = &entry{deadline: m.now().Add(window)}
		if err := m.set(key, e); err != nil {
			return 0, err
		}
	}
	e.count++
	return e.count, nil
}

// Spend takes one of a budget.
func (m *Memory) Spend(_ context.Context, key string, limit int64, window time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	e := m.entries[key]
	if limit <= 0 || e != nil && e.count >= limit {
		return false, nil
	}
	if e == nil {
		e = &entry{deadline: m.now().Add(window)}
		if err := m.set(key, e); err != nil {
			return false, err
		}
	}
	e.count++
	return true, nil
}

// Refund gives one back.
func (m *Memory) Refund(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	e := m.entries[key]
	if e == nil || e.count == 0 {
		return nil
	}
	if e.count--; e.count == 0 {
		m.drop(e)
	}
	return nil
}

// Ping always succeeds.
func (*Memory) Ping(context.Context) error { return nil }

// Close deletes everything.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries, m.byEnd = make(map[string]*entry), nil
	return nil
}

// set inserts an entry, replacing another one under the key.
func (m *Memory) set(key string, e *entry) error {
	if old := m.entries[key]; old != nil {
		m.drop(old)
	} else if len(m.entries) >= m.max {
		return fmt.Errorf("%w: it holds %d entries already", ErrUnavailable, m.max)
	}
	e.key = key
	m.entries[key] = e
	heap.Push(&m.byEnd, e)
	return nil
}

func (m *Memory) drop(e *entry) {
	delete(m.entries, e.key)
	heap.Remove(&m.byEnd, e.index)
}

// sweep removes expired entries, so that no method sees them and memory is freed by use.
func (m *Memory) sweep() {
	for now := m.now(); len(m.byEnd) > 0 && !now.Before(m.byEnd[0].deadline); {
		m.drop(m.byEnd[0])
	}
}

// ends is a heap of entries, the first to expire on top.
type ends []*entry

func (h ends) Len() int           { return len(h) }
func (h ends) Less(i, j int) bool { return h[i].deadline.Before(h[j].deadline) }

func (h ends) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is heap.Interface.
func (h *ends) Push(x any) {
	e := x.(*entry) //nolint:forcetypeassert,errcheck // only entries are pushed
	e.index = len(*h)
	*h = append(*h, e)
}

// Pop is heap.Interface.
func (h *ends) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = nil
	*h = (*h)[:len(*h)-1]
	return last
}
