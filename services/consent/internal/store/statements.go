package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// statements are the store's SQL, one text for both engines.
type statements struct{ record, supersede, withdraw, approvals, prune string }

// prepare expands every statement once.
func prepare(db *sqldb.DB) statements {
	return statements{
		// The update changes nothing. It is there because DO NOTHING returns no row, and the row that is kept is the answer.
		record: db.SQL(`
INSERT INTO consents (request_id_hash, user_id, client_id, workspace_id, scope, epoch, approved_at)
VALUES ($1, $2, $3, $4, $5, $6, {{now}})
ON CONFLICT (request_id_hash) DO UPDATE SET request_id_hash = consents.request_id_hash
RETURNING workspace_id`),

		// A day is longer than a request can wait for its decision, so that none is completed whose row went. The newest of the
		// old ones stays: what is recorded now may be withdrawn yet, and a live connection must not leave the list with it. What
		// was approved for another workspace may count at a lower epoch still, which token knows and this does not.
		supersede: db.SQL(`
DELETE FROM consents WHERE user_id = $1 AND client_id = $2 AND workspace_id = $3 AND scope = $4 AND epoch <= $5
    AND approved_at < (SELECT MAX(approved_at) FROM consents WHERE user_id = $1 AND client_id = $2 AND workspace_id = $3
        AND scope = $4 AND epoch <= $5 AND approved_at + 86400000000 < {{now}})`),

		withdraw: db.SQL(`DELETE FROM consents WHERE request_id_hash = $1`),

		// Grouped, since a person who approves the same app every day has one row on the page. The order is total.
		approvals: db.SQL(`
SELECT client_id, workspace_id, scope, epoch, MAX(approved_at)
FROM consents WHERE user_id = $1
GROUP BY client_id, workspace_id, scope, epoch
ORDER BY MAX(approved_at), client_id, workspace_id, scope, epoch`),

		prune: db.SQL(`DELETE FROM consents WHERE user_id = $1 AND client_id = $2 AND epoch < $3`),
	}
}
