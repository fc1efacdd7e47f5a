package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/inspection"
)

// grantColumns are the columns of inspection.Grant.
const grantColumns = `
SELECT f.id, f.user_id, f.client_id, f.workspace_id, f.scope, f.created_at, f.last_used_at, f.refresh_expires_at
FROM `

// prepareInspection sets the statements of the lists for operators.
func (t *statements) prepareInspection(db *sqldb.DB) {
	liveGrants := ` AND f.refresh_expires_at > {{now}} AND ` + liveGrant("f") + ` ORDER BY f.user_id, f.client_id, f.id `
	t.listGrantsOfUser = db.SQL(grantColumns + `families f
WHERE f.user_id = $1 AND ($2 = '' OR f.client_id = $2) AND (f.client_id, f.id) > ($3, $4)` + liveGrants + `LIMIT $5`)

	t.listGrantsOfClient = db.SQL(grantColumns + `pairs p JOIN families f ON f.user_id = p.user_id AND f.client_id = p.client_id
WHERE p.client_id = $1 AND p.user_id >= $2 AND (f.user_id, f.id) > ($2, $3)` + liveGrants + `LIMIT $4`)
}

// ListGrants returns live grants of a user, of a client, or of a user with a client, ordered by
// user, client and identifier.
func (s *Store) ListGrants(ctx context.Context, q inspection.Query) ([]inspection.Grant, error) {
	after := append([]byte{}, q.After.ID...) // the first page starts after an empty identifier, not after NULL
	read := sqldb.Read("listing grants", s.text.listGrantsOfClient, q.ClientID, q.After.UserID, after, q.Limit)
	if q.UserID != "" {
		read = sqldb.Read(read.Doing, s.text.listGrantsOfUser, q.UserID, q.ClientID, q.After.ClientID, after, q.Limit)
	}
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, g *inspection.Grant) error {
		return row.Scan(&g.ID, &g.UserID, &g.ClientID, &g.WorkspaceID, &g.Scope,
			sqldb.Time(&g.CreatedAt), sqldb.Time(&g.LastUsedAt), sqldb.Time(&g.ExpiresAt))
	})
}

// ListRevocations returns the entries of the log after a cursor, oldest first, with reasons and
// times.
func (s *Store) ListRevocations(ctx context.Context, cursor int64, limit int) ([]inspection.Entry, error) {
	stored, err := s.RevocationLog.EntriesAfter(ctx, cursor, limit)
	if err != nil {
		return nil, err
	}
	entries := make([]inspection.Entry, len(stored))
	for i, e := range stored {
		entries[i] = inspection.Entry{Entry: e.Followed(), Reason: int16(e.Reason), At: e.RevokedAt}
	}
	return entries, nil
}
