package store

import (
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// statements are the store's SQL, one text for both engines.
type statements struct {
	insert, replace, insertURI, deleteURIs, insertSecret, deleteSecrets string
	find, credentials, credentialsOfMany, list                          string
	lock, deleteExpiring, expireCurrent, setDisabled, removeWorkspace   string
	created, secrets, page, lockAny, update, version, suspended         string

	// Of the keys of clients (private_key_jwt).
	insertKey, deleteKeys, deleteExpiredKeys, keys, updateKey, deleteKey, useKeys, useSecrets, lockKeys, touchKey string
	setAlgorithm, deleteUses, hashUses                                                                            string

	// Of the clients that workspaces own.
	takeClient, owned, submitted, people                 string
	submit, withdraw, approve, refuse, suspend           string
	waits, unverify                                      string
	addURI, removeURI, hasURI, uriUse, uriUses, touchURI string
	addTester, removeTester, testers, isTester           string
	findPerson, addPerson, countPeople                   string
	validSecrets, removeSecret, endsNever                string

	// Of the descriptions of clients for users.
	setIdentity, setLogo, replaceLogo, deleteLogo, logo string

	// Of the days on which scopes were granted.
	touchScope, addScope, usedScopes string
}

// prepare expands every statement once.
func prepare(db *sqldb.DB) (t statements) {
	t.prepareClients(db)
	t.prepareKeys(db)
	t.prepareOwners(db)
	t.preparePeople(db)
	t.prepareIdentity(db)
	t.prepareScopes(db)
	return t
}

// columns are those of client.Client, in the order of scanClient.
const columns = `c.id, c.name, c.type, c.grant_types, c.resource_server, c.disabled, c.refresh_retry, c.reuse,
    c.auth_method, c.auth_algorithm, c.jwks_uri, c.workspace_id,
    CASE WHEN c.workspace_id = '' THEN '' ELSE c.scope END, c.id_token_alg, c.sector, c.push_required, c.dpop_required, c.profile,
    c.status, ` + backchannelColumns + `, ` + identityColumns

// registered are the other columns of client.Registration, in the order of scanRegistration.
const registered = `c.scope, c.default_scope, c.application_type, c.unverified, c.optional_scope, c.post_logout_uris,
    c.owner_workspace_id, c.created_by, c.review_note, c.submitted_at`

const insert = `
INSERT INTO clients (id, name, type, grant_types, scope, resource_server, disabled, refresh_retry, default_scope, application_type,
    unverified, auth_method, auth_algorithm, jwks_uri, reuse, workspace_id, id_token_alg, sector,
    post_logout_uris, push_required, dpop_required, profile, owner_workspace_id, created_by, status, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, {{now}})`

// credentials reads a client with its secrets and its keys: a client has either secrets or keys, so
// that no row is repeated.
const credentials = `
SELECT ` + columns + `, s.hash, s.expires_at - {{now}}, k.jwk, k.expires_at - {{now}}
FROM clients c LEFT JOIN client_secrets s ON s.client_id = c.id LEFT JOIN client_keys k ON k.client_id = c.id
`

// prepareClients sets the statements about clients.
func (t *statements) prepareClients(db *sqldb.DB) {
	t.insert = db.SQL(insert)

	t.replace = db.SQL(insert + ` ON CONFLICT (id) DO UPDATE SET name = excluded.name, type = excluded.type,
    grant_types = excluded.grant_types, scope = excluded.scope, resource_server = excluded.resource_server,
    disabled = excluded.disabled, refresh_retry = excluded.refresh_retry, default_scope = excluded.default_scope,
    application_type = excluded.application_type, unverified = excluded.unverified,
    auth_method = excluded.auth_method, auth_algorithm = excluded.auth_algorithm, jwks_uri = excluded.jwks_uri,
    reuse = excluded.reuse, workspace_id = excluded.workspace_id, id_token_alg = excluded.id_token_alg, sector = excluded.sector,
    post_logout_uris = excluded.post_logout_uris,
    push_required = excluded.push_required, dpop_required = excluded.dpop_required, profile = excluded.profile`)

	t.insertURI = db.SQL(`INSERT INTO redirect_uris (client_id, uri, position) SELECT id, $2, $3 FROM clients WHERE id = $1`)
	t.deleteURIs = db.SQL(`DELETE FROM redirect_uris WHERE client_id = $1`)

	t.insertSecret = db.SQL(`
INSERT INTO client_secrets (client_id, hash, last_four, created_by, created_at)
SELECT id, $2, $3, $4, {{now}} FROM clients WHERE id = $1 AND type = 'confidential' AND auth_method = ''`)

	t.deleteSecrets = db.SQL(`DELETE FROM client_secrets WHERE client_id = $1`)

	t.find = db.SQL(`
SELECT ` + columns + `, ` + registered + `, u.uri
FROM clients c LEFT JOIN redirect_uris u ON u.client_id = c.id
WHERE c.id = $1 ORDER BY u.position`)

	t.credentials = db.SQL(credentials + `WHERE c.id = $1`)

	t.credentialsOfMany = db.SQL(credentials + `WHERE c.id = ANY($1::text[])`)

	t.list = db.SQL(`SELECT ` + columns + `, c.unverified, c.owner_workspace_id, c.scope FROM clients c WHERE c.id ` + db.Among("$1"))

	// A rotation locks the client's row, so that concurrent rotations are serialized.
	t.lock = db.SQL(`SELECT 1 FROM clients WHERE id = $1 AND type = 'confidential' AND auth_method = '' {{for update}}`)

	t.deleteExpiring = db.SQL(`DELETE FROM client_secrets WHERE client_id = $1 AND expires_at IS NOT NULL`)

	t.expireCurrent = db.SQL(`UPDATE client_secrets SET expires_at = {{now}} + $2 WHERE client_id = $1`)

	// A review lifts a suspension, and nothing else does.
	t.setDisabled = db.SQL(`UPDATE clients SET disabled = $2 WHERE id = $1 AND ($2 OR status <> 'suspended')`)

	t.suspended = db.SQL(`SELECT 1 FROM clients WHERE id = $1 AND status = 'suspended'`)

	t.removeWorkspace = db.SQL(`UPDATE clients SET workspace_id = '' WHERE id = $1`)

	t.created = db.SQL(`SELECT created_at FROM clients WHERE id = $1`)

	t.version = db.SQL(`SELECT version FROM client_version`)

	t.secrets = db.SQL(`
SELECT hash, last_four, created_by, created_at, expires_at FROM client_secrets
WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > {{now}}) ORDER BY expires_at IS NULL DESC, created_at DESC`)

	// Operators register clients by hand, so there are few: no index by name is needed.
	t.page = db.SQL(`
SELECT ` + columns + `, ` + registered + `, c.created_at FROM clients c
WHERE c.name > $1 OR c.name = $1 AND c.id > $2 ORDER BY c.name, c.id LIMIT $3`)

	t.lockAny = db.SQL(`SELECT 1 FROM clients WHERE id = $1 {{for update}}`)

	t.update = db.SQL(`
UPDATE clients SET name = CASE WHEN $2 = '' THEN name ELSE $2 END, scope = CASE WHEN $3 = '' THEN scope ELSE $3 END,
    grant_types = CASE WHEN $4 = '' THEN grant_types ELSE $4 END, resource_server = COALESCE($5, resource_server),
    refresh_retry = CASE WHEN $7 THEN NULL ELSE COALESCE($6, refresh_retry) END,
    default_scope = COALESCE($8, default_scope), application_type = CASE WHEN $9 = '' THEN application_type ELSE $9 END,
    unverified = COALESCE($10, unverified), reuse = CASE WHEN $11 = '' THEN reuse ELSE $11 END,
    workspace_id = CASE WHEN workspace_id = '' THEN $12 ELSE workspace_id END,
    id_token_alg = CASE WHEN $13 = '' THEN id_token_alg ELSE $13 END, post_logout_uris = COALESCE($14, post_logout_uris),
    push_required = COALESCE($15, push_required), dpop_required = COALESCE($16, dpop_required),
    profile = CASE WHEN $17 = '' THEN profile ELSE $17 END
WHERE id = $1`)
}
