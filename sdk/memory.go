package usher

import (
	"sync"
	"sync/atomic"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce/revocation"
)

// recently is how many revocations are held against answers that were asked for before they came. A question that more of them
// overtook is not remembered.
const recently = 1024

// memory is what the client remembers, and what has ended since.
//
// An answer may be remembered only if it knows of everything that has ended. The argument: a question notes, in one step, how many
// revocations were applied here and the highest cursor among them, and asks the server for an answer that takes that cursor
// into account. So whatever the answer may not know lies behind that cursor. When the answer comes, it is placed in the same
// critical section that revocations are applied in, and each of those behind the cursor is on one side of it: applied
// before, then it is among the recent ones, and the answer is held against it; or applied later, then it finds the answer in
// its place and removes it. An answer that was not placed is asked for again.
type memory struct {
	now func() time.Duration
	// trusted is until when, on the client's clock, what is remembered may be used.
	trusted    atomic.Int64
	live, dead *table

	mu sync.Mutex
	// recent are the last revocations, by their number; applied counts them, forgotten is the number of the last emptying.
	recent             [recently]*revocation.Revocation
	applied, forgotten uint64
	cursor             int64
	following          bool
}

func newMemory(size int, now func() time.Duration) *memory {
	m := &memory{now: now, live: newTable(size)}
	if size > 0 {
		m.dead = newTable(min(max(size/8, ways), 4096))
	}
	return m
}

// get finds an answer that may be used now; the entry's token is nil where it was "not active".
func (m *memory) get(k *key, now time.Duration) *entry {
	if !m.isTrusted(now) {
		return nil
	}
	if e := m.live.get(k, now); e != nil {
		return e
	}
	return m.dead.get(k, now)
}

func (m *memory) isTrusted(now time.Duration) bool { return now < time.Duration(m.trusted.Load()) }

func (m *memory) trust(until time.Duration) { m.trusted.Store(int64(until)) }

// question is the state of the log here when something is asked.
type question struct {
	asked   time.Duration
	applied uint64
	cursor  int64
}

func (m *memory) ask() question {
	m.mu.Lock()
	defer m.mu.Unlock()
	return question{asked: m.now(), applied: m.applied, cursor: m.cursor}
}

// remember places the answer to a question, unless something that was applied meanwhile may have ended it: then it reports
// false, and the answer is not to be passed on to those who came later than the question.
func (m *memory) remember(q question, e *entry) (current bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q.applied < m.forgotten || m.applied-q.applied > recently {
		return false
	}
	if q.applied < m.applied && e.outdated(m.since(q.applied)) {
		return false
	}
	table := m.live
	if e.token == nil {
		table = m.dead
	}
	if now := m.now(); table != nil && now < e.deadline {
		m.live.remove(&e.key)
		m.dead.remove(&e.key)
		table.put(e, now)
	}
	return true
}

func (m *memory) since(applied uint64) *revocation.Set {
	var s revocation.Set
	for n := applied + 1; n <= m.applied; n++ {
		s.Add(m.recent[n%recently])
	}
	return &s
}

// apply takes in a message of the log, and only then its cursor.
func (m *memory) apply(res *tokenv1.WatchRevocationsResponse) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if res.GetReset_() {
		m.forget()
	}
	if len(res.GetRevocations()) > 0 {
		m.end(res.GetRevocations())
	}
	m.cursor, m.following = res.GetCursor(), true
}

func (m *memory) end(revocations []*tokenv1.Revocation) {
	var s revocation.Set
	for _, received := range revocations {
		r := revocationOf(received)
		m.applied++
		m.recent[m.applied%recently] = r
		s.Add(r)
	}
	if s.Everything() {
		m.forget()
		return
	}
	for hash := range s.Tokens {
		k := key(hash)
		m.live.remove(&k)
		m.dead.remove(&k)
	}
	if s.Wide() {
		m.live.removeIf(func(e *entry) bool { return e.outdated(&s) })
	}
	if s.Has(revocation.Workspace) {
		m.dead.clear()
	}
}

// forgetAll empties the memory.
func (m *memory) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
}

func (m *memory) forget() {
	m.applied++
	m.recent[m.applied%recently] = &revocation.Revocation{} // of no kind: everything
	m.forgotten = m.applied
	m.live.clear()
	m.dead.clear()
}

// resume is where to go on in the log.
func (m *memory) resume() *tokenv1.WatchRevocationsRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.following {
		return &tokenv1.WatchRevocationsRequest{}
	}
	cursor := m.cursor
	return &tokenv1.WatchRevocationsRequest{Cursor: &cursor}
}
