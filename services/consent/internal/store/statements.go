package store

import (
	"strings"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// statements are the store's SQL, one text for both engines.
// supersede is empty where record does it.
type statements struct{ record, supersede, approvals, prune string }

// prepare expands every statement once.
func prepare(db *sqldb.DB) statements {
	equal := equalConsents(db.Engine())
	oneOf := func(some string) string { return `IN (` + some + `)` }
	if db.Engine() == sqldb.Postgres { // it would join, and read the whole table for it
		oneOf = func(some string) string { return `= ANY (ARRAY(` + some + `))` }
	}
	// A day is longer than a request can wait for its decision. The newest of the old ones stays:
	// the list shows the connection by it until this one is committed. What was approved for
	// another workspace may count at a lower epoch still, which token knows and this does not. Both
	// are found by their time in the index; of many that became old together each approval drops
	// some.
	supersede := `DELETE FROM consents WHERE request_id_hash ` + oneOf(`
    SELECT request_id_hash FROM consents WHERE `+equal+` AND epoch <= $5
        AND approved_at < (SELECT approved_at FROM consents WHERE `+equal+` AND epoch <= $5 AND approved_at < {{now}} - 86400000000
            ORDER BY approved_at DESC LIMIT 1)
    ORDER BY approved_at LIMIT $7`)
	record := `
INSERT INTO consents (user_id, client_id, workspace_id, scope, epoch, request_id_hash, approved_at)
VALUES ($1, $2, $3, $4, $5, $6, {{now}}) ON CONFLICT (request_id_hash) DO NOTHING`
	if db.Engine() == sqldb.Postgres { // one statement
		record, supersede = `WITH superseded AS (`+supersede+`)`+record, ``
	} else {
		supersede = strings.Replace(supersede, "$7", "$6", 1)
	}
	return statements{
		record: db.SQL(record), supersede: db.SQL(supersede),

		// Grouped, since a person who approves the same app every day has one row on the page. The
		// order is total.
		approvals: db.SQL(`
SELECT client_id, workspace_id, scope, epoch, MAX(approved_at)
FROM consents WHERE user_id = $1
GROUP BY client_id, workspace_id, scope, epoch
ORDER BY MAX(approved_at), client_id, workspace_id, scope, epoch`),

		prune: db.SQL(`
DELETE FROM consents WHERE request_id_hash ` + oneOf(`
    SELECT request_id_hash FROM consents WHERE user_id = $1 AND client_id = $2 AND epoch < $3 LIMIT $4`)),
	}
}

const (
	// supersededAtOnce is how many old consents one approval drops: more than one, so that they
	// become fewer.
	supersededAtOnce = 100
	// prunedAtOnce is how many consents one revocation drops; the others are hidden by their epoch,
	// and go with a later one or when they are no longer kept.
	prunedAtOnce = 1000
)

// equalConsents is the condition for consents of the same user, client, workspace and scopes, which
// $1 to $4 are.
func equalConsents(engine sqldb.Engine) string {
	const same = `user_id = $1 AND client_id = $2 AND workspace_id = $3 AND scope = $4`
	if engine == sqldb.Postgres {
		return same + ` AND md5(scope) = md5($4)` // as in the index
	}
	return same
}
