// Package usedfrom caches the source addresses of recently spent credentials, so that the log can
// compare a reuse with the first use.
//
// It owns a bounded in-process cache: credentials that another replica exchanged, or that were
// exchanged long ago, are not in it. It decides nothing, and holds hashes and addresses only.
package usedfrom

import (
	"sync"

	"github.com/vidocu/usher/internal/platform/secret"
)

// capacity bounds the cache to a few megabytes; at a thousand token requests a second it holds the
// last quarter of a minute.
const capacity = 1 << 14

// Recent is the cache. The zero value is empty; its methods may be called concurrently.
type Recent struct {
	mu    sync.Mutex
	ring  [capacity]secret.Hash
	next  int
	where map[secret.Hash]string
}

// Note records the source address of a credential; an empty address is not recorded.
func (r *Recent) Note(credential secret.Hash, address string) {
	if address == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.where == nil {
		r.where = make(map[secret.Hash]string)
	}
	if _, known := r.where[credential]; !known {
		delete(r.where, r.ring[r.next])
		r.ring[r.next] = credential
		r.next = (r.next + 1) % capacity
	}
	r.where[credential] = address
}

// Same reports whether a credential was first used from the address; known is false where either is
// unknown.
func (r *Recent) Same(credential secret.Hash, address string) (same, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, found := r.where[credential]
	if !found || address == "" {
		return false, false
	}
	return first == address, true
}
