package sqldb

import (
	"context"
	"errors"
	"sync"
	"time"
)

// leaderCheckInterval is how often the leader checks its session while it works.
const leaderCheckInterval = time.Second

// maxLeaderTerm limits the age of a leader's session, so that a replaced role or password stops
// being used here too.
const maxLeaderTerm = 30 * time.Minute

// ErrLeadershipLost is the cancellation cause of work under a LeaderLock: the session that held the
// lock has ended, and another process may be the leader already.
var ErrLeadershipLost = errors.New("leadership lost: the session that held the lock has ended")

// leaderSession is the database session that holds a leader lock.
type leaderSession interface {
	// check fails when the session has ended.
	check(ctx context.Context) error
	// release releases the lock at once.
	release()
}

// LeaderLock elects a leader among the processes that use a database, by an advisory lock. The
// leader stays the leader until it calls Close or its session ends, which includes the end of its
// process.
//
// On PostgreSQL the advisory lock belongs to a session: the URL must name the server itself or a
// pooler in session mode. A pooler that shares sessions between transactions would elect several
// leaders. A SQLite file belongs to one process, which is always the leader.
type LeaderLock struct {
	db   *DB
	name string

	mu   sync.Mutex
	held leaderSession
	// since is when the lock was acquired.
	since time.Time
}

// LeaderLock returns a lock that is not acquired yet. Locks with the same name, database and schema
// exclude each other.
func (db *DB) LeaderLock(name string) *LeaderLock { return &LeaderLock{db: db, name: name} }

// Do acquires the lock, or checks that it is still held, and runs work. It reports whether this
// process is the leader; otherwise work is not run. The context of work is cancelled with the cause
// ErrLeadershipLost when the lock is lost.
func (l *LeaderLock) Do(ctx context.Context, work func(ctx context.Context) error) (leader bool, err error) {
	leader, err = l.acquire(ctx)
	if err != nil || !leader {
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { l.watch(ctx, cancel) })
	defer watching.Wait()
	defer cancel(nil)
	return true, work(ctx)
}

// acquire acquires the lock, unless this process holds it already.
func (l *LeaderLock) acquire(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil && time.Since(l.since) < maxLeaderTerm && l.held.check(ctx) == nil {
		return true, nil
	}
	l.release()
	var err error
	l.since = time.Now()
	l.held, err = l.db.engine.tryLeaderLock(ctx, l.name)
	return l.held != nil, err
}

// watch cancels the work when the lock is lost.
func (l *LeaderLock) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(leaderCheckInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !l.isHeld(ctx) && ctx.Err() == nil {
				cancel(ErrLeadershipLost)
			}
		}
	}
}

// isHeld checks the session. The check ignores the cancellation of ctx: pgx closes a connection
// whose query is cancelled, which would release the lock.
func (l *LeaderLock) isHeld(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held != nil && l.held.check(context.WithoutCancel(ctx)) == nil
}

// Close releases the lock. A later Do acquires it again.
func (l *LeaderLock) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release()
}

// release releases the lock; l.mu is held.
func (l *LeaderLock) release() {
	if l.held != nil {
		l.held.release()
		l.held = nil
	}
}
