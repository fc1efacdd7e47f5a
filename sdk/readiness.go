package usher

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

var errClosed = errors.New("the client is closed")

// readiness is the state of a client, which Ready waits for.
type readiness struct {
	mu sync.Mutex
	// changed is closed and replaced at every change.
	changed chan struct{}
	// catalog: one is loaded. following: the revocation log is followed. unsupported: the server
	// has no revocation log.
	catalog, following, unsupported, closed bool
	catalogErr, logErr                      error
}

func newReadiness() *readiness { return &readiness{changed: make(chan struct{})} }

func (s *readiness) change(apply func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	apply()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *readiness) setCatalog(err error) {
	s.change(func() { s.catalog, s.catalogErr = s.catalog || err == nil, err })
}

// setFollowing records that the log is followed, and reports whether it was not before.
func (s *readiness) setFollowing() (changed bool) {
	s.mu.Lock()
	changed = !s.following
	s.mu.Unlock()
	if changed {
		s.change(func() { s.following, s.unsupported, s.logErr = true, false, nil })
	}
	return changed
}

// setLost records that the log is not followed, and reports whether it was before.
func (s *readiness) setLost(err error, unsupported bool) (changed bool) {
	s.change(func() {
		changed = s.following || s.logErr == nil
		s.following, s.unsupported, s.logErr = false, unsupported, err
	})
	return changed
}

func (s *readiness) close() { s.change(func() { s.closed = true }) }

func (s *readiness) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		ready, closed, changed, why := s.catalog && (s.following || s.unsupported), s.closed, s.changed, errors.Join(s.catalogErr, s.logErr)
		s.mu.Unlock()
		switch {
		case closed:
			return errClosed
		case ready:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if why != nil {
				return fmt.Errorf("waiting for the token service: %w (%w)", context.Cause(ctx), why)
			}
			return fmt.Errorf("waiting for the token service: %w", context.Cause(ctx))
		}
	}
}
