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
