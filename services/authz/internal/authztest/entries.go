package authztest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"
)

// Entries is a short-lived store that forgets to let entries expire, as one that was restored might. It counts what it is
// asked, and fails or calls back on demand. Its methods may be called concurrently.
type Entries struct {
	mu     sync.Mutex
	kept   map[string][]byte
	ttls   map[string]time.Duration
	asked  int
	broken map[string]error
	before map[string]func()
}

// NewEntries makes an empty store.
func NewEntries() *Entries {
	return &Entries{
		kept: map[string][]byte{}, ttls: map[string]time.Duration{}, broken: map[string]error{}, before: map[string]func(){},
	}
}

// Break makes a method, by its name, fail until it is broken with nil.
func (e *Entries) Break(method string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken[method] = err
}

// Before calls back once, ahead of the method's next call and outside of any lock.
func (e *Entries) Before(method string, call func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.before[method] = call
}

// Asked is how often any method was called.
func (e *Entries) Asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// Keys are the names under which something is kept.
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

// Kept is what is kept under a key, and for how long it was asked to be.
func (e *Entries) Kept(key string) ([]byte, time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.kept[key]), e.ttls[key]
}

// begin counts a call, lets the test interfere and answers the failure that it wants.
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
	e.asked++
	return e.broken[method]
}

// Put writes an entry.
func (e *Entries) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	if err := e.begin("Put"); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept[key], e.ttls[key] = bytes.Clone(value), ttl
	return nil
}

// Get reads an entry.
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

// CompareAndSet replaces a value that is still the same.
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
