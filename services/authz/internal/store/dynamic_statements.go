package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// dynamicStatements are the SQL of the clients that registered themselves, one text for both
// engines.
type dynamicStatements struct {
	find, findByToken, list, version, count                string
	insert, insertRegistration, trimRegistrations          string
	releaseFingerprint, lockFingerprint, join              string
	lock, replaceToken, replace, deleteRegistration, erase string
	registered, disableToDelete                            string
	addUser, findUser, authorize, use, setDisabled         string
	due, expire, eraseAbandoned                            string
	findInitial, takeInitial, insertInitial, listInitial   string
	revokeInitial, eraseInitial, nameInitial               string
}

// dynamicColumns are those of dynamic.Client, in the order of scanDynamic.
const dynamicColumns = `c.id, c.name, c.type, c.grant_types, c.scope, c.application_type, c.redirect_uris, c.metadata, c.secret_hash,
    c.secret_last_four, c.by_token, c.scope_limit, c.disabled, c.shared, c.authorized, c.created_at`

// prepareDynamic expands every statement once.
func prepareDynamic(db *sqldb.DB) dynamicStatements {
	t := dynamicStatements{
		version: `SELECT version FROM dynamic_client_version`,
		find:    `SELECT ` + dynamicColumns + ` FROM dynamic_clients c WHERE c.id = $1`,
		findByToken: `
SELECT ` + dynamicColumns + `
FROM dynamic_clients c JOIN dynamic_registrations r ON r.client_id = c.id WHERE r.hash = $2 AND c.id = $1`,
		list:  `SELECT ` + dynamicColumns + ` FROM dynamic_clients c WHERE c.id ` + db.Among("$1"),
		count: `SELECT count(*) FROM (SELECT 1 FROM dynamic_clients LIMIT $1) AS counted`,
		// A registration with a fingerprint waits here for a concurrent one with the same, and adds
		// nothing if that one commits.
		insert: `
INSERT INTO dynamic_clients (id, name, type, grant_types, scope, application_type, redirect_uris, metadata, secret_hash,
    secret_last_four, by_token, scope_limit, disabled, shared, authorized, fingerprint, registered_at, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, FALSE, FALSE, FALSE, $13, {{now}}, {{now}}, {{now}} + $14)
ON CONFLICT (fingerprint) WHERE fingerprint IS NOT NULL DO NOTHING`,
		insertRegistration: `INSERT INTO dynamic_registrations (hash, client_id, created_at) VALUES ($1, $2, {{now}})`,
		// The client's row is locked.
		trimRegistrations: `
DELETE FROM dynamic_registrations WHERE client_id = $1 AND hash IN (
    SELECT hash FROM dynamic_registrations WHERE client_id = $1 ORDER BY created_at DESC LIMIT 1000 OFFSET $2)`,
		releaseFingerprint: `
UPDATE dynamic_clients SET fingerprint = NULL WHERE fingerprint = $1 AND (registered_at <= {{now}} - $2 OR disabled)`,
		lockFingerprint: `SELECT id FROM dynamic_clients WHERE fingerprint = $1 {{for update}}`,
		join: `
UPDATE dynamic_clients SET shared = TRUE, registered_at = {{now}},
    expires_at = CASE WHEN expires_at < {{now}} + $2 THEN {{now}} + $2 ELSE expires_at END
WHERE id = $1`,

		lock:         `SELECT shared FROM dynamic_clients WHERE id = $1 {{for update}}`,
		replaceToken: `UPDATE dynamic_registrations SET hash = $3 WHERE hash = $2 AND client_id = $1`,
		replace: `
UPDATE dynamic_clients SET name = $2, type = $3, grant_types = $4, scope = $5, application_type = $6, redirect_uris = $7,
    metadata = $8, fingerprint = NULL,
    secret_hash = CASE WHEN $11 THEN COALESCE($9, secret_hash) END,
    secret_last_four = CASE WHEN NOT $11 THEN '' WHEN $10 = '' THEN secret_last_four ELSE $10 END
WHERE id = $1`,
		deleteRegistration: `DELETE FROM dynamic_registrations WHERE hash = $2 AND client_id = $1`,
		erase:              `DELETE FROM dynamic_clients WHERE id = $1 RETURNING authorized`,
		registered:         `SELECT 1 FROM dynamic_registrations WHERE hash = $2 AND client_id = $1`,
		// Without its fingerprint, which a registration that waits for the lock looks for.
		disableToDelete: `UPDATE dynamic_clients SET disabled = TRUE, fingerprint = NULL WHERE id = $1 AND authorized`,

		addUser: `
INSERT INTO dynamic_client_users (client_id, user_id) SELECT $1, $2
WHERE $3 = 0 OR (SELECT count(*) FROM dynamic_client_users WHERE client_id = $1) < $3 ON CONFLICT DO NOTHING`,
		findUser: `SELECT 1 FROM dynamic_client_users WHERE client_id = $1 AND user_id = $2`,
		authorize: `
UPDATE dynamic_clients SET authorized = TRUE, expires_at = CASE WHEN expires_at < {{now}} + $2 THEN {{now}} + $2 ELSE expires_at END
WHERE id = $1`,
		use: `
UPDATE dynamic_clients SET expires_at = {{now}} + $2
WHERE id = $1 AND authorized AND NOT disabled AND expires_at < {{now}} + $2`,
		setDisabled: `
UPDATE dynamic_clients SET disabled = $2, expires_at = CASE WHEN $2 OR expires_at >= {{now}} + $3 THEN expires_at ELSE {{now}} + $3 END
WHERE id = $1`,

		due: `
SELECT id, name, redirect_uris FROM dynamic_clients WHERE expires_at < {{now}} AND authorized AND disabled = $1 ORDER BY expires_at LIMIT $2 {{skip locked}}`,
		expire: `UPDATE dynamic_clients SET disabled = TRUE, expires_at = {{now}} + $2 WHERE id = $1`,
		eraseAbandoned: `
DELETE FROM dynamic_clients WHERE id IN (
    SELECT id FROM dynamic_clients WHERE expires_at < {{now}} AND NOT authorized ORDER BY expires_at LIMIT $1 {{skip locked}})`,

		findInitial: `SELECT scope FROM initial_access_tokens WHERE hash = $1 AND uses_left > 0 AND expires_at > {{now}}`,
		nameInitial: `SELECT id FROM initial_access_tokens WHERE hash = $1`,
		takeInitial: `
UPDATE initial_access_tokens SET uses_left = uses_left - 1 WHERE hash = $1 AND uses_left > 0 AND expires_at > {{now}}`,
		insertInitial: `
INSERT INTO initial_access_tokens (hash, id, name, scope, uses_left, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, {{now}}, {{now}} + $6)`,
		listInitial: `
SELECT id, name, scope, uses_left, created_at, expires_at FROM initial_access_tokens
WHERE uses_left > 0 AND expires_at > {{now}} ORDER BY created_at DESC, id LIMIT 1000`,
		revokeInitial: `DELETE FROM initial_access_tokens WHERE id = $1`,
		eraseInitial:  `DELETE FROM initial_access_tokens WHERE expires_at < {{now}} OR uses_left <= 0`,
	}
	t.expand(db)
	return t
}

func (t *dynamicStatements) expand(db *sqldb.DB) {
	for _, text := range []*string{
		&t.find, &t.findByToken, &t.list, &t.version, &t.count, &t.insert, &t.insertRegistration, &t.trimRegistrations,
		&t.releaseFingerprint, &t.lockFingerprint, &t.join, &t.lock, &t.replaceToken, &t.replace, &t.deleteRegistration, &t.erase,
		&t.registered, &t.disableToDelete,
		&t.addUser, &t.findUser, &t.authorize, &t.use, &t.setDisabled, &t.due, &t.expire, &t.eraseAbandoned,
		&t.findInitial, &t.takeInitial, &t.insertInitial, &t.listInitial, &t.revokeInitial, &t.eraseInitial, &t.nameInitial,
	} {
		*text = db.SQL(*text)
	}
}
