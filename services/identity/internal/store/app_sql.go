package store

// appStatements are the authentication apps' SQL, one text for both engines.
type appStatements struct {
	create, createFor, insertSecret   string
	lock, dropOlder, expire, rotateIn string
	find, list                        string
	revoke, vouch, touch              string
	seed, seedSecret                  string
}

func (t *appStatements) all() []*string {
	return []*string{
		&t.create, &t.createFor, &t.insertSecret, &t.lock, &t.dropOlder, &t.expire, &t.rotateIn, &t.find, &t.list, &t.revoke,
		&t.vouch, &t.touch, &t.seed, &t.seedSecret,
	}
}

// appRows selects authapp.App with one of its valid secrets each, or none.
const appRows = `
SELECT a.id, a.name, COALESCE(a.workspace_id, ''), a.created_at, a.last_used_at, a.revoked_at,
  COALESCE(s.last_four, ''), s.created_at, s.expires_at
FROM authentication_apps a LEFT JOIN authentication_app_secrets s
  ON s.app_id = a.id AND a.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > {{now}})`

// live is true for an app that is not revoked.
const live = `EXISTS (SELECT 1 FROM authentication_apps a WHERE a.id = $1 AND a.revoked_at IS NULL)`

// due is true for an app whose use was not recorded within the last minute.
const due = `(last_used_at IS NULL OR last_used_at <= {{now}} - 60000000)`

func apps() appStatements {
	return appStatements{ //nolint:gosec // SQL that names the table of secrets holds none
		create: `INSERT INTO authentication_apps (id, name, created_at) VALUES ($1, $2, {{now}})`,

		createFor: `
INSERT INTO authentication_apps (id, name, workspace_id, created_at)
SELECT $1, $2, w.id, {{now}} FROM workspaces w WHERE w.id = $3`,

		insertSecret: `
INSERT INTO authentication_app_secrets (hash, app_id, last_four, created_at)
SELECT $2, a.id, $3, {{now}} FROM authentication_apps a WHERE a.id = $1`,

		// Concurrent rotations of an app are serialized by this lock.
		lock: `SELECT id FROM authentication_apps WHERE id = $1 AND revoked_at IS NULL {{for update}}`,

		dropOlder: `DELETE FROM authentication_app_secrets WHERE app_id = $1 AND expires_at IS NOT NULL AND ` + live,

		expire: `
UPDATE authentication_app_secrets SET expires_at = {{now}} + $2 WHERE app_id = $1 AND expires_at IS NULL AND ` + live,

		rotateIn: `
INSERT INTO authentication_app_secrets (hash, app_id, last_four, created_at)
SELECT $2, a.id, $3, {{now}} FROM authentication_apps a WHERE a.id = $1 AND a.revoked_at IS NULL`,

		find: appRows + ` WHERE a.id = $1 ORDER BY s.expires_at IS NULL DESC`,

		list: appRows + ` ORDER BY lower(a.name), a.name, a.id, s.expires_at IS NULL DESC`,

		revoke: `UPDATE authentication_apps SET revoked_at = COALESCE(revoked_at, {{now}}) WHERE id = $1`,

		vouch: `
SELECT ` + userColumns + `, a.id, COALESCE(a.workspace_id, ''), ` + due + `
FROM authentication_app_secrets s JOIN authentication_apps a ON a.id = s.app_id JOIN users u ON u.id = ` + userBySpelling("$1", "$2") + `
WHERE s.hash = $3 AND (s.expires_at IS NULL OR s.expires_at > {{now}}) AND a.revoked_at IS NULL AND NOT u.disabled
  AND (a.workspace_id IS NULL OR EXISTS (
    SELECT 1 FROM memberships m WHERE m.user_id = u.id AND m.workspace_id = a.workspace_id))`,

		touch: `UPDATE authentication_apps SET last_used_at = {{now}} WHERE id = $1 AND ` + due,

		seed: `INSERT INTO authentication_apps (id, name, created_at) VALUES ($1, $2, {{now}}) ON CONFLICT DO NOTHING`,

		// Not after an operator has rotated it: the app then has another current secret.
		seedSecret: `
INSERT INTO authentication_app_secrets (hash, app_id, last_four, created_at)
SELECT $2, a.id, $3, {{now}} FROM authentication_apps a WHERE a.id = $1
ON CONFLICT DO NOTHING`,
	}
}
