package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// prepareOwners sets the statements about the clients that workspaces own.
func (t *statements) prepareOwners(db *sqldb.DB) {
	// One statement counts and compares, so that concurrent registrations do not exceed the limit.
	t.takeClient = db.SQL(`
INSERT INTO client_owners (workspace_id, clients) VALUES ($1, 1)
ON CONFLICT (workspace_id) DO UPDATE SET clients = client_owners.clients + 1 WHERE $2 = 0 OR client_owners.clients < $2`)

	t.owned = db.SQL(`
SELECT ` + columns + `, ` + registered + `, c.created_at FROM clients c
WHERE c.owner_workspace_id = $1 AND c.owner_workspace_id <> '' ORDER BY c.name, c.id`)

	t.submitted = db.SQL(`
SELECT ` + columns + `, ` + registered + `, c.created_at FROM clients c
WHERE c.submitted_at IS NOT NULL AND (c.submitted_at > $1 OR c.submitted_at = $1 AND c.id > $2) ORDER BY c.submitted_at, c.id LIMIT $3`)

	// In the order of the index: PostgreSQL would read the table, to find them among the users of other clients.
	t.people = db.SQL(`
SELECT c.id, (SELECT count(*) FROM (SELECT 1 FROM client_people p WHERE p.client_id = c.id ORDER BY p.user_id LIMIT $2) AS counted) FROM clients c
WHERE c.owner_workspace_id = $1 AND c.owner_workspace_id <> ''`)

	t.submit = db.SQL(`
UPDATE clients SET submitted_at = {{now}}, status = CASE WHEN status = 'draft' THEN 'submitted' ELSE status END
WHERE id = $1 AND owner_workspace_id <> '' AND submitted_at IS NULL AND (status = 'draft' OR status = 'live' AND unverified)`)

	t.withdraw = db.SQL(`
UPDATE clients SET submitted_at = NULL, status = CASE WHEN status = 'submitted' THEN 'draft' ELSE status END
WHERE id = $1 AND submitted_at IS NOT NULL`)

	// A client that waits, with the time of the submission as the operator saw it; where $4 is 0, any that waits
	// or is suspended.
	t.approve = db.SQL(`
UPDATE clients SET status = 'live', review_note = $2, submitted_at = NULL, unverified = CASE WHEN $3 THEN FALSE ELSE unverified END,
    disabled = CASE WHEN status = 'suspended' THEN FALSE ELSE disabled END
WHERE id = $1 AND owner_workspace_id <> '' AND (CAST($4 AS BIGINT) = 0 AND (status = 'suspended' OR submitted_at IS NOT NULL) OR submitted_at = CAST($4 AS BIGINT))`)

	t.refuse = db.SQL(`
UPDATE clients SET status = CASE WHEN status = 'submitted' THEN 'draft' ELSE status END, review_note = $2, submitted_at = NULL
WHERE id = $1 AND owner_workspace_id <> '' AND submitted_at IS NOT NULL`)

	t.suspend = db.SQL(`
UPDATE clients SET status = 'suspended', review_note = $2, submitted_at = NULL, disabled = TRUE
WHERE id = $1 AND owner_workspace_id <> ''`)

	t.waits = db.SQL(`SELECT 1 FROM clients WHERE id = $1 AND submitted_at IS NOT NULL`)

	t.unverify = db.SQL(`UPDATE clients SET unverified = TRUE WHERE id = $1`)

	// The client's row is locked, so that the limit holds.
	t.addURI = db.SQL(`
INSERT INTO redirect_uris (client_id, uri, position)
SELECT $1, $2, COALESCE((SELECT max(position) + 1 FROM redirect_uris WHERE client_id = $1), 0)
WHERE (SELECT count(*) FROM redirect_uris WHERE client_id = $1) < $3 ON CONFLICT DO NOTHING`)

	// The last one stays.
	t.removeURI = db.SQL(`
DELETE FROM redirect_uris WHERE client_id = $1 AND uri = $2 AND (SELECT count(*) FROM redirect_uris WHERE client_id = $1) > 1`)

	t.hasURI = db.SQL(`SELECT 1 FROM redirect_uris WHERE client_id = $1 AND uri = $2`)

	t.uriUse = db.SQL(`SELECT 1 FROM redirect_uri_uses WHERE client_id = $1 AND uri = $2 AND used_at > {{now}} - $3`)

	t.uriUses = db.SQL(`
SELECT n.uri, n.used_at FROM redirect_uri_uses n JOIN redirect_uris u ON u.client_id = n.client_id AND u.uri = n.uri
WHERE n.client_id = $1 AND n.used_at > {{now}} - $2`)

	t.touchURI = db.SQL(`
INSERT INTO redirect_uri_uses (client_id, uri, used_at) SELECT id, $2, {{now}} FROM clients WHERE id = $1
ON CONFLICT (client_id, uri) DO UPDATE SET used_at = excluded.used_at WHERE redirect_uri_uses.used_at + 60000000 < excluded.used_at`)

	t.addTester = db.SQL(`
INSERT INTO client_testers (client_id, email, created_at)
SELECT $1, $2, {{now}} WHERE (SELECT count(*) FROM client_testers WHERE client_id = $1) < $3 ON CONFLICT DO NOTHING`)

	t.removeTester = db.SQL(`DELETE FROM client_testers WHERE client_id = $1 AND email = $2`)

	t.testers = db.SQL(`SELECT email, created_at FROM client_testers WHERE client_id = $1 ORDER BY email`)

	t.isTester = db.SQL(`SELECT 1 FROM client_testers WHERE client_id = $1 AND email = $2`)
}

// preparePeople sets the statements about users and secrets.
func (t *statements) preparePeople(db *sqldb.DB) {
	t.findPerson = db.SQL(`SELECT 1 FROM client_people WHERE client_id = $1 AND user_id = $2`)

	t.addPerson = db.SQL(`
INSERT INTO client_people (client_id, user_id) SELECT $1, $2
WHERE $3 = 0 OR (SELECT count(*) FROM (SELECT 1 FROM client_people WHERE client_id = $1 ORDER BY user_id LIMIT $3) AS counted) < $3 ON CONFLICT DO NOTHING`)

	t.countPeople = db.SQL(`SELECT count(*) FROM (SELECT 1 FROM client_people WHERE client_id = $1 ORDER BY user_id LIMIT $2) AS counted`)

	t.validSecrets = db.SQL(`
SELECT hash, expires_at IS NULL FROM client_secrets WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > {{now}})`)

	t.removeSecret = db.SQL(`DELETE FROM client_secrets WHERE client_id = $1 AND hash = $2`)

	t.endsNever = db.SQL(`UPDATE client_secrets SET expires_at = NULL WHERE client_id = $1 AND hash = $2`)
}
