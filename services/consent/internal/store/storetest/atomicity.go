package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// Atomicity checks that a request is decided once and that a failed call writes nothing.
func Atomicity(t *testing.T) {
	t.Run("a repeated record changes nothing, not even the time", func(t *testing.T) { eachLater(t, repeated) })
	t.Run("another consent of the same request changes nothing", func(t *testing.T) { each(t, firstStays) })
	t.Run("a cancelled record leaves nothing", func(t *testing.T) { each(t, cancelled) })
}

func repeated(t *testing.T, later func(time.Duration) *store.Store) {
	c := example()
	record(t, later(0), c)
	before := list(t, later(0), c.UserID)[0].At
	record(t, later(time.Hour), c)
	wantList(t, later(0), c.UserID, c)
	if after := list(t, later(0), c.UserID)[0].At; !after.Equal(before) {
		t.Errorf("the repetition moved the time from %s to %s", before, after)
	}
}

func firstStays(t *testing.T, s *store.Store) {
	c := example()
	record(t, s, c)
	other := c
	other.WorkspaceID, other.UserID, other.Epoch, other.Scope = "ws_other", "usr_jane", 7, oauth.Scope{"export:write"}
	record(t, s, other)
	wantList(t, s, c.UserID, c)
	wantList(t, s, other.UserID)
}

func cancelled(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := example()
	if err := s.Record(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("Record with a cancelled context: %v, want context.Canceled", err)
	}
	wantList(t, s, c.UserID)
}
