package session

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Ended is a session that has ended, in the outbox.
type Ended struct {
	Hash    secret.Hash
	UserID  string
	EndedAt time.Time
	// Again says that it was acknowledged once already.
	Again bool
}

// EndedStore is the outbox of sessions that have ended.
type EndedStore interface {
	// ListEndedSessions returns at most limit sessions that are due, the earliest end first.
	ListEndedSessions(ctx context.Context, limit int) ([]Ended, error)
	// AcknowledgeEndedSessions makes sessions due once more, when no code of them can be exchanged any
	// more; those that are due again are removed.
	AcknowledgeEndedSessions(ctx context.Context, list []Ended) error
}

// Successor is the session that takes the place of another one in its browser.
type Successor struct {
	Hash   secret.Hash
	UserID string
}

// replace ends the previous session of a browser. If it was the same user's, the new one continues it:
// the clients of the user are told when that one ends.
func (s *Store) replace(ctx context.Context, previous secret.String, by Successor) error {
	if !secret.ValidCode(previous.Reveal()) {
		return nil
	}
	ended, err := s.Users.ReplaceSession(ctx, secret.Sum(previous.Reveal()), by)
	if err != nil {
		return err
	}
	return s.deleteEntry(ctx, previous, ended)
}
