// Package usedfrom remembers where recently spent credentials were used from, so that a reuse can
// be compared with the first use.
//
// It owns a bounded memory of this process: what another replica issued, or was issued long ago, is
// not known. It decides nothing, and holds hashes and addresses only.
package usedfrom

import (
	"sync"

	"github.com/vidocu/usher/internal/platform/secret"
)

// capacity bounds the memory to a few megabytes; at a thousand token requests a second it holds the
// last quarter of a minute.
const capacity = 1 << 14

// Recent is the memory. The zero value is empty; its methods may be called concurrently.
type Recent struct {
	mu    sync.Mutex
	ring  [capacity]secret.Hash
	next  int
	where map[secret.Hash]string
}

// Note records where a credential was used from; an address that is not known is not recorded.
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
// not known.
func (r *Recent) Same(credential secret.Hash, address string) (same, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, found := r.where[credential]
	if !found || address == "" {
		return false, false
	}
	return first == address, true
}
