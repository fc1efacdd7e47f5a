package pending

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Outcome is what was decided. It is kept as long as the code of an approval lives.
type Outcome struct {
	Approved bool
	// UserID is who decided; empty when the authorization was cancelled before anybody signed in.
	UserID string
	// WorkspaceID and DisplayName are those of an approval.
	WorkspaceID, DisplayName string
	// At is when, in whole microseconds.
	At time.Time
	// Attempt counts the codes of an approval, from 1. Each takes the place of the one before.
	Attempt int
}

// Same reports whether a decision is this one again: the same answer of the same person, for the same workspace.
func (o Outcome) Same(other Outcome) bool {
	return o.Approved == other.Approved && o.UserID == other.UserID && o.WorkspaceID == other.WorkspaceID
}

// Close decides an authorization, once. Decide gets the authorization as it is at that moment and sets the viewer and the outcome, or
// returns why nothing may be decided. Of any number of concurrent callers one decides, and each of the others gets the outcome of
// that one: won is false. Close fails as Look does, and with decide's error; then nothing is decided.
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
		decided.Outcome.At, decided.Outcome.Attempt = time.UnixMicro(s.config.Now().UnixMicro()), 1
		e.Viewer, e.Outcome = decided.Viewer, decided.Outcome
		// A lost race means that the entry was bound anew, is closed or is gone.
		if set, err := s.replace(ctx, id, e, before); err != nil || set {
			return e.authorization(id), set, err
		}
	}
}

// Renew counts one more code of an approval, if attempt is still the last one's, and returns the authorization with what it is
// now: of any number of concurrent callers one counts, and all see the same. It fails as Look does.
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

// replace writes an entry if the stored bytes are still the ones that were read.
func (s *Store) replace(ctx context.Context, id string, e entry, before []byte) (bool, error) {
	after, err := encode(e)
	if err != nil {
		return false, err
	}
	set, err := s.config.Entries.CompareAndSet(ctx, key(id), before, after)
	if err != nil {
		return false, fmt.Errorf("changing an authorization: %w", err)
	}
	return set, nil
}
