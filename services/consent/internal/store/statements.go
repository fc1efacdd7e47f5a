package store

import (
	"strings"

	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// statements are the store's SQL, one text for both engines. On PostgreSQL record includes the event, and
// returns whether supersede would delete something.
type statements struct{ record, supersede, approvals, granted, prune, pruneIn string }

// prepare expands every statement once.
func prepare(db *sqldb.DB, events *outbox.Log) statements {
	equal := equalConsents(db.Engine())
	oneOf := func(some string) string { return `IN (` + some + `)` }
	if db.Engine() == sqldb.Postgres { // the planner would join, and scan the whole table
		oneOf = func(some string) string { return `= ANY (ARRAY(` + some + `))` }
	}
	// A day is longer than a request can wait for its decision. The newest of the old consents
	// stays: the list needs it until this one is committed. The oldest stays too: it has the time of
	// the first approval. Consents for another workspace stay,
	// since only the token service knows whether a lower epoch is still valid. The index finds the
	// rows by time; each approval deletes a bounded number of them, if there are any.
	const old = "{{now}} - 86400000000"
	oldest := `(SELECT approved_at FROM consents WHERE ` + equal.between("0", "{{now}}") + ` AND epoch <= $5 ORDER BY ` + equal.order("") + ` LIMIT 1)`
	newestOld := `(SELECT approved_at FROM consents WHERE ` + equal.between("0", old) + ` AND epoch <= $5 ORDER BY ` + equal.order(" DESC") + ` LIMIT 1)`
	supersede := `DELETE FROM consents WHERE request_id_hash ` + oneOf(`
    SELECT request_id_hash FROM consents WHERE `+equal.between(oldest, newestOld)+` AND epoch <= $5 ORDER BY `+equal.order("")+` LIMIT $6`)
	record := `
INSERT INTO consents (user_id, client_id, workspace_id, scope, epoch, request_id_hash, approved_at)
VALUES ($1, $2, $3, $4, $5, $6, {{now}}) ON CONFLICT (request_id_hash) DO NOTHING`
	// Superseded are those between two old consents: where there is a third one.
	superseding := `EXISTS (SELECT 1 FROM consents WHERE ` + equal.between("0", old) + ` AND epoch <= $5 ORDER BY ` + equal.order(" DESC") + ` LIMIT 1 OFFSET 2)`
	if db.Engine() == sqldb.Postgres { // one statement, with the event of a consent that was not recorded before
		record = `WITH recorded AS (` + record + ` RETURNING request_id_hash),
` + events.Insert(`EXISTS (SELECT 1 FROM recorded)`, firstEventArgument) + `
SELECT ` + superseding + ` FROM recorded`
	}
	return statements{
		record: db.SQL(record), supersede: db.SQL(supersede),

		// Grouped, since a user who approves the same client every day has one row on the page. The
		// order is total.
		approvals: db.SQL(`
SELECT client_id, workspace_id, scope, epoch, MIN(approved_at), MAX(approved_at)
FROM consents WHERE user_id = $1
GROUP BY client_id, workspace_id, scope, epoch
ORDER BY MAX(approved_at), client_id, workspace_id, scope, epoch`),

		granted: db.SQL(`
SELECT DISTINCT workspace_id, scope FROM consents WHERE user_id = $1 AND client_id = $2 AND epoch = $3`),

		prune: db.SQL(`
DELETE FROM consents WHERE request_id_hash ` + oneOf(`
    SELECT request_id_hash FROM consents WHERE user_id = $1 AND client_id = $2 AND epoch < $3 LIMIT $4`)),

		pruneIn: db.SQL(`
DELETE FROM consents WHERE request_id_hash ` + oneOf(`
    SELECT request_id_hash FROM consents WHERE user_id = $1 AND client_id = $2 AND workspace_id = $3 AND epoch < $4 LIMIT $5`)),
	}
}

const (
	// firstEventArgument is the number of the first parameter of a consent's event.
	firstEventArgument = 7
	// supersededAtOnce is how many old consents one approval deletes: more than one, so that their
	// number decreases.
	supersededAtOnce = 100
	// prunedAtOnce is how many consents one revocation deletes; the others are hidden by their
	// epoch, and are deleted by a later revocation or after their retention.
	prunedAtOnce = 1000
)

// equalConsents is the SQL of the consents of the same user, client, workspace and scopes, which are $1 to
// $4, in the order of their times. PostgreSQL gets a range of the index's columns, and not one condition for
// each: it would take the index of a workspace's consents, and read those of all users.
type equalConsents sqldb.Engine

// indexed are the columns of the index on PostgreSQL before the time, and wanted their values.
const (
	indexed = `user_id, client_id, workspace_id, md5(scope)`
	wanted  = `$1, $2, $3, md5($4)`
)

// between returns the condition for those between two times, without the times.
func (e equalConsents) between(after, before string) string {
	if sqldb.Engine(e) == sqldb.Postgres {
		const row = `(` + indexed + `, approved_at)`
		return row + ` > (` + wanted + `, ` + after + `) AND ` + row + ` < (` + wanted + `, ` + before + `) AND scope = $4`
	}
	return `user_id = $1 AND client_id = $2 AND workspace_id = $3 AND scope = $4 AND approved_at > ` + after + ` AND approved_at < ` + before
}

// order returns the order by time; direction is that of each column.
func (e equalConsents) order(direction string) string {
	if sqldb.Engine(e) != sqldb.Postgres {
		return "approved_at" + direction
	}
	return strings.ReplaceAll(indexed, ", ", direction+", ") + direction + ", approved_at" + direction
}
