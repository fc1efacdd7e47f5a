package pending

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Outcome is the decision. It is stored as long as the code of an approval is valid.
type Outcome struct {
	Approved bool
	// UserID is the user who decided; empty if the authorization was cancelled before a sign-in.
	UserID string
	// WorkspaceID and DisplayName are set for an approval.
	WorkspaceID, DisplayName string
	// Scope is what the user approved of the requested scope, as oauth.Scope.String writes it; empty for
	// all of it.
	Scope string
	// AuthTime is when the user of an approval authenticated, zero where that is not known, and Session
	// the hash of the session's value.
	AuthTime time.Time
	Session  secret.Hash
	// At is the time of the decision, in whole microseconds.
	At time.Time
	// Attempt counts the codes of an approval, from 1. Each code replaces the previous one.
	Attempt int
}

// Same reports whether another decision equals this one: same result, same user, same workspace. Scopes
// are not compared: a repeat may leave out which of them were chosen.
func (o Outcome) Same(other Outcome) bool {
	return o.Approved == other.Approved && o.UserID == other.UserID && o.WorkspaceID == other.WorkspaceID
}

// Close decides an authorization, once. It passes the current authorization to decide, which sets
// the viewer and the outcome or returns an error. Of concurrent callers one decides, and each of
// the others gets its outcome: won is false. Close returns the errors of Look, or decide's error;
// then nothing is decided.
func (s *Store) Close(
	ctx context.Context, id string, browser secret.String, decide func(*Authorization) error,
) (a Authorization, won bool, err error) {
	for {
		e, before, err := s.read(ctx, id, browser)
		if err != nil {
			return Authorization{}, false, err
		}
		if e.Outcome != nil {
			return e.authorization(id), false, nil
		}
		decided := e.authorization(id)
		if err := decide(&decided); err != nil {
			return Authorization{}, false, err
		}
		decided.Outcome.At, decided.Outcome.Attempt = time.UnixMicro(s.Now().UnixMicro()), 1
		e.Viewer, e.Outcome = decided.Viewer, decided.Outcome
		// If CompareAndSet fails, the entry was bound again, decided or deleted concurrently.
		if set, err := s.replace(ctx, id, e, before); err != nil || set {
			return e.authorization(id), set, err
		}
	}
}

// Renew counts one more code of an approval if attempt is still the last one, and returns the
// current authorization. Of concurrent callers one counts, and all get the same result. It returns
// the errors of Look.
func (s *Store) Renew(ctx context.Context, id string, browser secret.String, attempt int) (Authorization, error) {
	for {
		e, before, err := s.read(ctx, id, browser)
		if err != nil {
			return Authorization{}, err
		}
		if e.Outcome == nil || !e.Outcome.Approved || e.Outcome.Attempt != attempt {
			return e.authorization(id), nil
		}
		next := *e.Outcome
		next.Attempt++
		e.Outcome = &next
		if set, err := s.replace(ctx, id, e, before); err != nil || set {
			return e.authorization(id), err
		}
	}
}

// replace writes an entry if the stored bytes are still those that were read.
func (s *Store) replace(ctx context.Context, id string, e entry, before []byte) (bool, error) {
	after, err := encode(e)
	if err != nil {
		return false, err
	}
	set, err := s.Entries.CompareAndSet(ctx, key(id), before, after)
	if err != nil {
		return false, fmt.Errorf("changing an authorization: %w", err)
	}
	return set, nil
}
