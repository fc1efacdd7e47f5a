package store

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/logout"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

const (
	// maxSessions bounds the sessions that one revocation ends.
	maxSessions = 1000
	// maxProblem bounds a stored problem, in bytes.
	maxProblem = 500
)

// recordColumns are the columns of logout.Record, in the order of ListDeliveries.
const recordColumns = `id, client_id, user_id, subject, sid, signed_in_at, reason, attempts, created_at, 0, http_status, problem, attempted_at,
    due_at, finished_at IS NOT NULL, delivered`

// prepareLogout sets the statements about logout tokens.
func (t *statements) prepareLogout(db *sqldb.DB) {
	t.logoutPosition = `
SELECT p.cursor, h.cursor FROM logout_position p, revocation_head h WHERE p.id = 1 AND h.id = 1`
	t.setLogoutPosition = `UPDATE logout_position SET cursor = $1 WHERE id = 1`
	t.logoutSessions = db.SQL(`
SELECT client_id, user_id, subject, sid, MAX(created_at) FROM families
WHERE user_id = $1 AND sid <> '' AND ($2 = '' OR client_id = $2) AND ($3 = '' OR workspace_id = $3) AND (born < $4 OR $4 = 0)
    AND (id = $5 OR $5 IS NULL) AND ' ' || scope || ' ' LIKE '% ` + oauth.OpenIDScope + ` %'
GROUP BY client_id, user_id, subject, sid ORDER BY MAX(created_at) DESC, client_id, sid LIMIT $6`)
	t.clientsWithSessions = `
WITH RECURSIVE clients (id) AS (
    SELECT MIN(client_id) FROM families WHERE user_id = $1 AND sid <> ''
    UNION ALL
    SELECT (SELECT MIN(f.client_id) FROM families f WHERE f.user_id = $1 AND f.sid <> '' AND f.client_id > clients.id) FROM clients WHERE clients.id IS NOT NULL
)
SELECT id FROM clients WHERE id IS NOT NULL`
	wanted := `unnest($2::text[], $3::text[]) AS w (client_id, sid) JOIN`
	if db.Engine() == sqldb.SQLite { // CROSS JOIN: it reads families last, instead of all sessions at each client
		wanted = `(SELECT json_extract($2, '$[' || s.key || ']') AS client_id, s.value AS sid FROM json_each($3) AS s) AS w CROSS JOIN`
	}
	t.browserSessions = `
SELECT f.client_id, f.user_id, f.subject, f.sid, MAX(f.created_at)
FROM ` + wanted + ` families f ON f.user_id = $1 AND f.client_id = w.client_id AND f.sid = w.sid AND f.sid <> ''
WHERE ' ' || f.scope || ' ' LIKE '% ` + oauth.OpenIDScope + ` %'
GROUP BY f.client_id, f.user_id, f.subject, f.sid ORDER BY MAX(f.created_at) DESC, f.client_id, f.sid`
	t.addLogout = db.SQL(`
INSERT INTO logout_deliveries (client_id, user_id, subject, sid, signed_in_at, reason, created_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, {{now}}, {{now}}) ON CONFLICT DO NOTHING`)
	// It counts no attempt: a claim may end without one. A client that has few deliveries comes before the
	// third of one that has many: claimed is how many of a client are being sent, and turn the place of a
	// delivery behind them. It reads PerClient of each client, found one by one in the index, however many
	// are due. Of two replicas that choose the same row the second one waits for its lock, and then finds it
	// locked.
	t.claimLogouts = db.SQL(`
WITH RECURSIVE clients (id) AS (
    SELECT MIN(client_id) FROM logout_deliveries WHERE finished_at IS NULL
    UNION ALL
    SELECT (SELECT MIN(d.client_id) FROM logout_deliveries d WHERE d.finished_at IS NULL AND d.client_id > clients.id) FROM clients WHERE clients.id IS NOT NULL
), busy (client_id, claimed) AS (
    SELECT id, (SELECT COUNT(*) FROM logout_deliveries d
        WHERE d.client_id = clients.id AND d.finished_at IS NULL AND d.locked_until > 0 AND d.locked_until > {{now}})
    FROM clients WHERE id IS NOT NULL
), next (turn, id) AS (` + nextLogouts() + `)
UPDATE logout_deliveries SET locked_until = {{now}} + $2
WHERE finished_at IS NULL AND due_at <= {{now}} AND locked_until <= {{now}} AND id IN (
    SELECT next.id FROM next JOIN logout_deliveries d ON d.id = next.id ORDER BY next.turn, d.due_at, d.id LIMIT $1)
RETURNING id, client_id, user_id, subject, sid, signed_in_at, reason, attempts + 1, created_at, {{now}} - created_at`)
	t.finishLogout = db.SQL(`
UPDATE logout_deliveries SET finished_at = {{now}}, locked_until = 0, http_status = $2, problem = $3, delivered = $4,
    attempts = attempts + 1, attempted_at = {{now}}
WHERE id = $1 AND finished_at IS NULL`)
	t.abandonLogout = db.SQL(`
UPDATE logout_deliveries SET finished_at = {{now}}, locked_until = 0, problem = CASE WHEN problem = '' THEN $2 ELSE problem || '; ' || $2 END
WHERE id = $1 AND finished_at IS NULL`)
	t.postponeLogout = db.SQL(`
UPDATE logout_deliveries SET due_at = {{now}} + $4, locked_until = 0, http_status = $2, problem = $3,
    attempts = attempts + 1, attempted_at = {{now}}
WHERE id = $1 AND finished_at IS NULL`)
	// As a range of (client_id, id), so that a plan that does not know the client reads no other's.
	t.listLogouts = `
SELECT ` + recordColumns + ` FROM logout_deliveries
WHERE (client_id, id) < ($3, $1) AND client_id >= $3 ORDER BY client_id DESC, id DESC LIMIT $2`
	t.listAllLogouts = `SELECT ` + recordColumns + ` FROM logout_deliveries WHERE id < $1 ORDER BY id DESC LIMIT $2`
	t.eraseLogouts = db.SQL(`
DELETE FROM logout_deliveries WHERE id IN (
    SELECT id FROM logout_deliveries WHERE finished_at < {{now}} - $1 LIMIT $2 {{skip locked}})`)
}

