package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// WorkspacesByID reads the workspaces that exist among these.
func (s *Store) WorkspacesByID(ctx context.Context, ids []string) ([]account.Workspace, error) {
	var list any = ids
	if s.db.Engine() == sqldb.SQLite {
		text, err := json.Marshal(ids)
		if err != nil {
			return nil, fmt.Errorf("encoding identifiers: %w", err)
		}
		list = string(text)
	}
	return rowsOf(ctx, s, question{"reading workspaces", s.text.workspacesByID, []any{list}}, workspaceDest)
}

// seen is one row of a visible user: the user, and one of the workspaces or none.
type seen struct {
	user       account.User
	membership account.Membership
}

func seenDest(row *seen) []any {
	return append(append(userDest(&row.user), workspaceDest(&row.membership.Workspace)...), (*string)(&row.membership.Role))
}

// Visible reads a user as another one may see them. account.ErrUnknown when there is nobody to see.
func (s *Store) Visible(ctx context.Context, sight account.Sight) (account.Visible, error) {
	rows, err := rowsOf(ctx, s, question{
		"reading a user for another", s.text.visible, []any{
			sight.ActorID, sight.OnlyWorkspaceID, string(sight.Address.Canonical), string(sight.Address.Earlier),
		},
	}, seenDest)
	if err != nil {
		return account.Visible{}, err
	}
	if len(rows) == 0 {
		return account.Visible{}, account.ErrUnknown
	}
	found := account.Visible{User: rows[0].user}
	for _, row := range rows {
		if row.membership.Workspace.ID != "" {
			row.membership.UserID = found.User.ID
			found.Workspaces = append(found.Workspaces, row.membership)
		}
	}
	return found, nil
}
