package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// BeginSession records a session and its event, ends the user's sessions beyond the number that is
// listed, and ends the previous session of its browser, together with recording that the new one
// continues it: all of it or nothing, since a session whose successor is recorded, and that lives on,
// would end without its clients being told. It reports whether the previous one was there.
func (s *Store) BeginSession(ctx context.Context, r session.Record) (replaced bool, err error) {
	steps := s.begun(ctx, r)
	replace, end := s.replace(r)
	if r.Replaces() {
		steps = append(steps, replace, end)
	}
	steps = append(steps, sqldb.Stmt(s.text.endOldest, r.UserID))
	err = s.db.Pipeline(ctx, steps...)
	if err == nil && r.Replaces() && end.RowsAffected() == 0 {
		_ = s.endSuccessor(ctx, r) // the sign-in stands: where this fails, a session that nobody holds is listed until it expires
	}
	return end.RowsAffected() > 0, sqldb.Wrap("recording a session", err)
}

// begun returns the statements that record a session and its event.
func (s *Store) begun(ctx context.Context, r session.Record) []*sqldb.Statement {
	var authenticatedAt any // NULL
	if !r.AuthenticatedAt.IsZero() {
		authenticatedAt = r.AuthenticatedAt.UnixMicro()
	}
	steps := []*sqldb.Statement{
		sqldb.Stmt(s.text.beginSession, r.Hash.Bytes(), r.UserID, r.ExpiresAt.UnixMicro(), r.Epoch, r.UserAgent, r.Network, authenticatedAt),
	}
	if r.Event != 0 {
		steps = append(steps, sqldb.Stmt(s.text.addEvent, r.UserID, int64(r.Event), r.UserAgent, r.Network))
	}
	if r.Event == accountevent.SignedIn {
		steps = append(steps, s.events.Statements(ctx, outbox.Event{
			Kind: "user.signed_in", UserID: r.UserID, Actor: actor.OfUser(r.UserID), Details: r.Details(),
		})...)
	}
	return steps
}

// EndSession deletes the record of a session, and reports whether there was one. One that was live has the
// event of the browser that signs out.
func (s *Store) EndSession(ctx context.Context, hash secret.Hash, on device.Device) (ended bool, err error) {
	err = s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		signedOut := outbox.Event{Kind: "user.signed_out", Details: on.Details()}
		var live bool
		err := tx.QueryRow(ctx, s.text.endSession, hash.Bytes()).Scan(&signedOut.UserID, &live)
		if ended = err == nil; !ended || !live {
			return sqldb.NotFoundAs(nil, err)
		}
		signedOut.Actor = actor.OfUser(signedOut.UserID)
		return s.events.Append(ctx, tx, signedOut)
	})
	return ended, sqldb.Wrap("recording the end of a session", err)
}

// GetSession returns a session that has not been ended, perhaps expired or of an earlier epoch, with its
// user, or account.ErrUnknown.
func (s *Store) GetSession(ctx context.Context, l session.Lookup) (session.Stored, error) {
	var stored session.Stored
	var found bool
	var err error
	if s.sessions != nil {
		stored, found, err = s.sessions.Get(ctx, l)
	} else {
		stored, found, err = s.getSession(ctx, l)
	}
	if err == nil && !found {
		err = account.ErrUnknown
	}
	return stored, err
}

func (s *Store) getSession(ctx context.Context, l session.Lookup) (session.Stored, bool, error) {
	found, err := s.readSessions(ctx, s.text.session, l.Hash.Bytes(), l.Workspaces)
	stored, exists := found[l]
	return stored, exists, err
}

// getSessions is GetSession for concurrent calls.
func (s *Store) getSessions(ctx context.Context, lookups []session.Lookup) (map[session.Lookup]session.Stored, error) {
	hashes, workspaces := make([][]byte, len(lookups)), make([]bool, len(lookups))
	for i, l := range lookups {
		hashes[i], workspaces[i] = l.Hash.Bytes(), l.Workspaces
	}
	return s.readSessions(ctx, s.text.sessions, hashes, workspaces)
}