// nextLogouts selects the deliveries of each client that are due next, with their turns, which end at
// PerClient. One subquery for each of them, because SQLite has no LATERAL.
func nextLogouts() string {
	parts := make([]string, logout.PerClient)
	for n := range parts {
		parts[n] = fmt.Sprintf(`
    SELECT claimed + %d, (SELECT d.id FROM logout_deliveries d
        WHERE d.client_id = busy.client_id AND d.finished_at IS NULL AND d.due_at <= {{now}} AND d.locked_until <= {{now}}
        ORDER BY d.due_at, d.id LIMIT 1 OFFSET %d)
    FROM busy WHERE claimed + %d <= %d`, n+1, n, n+1, logout.PerClient)
	}
	return strings.Join(parts, `
    UNION ALL`)
}

// LogoutStore is logout.Outbox and logout.Queue.
type LogoutStore struct{ *Store }

// Events returns the revocations since the last stored cursor that end sessions at clients.
func (s LogoutStore) Events(ctx context.Context, limit int) (list []logout.Event, cursor int64, more bool, err error) {
	var head int64
	if err := s.db.QueryRow(ctx, s.text.logoutPosition).Scan(&cursor, &head); err != nil {
		return nil, 0, false, fmt.Errorf("reading the position in the revocation log: %w", err)
	}
	if cursor == head {
		return nil, 0, false, nil
	}
	entries, err := s.RevocationLog.EntriesAfter(ctx, cursor, limit)
	if err != nil || len(entries) == 0 {
		return nil, 0, false, err
	}
	for _, e := range entries {
		if reason := logoutReason(e.Reason); reason != "" && e.UserID != "" {
			list = append(list, logout.Event{
				UserID: e.UserID, ClientID: e.ClientID, WorkspaceID: e.WorkspaceID, FamilyID: e.FamilyID, Before: e.Cursor, Reason: reason,
			})
		}
	}
	return list, entries[len(entries)-1].Cursor, len(entries) == limit, nil
}

// logoutReason returns the reason of an event; empty for a revocation that ends no session. A client
// that revokes its own token knows that it did, and one that an operator disabled gets nothing any more.
func logoutReason(r revlog.Reason) string {
	return map[revlog.Reason]string{
		revlog.ReasonReuse: logout.ReasonReuse, revlog.ReasonCodeReplay: logout.ReasonCodeReplay, revlog.ReasonDisconnect: logout.ReasonDisconnect,
		revlog.ReasonGrantsRevoked: logout.ReasonGrantsRevoked, revlog.ReasonUserDisabled: logout.ReasonUserDisabled,
		revlog.ReasonMemberRemoved: logout.ReasonMemberRemoved, revlog.ReasonWorkspaceEnded: logout.ReasonWorkspaceEnded,
	}[r]
}

// SessionsOf returns the sessions at clients that an event ends, the newest first: of the grants with the scope
// openid, also of those that are revoked. Of a browser's session it returns all, and of a revocation the newest
// maxSessions.
func (s LogoutStore) SessionsOf(ctx context.Context, e logout.Event) ([]logout.Session, error) {
	if e.Browser != (secret.Hash{}) {
		return s.sessionsOfBrowser(ctx, e)
	}
	var family any
	if len(e.FamilyID) > 0 {
		family = e.FamilyID
	}
	read := sqldb.Read("finding the sessions at clients", s.text.logoutSessions, e.UserID, e.ClientID, e.WorkspaceID, e.Before, family, maxSessions)
	return sqldb.List(ctx, s.db, read, scanSession)
}

