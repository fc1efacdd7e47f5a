package authztest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"
)

// Entries is a short-lived store that never evicts, like one that was restored. It counts calls,
// and returns errors or calls back on demand. Its methods may be called concurrently.
type Entries struct {
	mu     sync.Mutex
	kept   map[string][]byte
	ttls   map[string]time.Duration
	calls  int
	broken map[string]error
	before map[string]func()
}

// NewEntries returns an empty store.
func NewEntries() *Entries {
	return &Entries{
		kept: map[string][]byte{}, ttls: map[string]time.Duration{}, broken: map[string]error{}, before: map[string]func(){},
	}
}

// Break makes the named method return err, until Break is called with nil.
func (e *Entries) Break(method string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken[method] = err
}

// Before runs call once, before the named method's next call and outside of any lock.
func (e *Entries) Before(method string, call func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.before[method] = call
}

// Calls returns how often any method was called.
func (e *Entries) Calls() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls
}

// Keys returns the stored keys.
func (e *Entries) Keys() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := make([]string, 0, len(e.kept))
	for key := range e.kept {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Kept returns the value of a key, and the TTL that it was stored with.
func (e *Entries) Kept(key string) ([]byte, time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.kept[key]), e.ttls[key]
}

// begin counts a call, runs the Before callback and returns the error that Break set.
func (e *Entries) begin(method string) error {
	e.mu.Lock()
	call := e.before[method]
	delete(e.before, method)
	e.mu.Unlock()
	if call != nil {
		call()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	return e.broken[method]
}

// Put stores an entry.
func (e *Entries) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	if err := e.begin("Put"); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept[key], e.ttls[key] = bytes.Clone(value), ttl
	return nil
}

// PutNew stores an entry unless the key has one.
func (e *Entries) PutNew(_ context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := e.begin("PutNew"); err != nil {
		return false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, found := e.kept[key]; found {
		return false, nil
	}
	e.kept[key], e.ttls[key] = bytes.Clone(value), ttl
	return true, nil
}

// Get returns an entry.
func (e *Entries) Get(_ context.Context, key string) ([]byte, bool, error) {
	if err := e.begin("Get"); err != nil {
		return nil, false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	value, found := e.kept[key]
	return bytes.Clone(value), found, nil
}

// Delete removes an entry.
func (e *Entries) Delete(_ context.Context, key string) error {
	if err := e.begin("Delete"); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.kept, key)
	return nil
}

// CompareAndSet replaces a value if it is unchanged.
func (e *Entries) CompareAndSet(_ context.Context, key string, before, after []byte) (bool, error) {
	if err := e.begin("CompareAndSet"); err != nil {
		return false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	value, found := e.kept[key]
	if !found || !bytes.Equal(value, before) {
		return false, nil
	}
	e.kept[key] = bytes.Clone(after)
	return true, nil
}
