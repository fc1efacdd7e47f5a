package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// BeginSession records a session.
func (s *Store) BeginSession(ctx context.Context, hash secret.Hash, userID string, expires time.Time) error {
	if _, err := s.db.Exec(ctx, s.text.session.begin, hash.Bytes(), userID, expires.UnixMicro()); err != nil {
		return fmt.Errorf("recording a session: %w", err)
	}
	return nil
}

// EndSession deletes the record of a session, and reports whether there was one.
func (s *Store) EndSession(ctx context.Context, hash secret.Hash) (bool, error) {
	n, err := s.db.Exec(ctx, s.text.session.end, hash.Bytes())
	if err != nil {
		return false, fmt.Errorf("recording the end of a session: %w", err)
	}
	return n > 0, nil
}

// GetHolder returns the user of a session, and whether the session is recorded as theirs. It
// returns account.ErrUnknown if there is no user.
func (s *Store) GetHolder(ctx context.Context, l session.Lookup) (session.Holder, error) {
	var holder session.Holder
	var found bool
	var err error
	if s.holders != nil {
		holder, found, err = s.holders.Get(ctx, l)
	} else {
		holder, found, err = s.getHolder(ctx, l)
	}
	if err == nil && !found {
		err = account.ErrUnknown
	}
	return holder, err
}

func (s *Store) getHolder(ctx context.Context, l session.Lookup) (session.Holder, bool, error) {
	found, err := s.readHolders(ctx, s.text.session.holder, l.UserID, l.Hash.Bytes(), l.Workspaces)
	holder, exists := found[l]
	return holder, exists, err
}

// getHolders is GetHolder for concurrent calls.
func (s *Store) getHolders(ctx context.Context, lookups []session.Lookup) (map[session.Lookup]session.Holder, error) {
	ids, hashes, workspaces := make([]string, len(lookups)), make([][]byte, len(lookups)), make([]bool, len(lookups))
	for i, l := range lookups {
		ids[i], hashes[i], workspaces[i] = l.UserID, l.Hash.Bytes(), l.Workspaces
	}
	return s.readHolders(ctx, s.text.session.holders, ids, hashes, workspaces)
}

// readHolders reads one row for each workspace of a session's user, and one without a workspace for
// a user who has none or whose workspaces were not requested.
func (s *Store) readHolders(ctx context.Context, text string, args ...any) (map[session.Lookup]session.Holder, error) {
	rows, err := s.db.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("reading users of sessions: %w", err)
	}
	defer rows.Close()
	found := make(map[session.Lookup]session.Holder)
	for rows.Next() {
		var row session.Holder
		var l session.Lookup
		var hash []byte
		var membership account.Membership
		dest := append(userDest(&row.User), &row.Live, &hash, &l.Workspaces)
		if err := rows.Scan(append(dest, membershipDest(&membership)...)...); err != nil {
			return nil, fmt.Errorf("reading users of sessions: %w", err)
		}
		l.UserID, l.Hash = row.ID, secret.Hash(hash)
		if before, again := found[l]; again {
			row.Workspaces = before.Workspaces
		}
		if membership.UserID != "" {
			row.Workspaces = append(row.Workspaces, membership)
		}
		found[l] = row
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading users of sessions: %w", err)
	}
	return found, nil
}

// sessionStatements are the browser sessions' SQL.
type sessionStatements struct{ begin, end, holder, holders string }

func (t *sessionStatements) all() []*string {
	return []*string{&t.begin, &t.end, &t.holder, &t.holders}
}

func sessions() sessionStatements {
	const membershipColumns = `COALESCE(m.user_id, ''), COALESCE(w.id, ''), COALESCE(w.name, ''), COALESCE(w.plan, ''), COALESCE(m.role, '')`
	const where = `
LEFT JOIN memberships m ON q.workspaces AND m.user_id = u.id AND NOT u.disabled LEFT JOIN workspaces w ON w.id = m.workspace_id`
	const live = `EXISTS (SELECT 1 FROM browser_sessions s WHERE s.hash = `
	return sessionStatements{
		// A user who was deleted concurrently gets no session.
		begin: `
INSERT INTO browser_sessions (hash, user_id, begun_at, expires_at)
SELECT $1, u.id, {{now}}, $3 FROM users u WHERE u.id = $2`,

		end: `DELETE FROM browser_sessions WHERE hash = $1`,

		holder: `
SELECT ` + userColumns + `, ` + live + `q.hash AND s.user_id = u.id), q.hash, q.workspaces, ` + membershipColumns + `
FROM (SELECT $1 AS user_id, $2 AS hash, $3 AS workspaces) q JOIN users u ON u.id = q.user_id` + where + byName,

		holders: `
SELECT ` + userColumns + `, ` + live + `q.hash AND s.user_id = u.id), q.hash, q.workspaces, ` + membershipColumns + `
FROM unnest($1::text[], $2::bytea[], $3::boolean[]) AS q (user_id, hash, workspaces) JOIN users u ON u.id = q.user_id` + where + byName,
	}
}