// sessionsOfBrowser looks up the session that a browser's has at each of the user's clients: its identifier
// follows from both (oauth.SessionID), whichever other sessions the user has.
func (s LogoutStore) sessionsOfBrowser(ctx context.Context, e logout.Event) ([]logout.Session, error) {
	clients, err := sqldb.List(ctx, s.db, sqldb.Read("finding a user's clients with sessions", s.text.clientsWithSessions, e.UserID),
		func(row sqldb.Row, id *string) error { return row.Scan(id) })
	if err != nil || len(clients) == 0 {
		return nil, err
	}
	ids := make([]string, len(clients))
	for i, clientID := range clients {
		ids[i] = oauth.SessionID(e.Browser, clientID)
	}
	read := sqldb.Read("finding the sessions of a browser at clients", s.text.browserSessions, e.UserID, s.db.Texts(clients), s.db.Texts(ids))
	return sqldb.List(ctx, s.db, read, scanSession)
}

func scanSession(row sqldb.Row, one *logout.Session) error {
	err := row.Scan(&one.ClientID, &one.UserID, &one.Subject, &one.ID, sqldb.Time(&one.SignedInAt))
	one.Subject = cmp.Or(one.Subject, one.UserID)
	return err
}

// Add adds deliveries, and stores the cursor unless it is 0.
func (s LogoutStore) Add(ctx context.Context, deliveries []logout.Delivery, cursor int64) error {
	var steps []*sqldb.Statement
	for _, d := range deliveries {
		steps = append(steps, sqldb.Stmt(s.text.addLogout, d.ClientID, d.UserID, d.Subject, d.Session.ID, d.SignedInAt.UnixMicro(), d.Reason))
	}
	if cursor != 0 {
		steps = append(steps, sqldb.Stmt(s.text.setLogoutPosition, cursor))
	}
	if len(steps) == 0 {
		return nil
	}
	return sqldb.Wrap("adding logout deliveries", s.db.Pipeline(ctx, steps...))
}

// Claim returns at most limit deliveries that are due, and that no other caller gets within the lease.
func (s LogoutStore) Claim(ctx context.Context, limit int) (list []logout.Delivery, err error) {
	claim := func(db sqldb.Querier) (err error) {
		list, err = sqldb.List(ctx, db, sqldb.Read("claiming logout deliveries", s.text.claimLogouts, limit, micros(logout.Lease)),
			func(row sqldb.Row, d *logout.Delivery) error { return scanDelivery(row, d) })
		return err
	}
	if s.db.Engine() == sqldb.Postgres {
		err = claim(s.db)
	} else { // only a transaction writes
		err = s.db.InTx(ctx, func(tx *sqldb.Tx) error { return claim(tx) })
	}
	return list, err
}

func scanDelivery(row sqldb.Row, d *logout.Delivery, more ...any) error {
	var age int64
	err := row.Scan(append([]any{
		&d.ID, &d.ClientID, &d.UserID, &d.Subject, &d.Session.ID, sqldb.Time(&d.SignedInAt), &d.Reason, &d.Attempts, sqldb.Time(&d.CreatedAt), &age,
	}, more...)...)
	d.Age = time.Duration(age) * time.Microsecond
	return err
}

// Finish stores the last result of a delivery.
func (s LogoutStore) Finish(ctx context.Context, id int64, r logout.Result) (bool, error) {
	n, err := s.db.Exec(ctx, s.text.finishLogout, id, r.Status, problem(r), r.Problem == "")
	return n > 0, sqldb.Wrap("finishing a logout delivery", err)
}

// Abandon finishes a delivery without an attempt: the result of the last one stays, with the reason
// behind its problem.
func (s LogoutStore) Abandon(ctx context.Context, id int64, reason string) (bool, error) {
	n, err := s.db.Exec(ctx, s.text.abandonLogout, id, reason)
	return n > 0, sqldb.Wrap("abandoning a logout delivery", err)
}

// Postpone stores the result of an attempt, and makes the next one due.
func (s LogoutStore) Postpone(ctx context.Context, id int64, r logout.Result, after time.Duration) error {
	_, err := s.db.Exec(ctx, s.text.postponeLogout, id, r.Status, problem(r), micros(after))
	return sqldb.Wrap("postponing a logout delivery", err)
}

func problem(r logout.Result) string {
	return strings.ReplaceAll(strings.ToValidUTF8(r.Problem[:min(len(r.Problem), maxProblem)], ""), "\x00", "")
}

// ListDeliveries returns at most limit deliveries with a smaller identifier, the newest first; of every
// client if clientID is empty.
func (s LogoutStore) ListDeliveries(ctx context.Context, clientID string, before int64, limit int) ([]logout.Record, error) {
	read := sqldb.Read("listing logout deliveries", s.text.listAllLogouts, before, limit)
	if clientID != "" {
		read.Text, read.Args = s.text.listLogouts, append(read.Args, clientID)
	}
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, r *logout.Record) error {
		err := scanDelivery(row, &r.Delivery, &r.Status, &r.Problem, sqldb.Time(&r.AttemptedAt), sqldb.Time(&r.DueAt), &r.Finished, &r.Delivered)
		if r.Finished {
			r.DueAt = time.Time{}
		}
		return err
	})
}
