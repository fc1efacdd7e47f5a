package sqldb

import (
	"context"
	"errors"
	"sync"
	"time"
)

// leadWatch is how often whoever leads makes sure that it still does while it works.
const leadWatch = time.Second

// leadTerm is how long a session leads, so that it too ends some time after a role or a password was replaced.
const leadTerm = 30 * time.Minute

// ErrLeadLost is why the context of work under a Lead ended: the session that made this process the leader is gone, and
// another one may lead by now.
var ErrLeadLost = errors.New("the session that leads is gone")

// leadership is what an engine gives to whoever leads, for as long as it lasts.
type leadership interface {
	// check fails when it lasts no more.
	check(ctx context.Context) error
	// release lets another lead at once.
	release()
}

// Lead makes one process at a time do a piece of work, among all that use a database. Whoever leads goes on leading until
// it closes the Lead or its session ends; with its session, hence with the process, another may lead at once.
//
// On PostgreSQL it is an advisory lock of a session: the URL must lead to the server itself or to a pooler that gives a
// client a session of its own. A pooler that shares sessions between transactions would give the lead to several. A SQLite
// file belongs to one process, which always leads.
type Lead struct {
	db   *DB
	name string

	mu   sync.Mutex
	held leadership
	// since is when it was taken.
	since time.Time
}

// Lead prepares a claim. Those with the same name, database and schema exclude each other.
func (db *DB) Lead(name string) *Lead { return &Lead{db: db, name: name} }

// Do runs work if this process leads or can lead, and reports whether it did. The context of work ends, with the cause
// ErrLeadLost, when the lead does.
func (l *Lead) Do(ctx context.Context, work func(ctx context.Context) error) (led bool, err error) {
	led, err = l.claim(ctx)
	if err != nil || !led {
		return false, err
	}
	ctx, lost := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { l.watch(ctx, lost) })
	defer watching.Wait()
	defer lost(nil)
	return true, work(ctx)
}

// claim takes the lead, or makes sure of it.
func (l *Lead) claim(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil && time.Since(l.since) < leadTerm && l.held.check(ctx) == nil {
		return true, nil
	}
	l.drop()
	var err error
	l.since = time.Now()
	l.held, err = l.db.engine.lead(ctx, l.name)
	return l.held != nil, err
}

// watch ends the work when the lead is lost.
func (l *Lead) watch(ctx context.Context, lost context.CancelCauseFunc) {
	tick := time.NewTicker(leadWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !l.lasts(ctx) && ctx.Err() == nil {
				lost(ErrLeadLost)
			}
		}
	}
}

// lasts asks whether this process still leads. A question that was broken off says nothing, but costs the session.
func (l *Lead) lasts(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held != nil && l.held.check(context.WithoutCancel(ctx)) == nil
}

// Close lets another lead at once. A later Do claims again.
func (l *Lead) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop()
}

func (l *Lead) drop() {
	if l.held != nil {
		l.held.release()
		l.held = nil
	}
}
