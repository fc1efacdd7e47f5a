package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// prepareKeys sets the statements about the keys of clients (private_key_jwt).
func (t *statements) prepareKeys(db *sqldb.DB) {
	// At most two keys that have not expired: those were deleted in the same transaction, which
	// locks the client's row.
	t.insertKey = db.SQL(`
INSERT INTO client_keys (client_id, kid, name, jwk, created_at, expires_at)
SELECT id, $2, $3, $4, {{now}}, {{now}} + $5 FROM clients
WHERE id = $1 AND auth_method = 'private_key_jwt' AND jwks_uri = '' AND (SELECT COUNT(*) FROM client_keys k WHERE k.client_id = $1) < 2`)

	t.deleteKeys = db.SQL(`DELETE FROM client_keys WHERE client_id = $1`)

	t.deleteExpiredKeys = db.SQL(`DELETE FROM client_keys WHERE client_id = $1 AND expires_at <= {{now}}`)

	// With jwks_uri there are only uses.
	t.keys = db.SQL(`
SELECT k.kid, k.name, k.jwk, k.created_at, k.expires_at, u.used_at
FROM client_keys k LEFT JOIN client_key_uses u ON u.client_id = k.client_id AND u.kid = k.kid
WHERE k.client_id = $1 AND (k.expires_at IS NULL OR k.expires_at > {{now}})
UNION ALL
SELECT u.kid, '', NULL, 0, NULL, u.used_at
FROM client_key_uses u JOIN clients c ON c.id = u.client_id
WHERE u.client_id = $1 AND c.jwks_uri <> '' AND u.kid NOT LIKE 'secret:%'
ORDER BY 4 DESC, 6 DESC, 1`)

	t.hashUses = db.SQL(`SELECT kid, used_at FROM client_key_uses WHERE client_id = $1 AND kid LIKE 'secret:%'`)

	t.updateKey = db.SQL(`
UPDATE client_keys SET name = COALESCE($3, name),
    expires_at = CASE WHEN $4 THEN NULL ELSE COALESCE({{now}} + $5, expires_at) END
WHERE client_id = $1 AND kid = $2`)

	// The last key stays.
	t.deleteKey = db.SQL(`
DELETE FROM client_keys WHERE client_id = $1 AND kid = $2
    AND EXISTS (SELECT 1 FROM client_keys k WHERE k.client_id = $1 AND k.kid <> $2 AND (k.expires_at IS NULL OR k.expires_at > {{now}}))`)

	t.useKeys = db.SQL(`UPDATE clients SET auth_method = 'private_key_jwt', jwks_uri = $2 WHERE id = $1 AND type = 'confidential'`)

	t.useSecrets = db.SQL(`UPDATE clients SET auth_method = '', auth_algorithm = '', jwks_uri = '' WHERE id = $1`)

	t.setAlgorithm = db.SQL(`UPDATE clients SET auth_algorithm = $2 WHERE id = $1 AND auth_method = 'private_key_jwt'`)

	t.deleteUses = db.SQL(`DELETE FROM client_key_uses WHERE client_id = $1`)

	t.lockKeys = db.SQL(`SELECT 1 FROM clients WHERE id = $1 AND auth_method = 'private_key_jwt' {{for update}}`)

	t.touchKey = db.SQL(`
INSERT INTO client_key_uses (client_id, kid, used_at) SELECT id, $2, {{now}} FROM clients WHERE id = $1
ON CONFLICT (client_id, kid) DO UPDATE SET used_at = excluded.used_at WHERE client_key_uses.used_at + 60000000 < excluded.used_at`)
}
