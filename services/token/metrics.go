package token

import (
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// show adds what the service knows of itself to the process's figures.
func (s *Service) show(cache *introspect.Cache) {
	m := s.deps.Metrics
	s.feed.Listen(lag{m.Revocations(s.feed.ReadAge, s.feed.Watching)})
	if cache != nil {
		m.Introspections(cache.Hits, cache.Misses)
	}
}

// lag is feed.Listener: it notes how old revocations are when they are acted upon.
type lag struct{ to *telemetry.Revocations }

// Apply is feed.Listener.
func (l lag) Apply(entries []feed.Entry) {
	for i := range entries {
		l.to.Applied(entries[i].Age)
	}
}

// Forget is feed.Listener.
func (lag) Forget() {}
