package usher

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

var errClosed = errors.New("the client is closed")

// state is how far the client has come, for those who wait for it.
type state struct {
	mu sync.Mutex
	// changed is closed, and made anew, at every change.
	changed chan struct{}
	// catalog: one is there. live: the log is followed. unable: the server has none.
	catalog, live, unable, closed bool
	catalogErr, logErr            error
}

func newState() *state { return &state{changed: make(chan struct{})} }

func (s *state) change(apply func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	apply()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *state) gotCatalog(err error) {
	s.change(func() { s.catalog, s.catalogErr = s.catalog || err == nil, err })
}

// following notes that the log is followed, and reports whether that is news.
func (s *state) following() (news bool) {
	s.mu.Lock()
	news = !s.live
	s.mu.Unlock()
	if news {
		s.change(func() { s.live, s.unable, s.logErr = true, false, nil })
	}
	return news
}

// lost notes that it is not, and reports whether that is news.
func (s *state) lost(err error, unable bool) (news bool) {
	s.change(func() {
		news = s.live || s.logErr == nil
		s.live, s.unable, s.logErr = false, unable, err
	})
	return news
}

func (s *state) end() { s.change(func() { s.closed = true }) }

func (s *state) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		ready, closed, changed, why := s.catalog && (s.live || s.unable), s.closed, s.changed, errors.Join(s.catalogErr, s.logErr)
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
