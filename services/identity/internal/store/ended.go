package store

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/session"
)

const (
	// codesGone is how long after the end of a session a code of it can be exchanged at most: longer
	// than the setting authz.code_lifetime may be.
	codesGone = 11 * time.Minute
	// endedKept is how long a session stays in the outbox at most, if nothing acknowledges it.
	endedKept = 24 * time.Hour
	// successions is how often a sign-in looks for the session that took the place of its browser's
	// previous one, while others of the same browser replace it.
	successions = 8
)

// prepareEnded sets the statements of the outbox of ended sessions. Triggers write it.
func (t *statements) prepareEnded(db *sqldb.DB) {
	t.succeedSession = db.SQL(`UPDATE browser_sessions SET successor = $2 WHERE hash = $1 AND user_id = $3`)
	t.successorOf = db.SQL(`
SELECT successor FROM ended_sessions WHERE hash = $1 AND user_id = $2 AND successor IS NOT NULL AND successor <> $3`)
	t.endSucceeded = db.SQL(`DELETE FROM browser_sessions WHERE hash = $1 AND user_id = $2 AND successor = $3`)
	t.dueSessions = db.SQL(`
SELECT hash, user_id, ended_at, again FROM ended_sessions WHERE successor IS NULL AND due_at <= {{now}} ORDER BY due_at LIMIT $1`)
	t.endAgain = db.SQL(`UPDATE ended_sessions SET again = TRUE, due_at = ended_at + $2 WHERE hash = $1 AND NOT again AND successor IS NULL`)
	t.removeEnded = db.SQL(`DELETE FROM ended_sessions WHERE hash = $1 AND again`)
}

// replace returns the statements that end the previous session of a session's browser: the one that the
// new session continues it, if it is the same user's, and the one that deletes it.
func (s *Store) replace(r session.Record) (succeed, end *sqldb.Statement) {
	return sqldb.Stmt(s.text.succeedSession, r.Previous.Bytes(), r.Hash.Bytes(), r.UserID), sqldb.Stmt(s.text.endSession, r.Previous.Bytes())
}

// continued returns the statement that marks a session as one that the same transaction replaces,
// before a new epoch ends it: the clients of its user are told when its successor ends.
func (s *Store) continued(hash secret.Hash, userID string) *sqldb.Statement {
	return sqldb.Stmt(s.text.succeedSession, hash.Bytes(), hash.Bytes(), userID)
}

// endSuccessor ends the session that took the place of the previous one of a session, which continues
// it too. Both are of one browser, which sent two sign-ins with the same cookie, as a double click
// does, and keeps the value of the last one: nobody has the value of the other, which would stay in the
// list of devices, and at whose end alone the clients of the previous one would be told.
func (s *Store) endSuccessor(ctx context.Context, r session.Record) error {
	for range successions {
		var successor []byte
		read := sqldb.Stmt(s.text.successorOf, r.Previous.Bytes(), r.UserID, r.Hash.Bytes()).Scan(&successor)
		if err := s.db.Pipeline(ctx, read); err != nil || !read.Found() {
			return err
		}
		// The condition on the successor keeps a session that a third sign-in replaces in this moment
		// from ending without one.
		end := sqldb.Stmt(s.text.endSucceeded, successor, r.UserID, r.Hash.Bytes())
		if err := s.db.Pipeline(ctx, sqldb.Stmt(s.text.succeedSession, successor, r.Hash.Bytes(), r.UserID), end); err != nil || end.RowsAffected() > 0 {
			return err
		}
	}
	return nil
}

// ListEndedSessions returns at most limit sessions that are due, the earliest end first.
func (s *Store) ListEndedSessions(ctx context.Context, limit int) ([]session.Ended, error) {
	read := sqldb.Read("reading the sessions that have ended", s.text.dueSessions, limit)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, one *session.Ended) error {
		var hash []byte
		err := row.Scan(&hash, &one.UserID, sqldb.Time(&one.EndedAt), &one.Again)
		if err == nil {
			one.Hash, err = secret.HashFromBytes(hash)
		}
		return err
	})
}

// AcknowledgeEndedSessions makes sessions due once more, and removes those that are due again.
func (s *Store) AcknowledgeEndedSessions(ctx context.Context, list []session.Ended) error {
	var steps []*sqldb.Statement
	for _, one := range list {
		if one.Again {
			steps = append(steps, sqldb.Stmt(s.text.removeEnded, one.Hash.Bytes()))
			continue
		}
		steps = append(steps, sqldb.Stmt(s.text.endAgain, one.Hash.Bytes(), codesGone.Microseconds()))
	}
	if len(steps) == 0 {
		return nil
	}
	return sqldb.Wrap("acknowledging sessions that have ended", s.db.Pipeline(ctx, steps...))
}
