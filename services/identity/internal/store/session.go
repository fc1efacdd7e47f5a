package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// BeginSession records that a session lives.
func (s *Store) BeginSession(ctx context.Context, hash secret.Hash, userID string, expires time.Time) error {
	if _, err := s.db.Exec(ctx, s.text.session.begin, hash.Bytes(), userID, expires.UnixMicro()); err != nil {
		return fmt.Errorf("recording a session: %w", err)
	}
	return nil
}

// EndSession records that a session has ended, and reports whether it was recorded as living.
func (s *Store) EndSession(ctx context.Context, hash secret.Hash) (bool, error) {
	n, err := s.db.Exec(ctx, s.text.session.end, hash.Bytes())
	if err != nil {
		return false, fmt.Errorf("recording the end of a session: %w", err)
	}
	return n > 0, nil
}

// sessionKey is a session and whose it says it is.
type sessionKey struct {
	userID string
	hash   secret.Hash
}

// FindHolder reads the user of a session and whether the session is recorded as theirs. account.ErrUnknown when there is no user.
func (s *Store) FindHolder(ctx context.Context, userID string, hash secret.Hash) (session.Holder, error) {
	if s.holders != nil {
		holder, found, err := s.holders.Get(ctx, sessionKey{userID, hash})
		if err == nil && !found {
			err = account.ErrUnknown
		}
		return holder, err
	}
	var found session.Holder
	err := s.db.QueryRow(ctx, s.text.session.holder, userID, hash.Bytes()).Scan(append(userDest(&found.User), &found.Live)...)
	if err != nil {
		return session.Holder{}, missing("reading a session's user", err, account.ErrUnknown)
	}
	return found, nil
}

// findHolders is FindHolder for concurrent calls.
func (s *Store) findHolders(ctx context.Context, keys []sessionKey) (map[sessionKey]session.Holder, error) {
	ids, hashes := make([]string, len(keys)), make([][]byte, len(keys))
	for i, key := range keys {
		ids[i], hashes[i] = key.userID, key.hash.Bytes()
	}
	rows, err := s.db.Query(ctx, s.text.session.holders, ids, hashes)
	if err != nil {
		return nil, fmt.Errorf("reading users of sessions: %w", err)
	}
	defer rows.Close()
	found := make(map[sessionKey]session.Holder, len(keys))
	for rows.Next() {
		var holder session.Holder
		var hash []byte
		if err := rows.Scan(append(userDest(&holder.User), &holder.Live, &hash)...); err != nil {
			return nil, fmt.Errorf("reading users of sessions: %w", err)
		}
		found[sessionKey{holder.ID, secret.Hash(hash)}] = holder
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading users of sessions: %w", err)
	}
	return found, nil
}

// sessionStatements are the SQL of browser sessions.
type sessionStatements struct{ begin, end, holder, holders string }

func (t *sessionStatements) all() []*string {
	return []*string{&t.begin, &t.end, &t.holder, &t.holders}
}

func sessions() sessionStatements {
	const live = `EXISTS (SELECT 1 FROM browser_sessions s WHERE s.hash = `
	return sessionStatements{
		// A user who was deleted at this moment has no session.
		begin: `
INSERT INTO browser_sessions (hash, user_id, begun_at, expires_at)
SELECT $1, u.id, {{now}}, $3 FROM users u WHERE u.id = $2`,

		end: `DELETE FROM browser_sessions WHERE hash = $1`,

		holder: `SELECT ` + userColumns + `, ` + live + `$2 AND s.user_id = u.id) FROM users u WHERE u.id = $1`,

		holders: `
SELECT ` + userColumns + `, ` + live + `q.hash AND s.user_id = u.id), q.hash
FROM unnest($1::text[], $2::bytea[]) AS q (user_id, hash) JOIN users u ON u.id = q.user_id`,
	}
}
