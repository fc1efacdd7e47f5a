package store

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// change is a statement that changes at most one row, with its event.
type change struct {
	doing, text string
	args        []any
	// none is the error if it changes no row.
	none   error
	event  outbox.Event
	object outbox.Observed
}

// change runs a change and writes its event.
func (s *Store) change(ctx context.Context, c change) error {
	changed := true
	err := s.events.Change(ctx, c.event, c.object, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, c.text, c.args...)
		if changed = n > 0; err == nil && !changed {
			return c.none
		}
		return err
	})
	if err != nil && changed {
		return fmt.Errorf("%s: %w", c.doing, err)
	}
	return err
}

// The objects as the audit trail shows them: no names, addresses or credentials.

func userObject(id string) outbox.Observed {
	return outbox.Observed{Args: []any{id}, Lock: `SELECT 1 FROM users WHERE id = $1 {{for update}}`, Query: `
SELECT 'status', CASE WHEN disabled THEN 'disabled' ELSE 'enabled' END FROM users WHERE id = $1
UNION ALL SELECT 'language', language FROM users WHERE id = $1
UNION ALL SELECT 'time_zone', time_zone FROM users WHERE id = $1`}
}

func workspaceObject(id string) outbox.Observed {
	return outbox.Observed{Args: []any{id}, Lock: `SELECT 1 FROM workspaces WHERE id = $1 {{for update}}`, Query: `
SELECT 'name', name FROM workspaces WHERE id = $1
UNION ALL SELECT 'plan', plan FROM workspaces WHERE id = $1`}
}

// memberObject locks the user, since the membership may not exist yet.
func memberObject(userID, workspaceID string) outbox.Observed {
	return outbox.Observed{Args: []any{userID, workspaceID}, Lock: `SELECT 1 FROM users WHERE id = $1 AND $2 <> '' {{for update}}`, Query: `
SELECT 'role', role FROM memberships WHERE user_id = $1 AND workspace_id = $2`}
}

func appObject(id string) outbox.Observed {
	return outbox.Observed{Workspace: "workspace", Args: []any{id}, Lock: `SELECT 1 FROM authentication_apps WHERE id = $1 {{for update}}`, Query: `
SELECT 'name', name FROM authentication_apps WHERE id = $1
UNION ALL SELECT 'workspace', COALESCE(workspace_id, '') FROM authentication_apps WHERE id = $1
UNION ALL SELECT 'status', CASE WHEN revoked_at IS NULL THEN 'enabled' ELSE 'revoked' END FROM authentication_apps WHERE id = $1
UNION ALL SELECT 'secret_ends_with', last_four FROM authentication_app_secrets WHERE app_id = $1`}
}

// userEvent is an event of an account.
func userEvent(kind, userID string) outbox.Event { return outbox.Event{Kind: kind, UserID: userID} }
