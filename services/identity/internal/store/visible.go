package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// BatchGetWorkspaces returns the existing workspaces among these.
func (s *Store) BatchGetWorkspaces(ctx context.Context, ids []string) ([]account.Workspace, error) {
	return rowsOf(ctx, s, sqldb.Read("reading workspaces", s.text.batchGetWorkspaces, s.db.Texts(ids)), workspaceDest)
}

// visibleDest returns where one row is scanned to: the user and one of the workspaces, whose
// identifier is empty for a user without any.
func visibleDest(row *account.VisibleUser) []any {
	row.Workspaces = make([]account.Membership, 1)
	return append(append(userDest(&row.User), workspaceDest(&row.Workspaces[0].Workspace)...), (*string)(&row.Workspaces[0].Role))
}

// GetVisibleUser returns a user as another one may see them. It returns account.ErrUnknown if there
// is none or the actor may not see them.
func (s *Store) GetVisibleUser(ctx context.Context, q account.VisibleUserQuery) (account.VisibleUser, error) {
	read := sqldb.Read("reading a user for another", s.text.visible,
		q.ActorID, q.OnlyWorkspaceID, string(q.Address.Canonical), string(q.Address.Earlier))
	rows, err := rowsOf(ctx, s, read, visibleDest)
	if err != nil {
		return account.VisibleUser{}, err
	}
	if len(rows) == 0 {
		return account.VisibleUser{}, account.ErrUnknown
	}
	found := account.VisibleUser{User: rows[0].User}
	for _, row := range rows {
		if membership := row.Workspaces[0]; membership.Workspace.ID != "" {
			membership.UserID = found.User.ID
			found.Workspaces = append(found.Workspaces, membership)
		}
	}
	return found, nil
}