// readSessions reads one row for each workspace of a session's user, and one without a workspace for
// a user who has none or whose workspaces were not requested.
func (s *Store) readSessions(ctx context.Context, text string, args ...any) (map[session.Lookup]session.Stored, error) {
	found := make(map[session.Lookup]session.Stored)
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading sessions", text, args...), func(row sqldb.Row) error {
		var one session.Stored
		var l session.Lookup
		var hash []byte
		var membership account.Membership
		dest := append(userDest(&one.User), &hash, &l.Workspaces, sqldb.Time(&one.ExpiresAt), sqldb.Time(&one.AuthenticatedAt), &one.Epoch, &one.Unseen)
		if err := row.Scan(append(dest, membershipDest(&membership)...)...); err != nil {
			return err
		}
		l.Hash = secret.Hash(hash)
		if before, again := found[l]; again {
			one.Workspaces = before.Workspaces
		}
		if membership.UserID != "" {
			one.Workspaces = append(one.Workspaces, membership)
		}
		found[l] = one
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// TouchSession records that a session is in use, unless that was recorded within the last five
// minutes.
func (s *Store) TouchSession(ctx context.Context, hash secret.Hash) error {
	_, err := s.db.Exec(ctx, s.text.touchSession, hash.Bytes())
	return sqldb.Wrap("recording a session's use", err)
}

// ListSessions returns a user's live sessions, the one used last first, at most 100.
func (s *Store) ListSessions(ctx context.Context, userID string) ([]session.Listed, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing sessions", s.text.listSessions, userID), func(row sqldb.Row, l *session.Listed) error {
		var hash []byte
		err := row.Scan(&hash, &l.UserAgent, &l.Network, sqldb.Time(&l.BegunAt), sqldb.Time(&l.UsedAt))
		if err == nil {
			l.Hash, err = secret.HashFromBytes(hash)
		}
		return err
	})
}

// EndUserSession deletes the record of a session of a user, if there is one, and records the event of
// the browser that ends it.
func (s *Store) EndUserSession(ctx context.Context, userID string, hash secret.Hash, on device.Device) error {
	ended := outbox.Event{
		Kind: "user.session_ended", UserID: userID, Actor: actor.OfUser(userID), Details: on.Details(),
	}
	err := s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, s.text.endOneSession, hash.Bytes(), userID)
		if err != nil || n == 0 {
			return err
		}
		return s.events.Append(ctx, tx, ended)
	})
	return sqldb.Wrap("ending a session", err)
}

// EndOtherSessions raises a user's epoch to that of a session, which ends every session of a smaller
// one, and records the session, which continues its previous one, and the event of its browser. It
// returns account.ErrUnknown unless the previous session is live and the user is enabled and has the
// epoch before: what ends sessions concurrently, such as a change of the password, ends this one too.
func (s *Store) EndOtherSessions(ctx context.Context, r session.Record) error {
	r.Event = accountevent.OthersSignedOut
	signedOut := outbox.Event{
		Kind: "user.others_signed_out", UserID: r.UserID, Actor: actor.OfUser(r.UserID), Details: r.Details(),
	}
	err := s.events.Change(ctx, signedOut, outbox.Observed{}, func(tx *sqldb.Tx) error {
		raise := sqldb.Stmt(s.text.raiseSessionEpoch, r.UserID, r.Epoch, r.Previous.Bytes())
		changed, _, err := s.continueSession(ctx, tx, r, raise)
		if err == nil && !changed {
			err = account.ErrUnknown
		}
		return err
	})
	return sqldb.Wrap("ending a user's other sessions", err)
}

