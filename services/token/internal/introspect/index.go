package introspect

import "sync"

// index lists the cached tokens of each user: every revocation but those by operators is of one
// user.
type index struct {
	mu    sync.Mutex
	first map[string]*cached
}

// add links a token; a token without a user is revoked by its hash alone.
func (x *index) add(r *cached) {
	if r.facts.UserID == "" {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	r.linked = true
	if r.next = x.first[r.facts.UserID]; r.next != nil {
		r.next.previous = r
	}
	x.first[r.facts.UserID] = r
}

// remove unlinks an entry. It compares the entry and not the token's hash: the token may have been
// cached again.
func (x *index) remove(r *cached) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !r.linked {
		return
	}
	r.linked = false
	if r.next != nil {
		r.next.previous = r.previous
	}
	switch {
	case r.previous != nil:
		r.previous.next = r.next
	case r.next != nil:
		x.first[r.facts.UserID] = r.next
	default:
		delete(x.first, r.facts.UserID)
	}
}

// of returns a user's cached tokens.
func (x *index) of(userID string) []*cached {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []*cached
	for r := x.first[userID]; r != nil; r = r.next {
		list = append(list, r)
	}
	return list
}
