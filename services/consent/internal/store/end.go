package store

import (
	"context"
	"strconv"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

// RecordEnd records the end of a client in a workspace, of which each user with a grant has an event of the
// token service.
func (s *Store) RecordEnd(ctx context.Context, e policy.End) error {
	event := outbox.Event{
		Kind: "workspace.app_ended", Actor: actor.OfAdministrator(e.By.UserID), WorkspaceID: e.WorkspaceID, ClientID: e.ClientID,
		Details: map[string]string{"users": strconv.FormatInt(e.Users, 10)},
	}
	return s.events.Change(ctx, event, outbox.Observed{}, func(*sqldb.Tx) error { return nil })
}