// continueSession makes a change of a session's user and records the session, which continues its
// previous one. It reports whether the change found its row, without which nothing is recorded, and
// whether the previous session was there.
func (s *Store) continueSession(ctx context.Context, tx *sqldb.Tx, r session.Record, change *sqldb.Statement) (changed, replaced bool, err error) {
	if err := tx.Run(ctx, s.continued(r.Previous, r.UserID), change); err != nil || change.RowsAffected() == 0 {
		return false, false, err
	}
	replace, end := s.replace(r)
	err = tx.Run(ctx, append(s.begun(ctx, r), replace, end)...)
	return true, end.RowsAffected() > 0, err
}

// unseen is the SQL condition for a session s whose last use on record is more than five minutes
// ago.
const unseen = `COALESCE(s.last_used_at, s.begun_at) + 300000000 < {{now}}`

// prepareSessions sets the statements about browser sessions.
func (t *statements) prepareSessions(db *sqldb.DB) {
	const columns = userColumns + `, q.hash, q.workspaces, s.expires_at, s.authenticated_at, s.epoch, ` + unseen + `,
  COALESCE(m.user_id, ''), COALESCE(w.id, ''), COALESCE(w.name, ''), COALESCE(w.plan, ''), COALESCE(m.role, '')`
	const from = ` JOIN browser_sessions s ON s.hash = q.hash JOIN users u ON u.id = s.user_id
LEFT JOIN memberships m ON q.workspaces AND m.user_id = u.id AND NOT u.disabled LEFT JOIN workspaces w ON w.id = m.workspace_id` + byName
	// A user who was deleted concurrently gets no session.
	t.beginSession = db.SQL(`
INSERT INTO browser_sessions (hash, user_id, begun_at, expires_at, epoch, user_agent, network, authenticated_at)
SELECT $1, u.id, {{now}}, $3, $4, $5, $6, $7 FROM users u WHERE u.id = $2`)

	t.endSession = db.SQL(`
DELETE FROM browser_sessions WHERE hash = $1 RETURNING user_id, expires_at > {{now}} AND EXISTS (
    SELECT 1 FROM users u WHERE u.id = browser_sessions.user_id AND u.session_epoch <= browser_sessions.epoch AND NOT u.disabled)`)

	t.endOneSession = db.SQL(`DELETE FROM browser_sessions WHERE hash = $1 AND user_id = $2`)

	// Of concurrent requests one writes.
	t.touchSession = db.SQL(`UPDATE browser_sessions AS s SET last_used_at = {{now}} WHERE s.hash = $1 AND ` + unseen)

	// A row of an earlier epoch has ended, and is deleted when it expires.
	t.listSessions = db.SQL(`
SELECT s.hash, s.user_agent, s.network, s.begun_at, COALESCE(s.last_used_at, s.begun_at)
FROM browser_sessions s JOIN users u ON u.id = s.user_id
WHERE s.user_id = $1 AND s.expires_at > {{now}} AND s.epoch >= u.session_epoch
ORDER BY 5 DESC, 4 DESC LIMIT 100`)

	// Those beyond what a list shows, the ones that were used longest ago; first those of an earlier
	// epoch, which have ended. The limit bounds the first sign-in after many of an earlier release.
	t.endOldest = db.SQL(`
DELETE FROM browser_sessions WHERE hash IN (
    SELECT s.hash FROM browser_sessions s WHERE s.user_id = $1 AND s.expires_at > {{now}}
    ORDER BY s.epoch DESC, COALESCE(s.last_used_at, s.begun_at) DESC, s.begun_at DESC LIMIT 1000 OFFSET 100)`)

	t.raiseSessionEpoch = db.SQL(`
UPDATE users SET session_epoch = session_epoch + 1 WHERE id = $1 AND session_epoch + 1 = $2 AND NOT disabled
    AND EXISTS (SELECT 1 FROM browser_sessions s WHERE s.hash = $3 AND s.user_id = $1)`)

	t.session = db.SQL(`
SELECT ` + columns + `
FROM (SELECT $1 AS hash, $2 AS workspaces) q` + from)

	t.sessions = db.SQL(`
SELECT ` + columns + `
FROM unnest($1::bytea[], $2::boolean[]) AS q (hash, workspaces)` + from)
}
