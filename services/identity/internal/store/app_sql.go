package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// appRows selects authapp.App with one of its valid secrets each, or none, for the apps of a table.
func appRows(apps string) string {
	return `
SELECT a.id, a.name, COALESCE(a.workspace_id, ''), a.created_at, a.last_used_at, a.revoked_at,
  COALESCE(s.last_four, ''), s.created_at, s.expires_at
FROM ` + apps + ` a LEFT JOIN authentication_app_secrets s
  ON s.app_id = a.id AND a.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > {{now}})`
}

// live is true for an app that is not revoked.
const live = `EXISTS (SELECT 1 FROM authentication_apps a WHERE a.id = $1 AND a.revoked_at IS NULL)`

// due is true for an app whose use was not recorded within the last minute.
const due = `(last_used_at IS NULL OR last_used_at <= {{now}} - 60000000)`

// prepareApps sets the statements about authentication apps.
func (t *statements) prepareApps(db *sqldb.DB) {
	t.createApp = db.SQL(`INSERT INTO authentication_apps (id, name, created_at) VALUES ($1, $2, {{now}})`)

	t.createAppFor = db.SQL(`
INSERT INTO authentication_apps (id, name, workspace_id, created_at)
SELECT $1, $2, w.id, {{now}} FROM workspaces w WHERE w.id = $3`)

	t.insertAppSecret = db.SQL(`
INSERT INTO authentication_app_secrets (hash, app_id, last_four, created_at)
SELECT $2, a.id, $3, {{now}} FROM authentication_apps a WHERE a.id = $1`)

	// Concurrent rotations of an app are serialized by this lock.
	t.lockApp = db.SQL(`SELECT id FROM authentication_apps WHERE id = $1 AND revoked_at IS NULL {{for update}}`)

	t.dropOlderSecrets = db.SQL(`DELETE FROM authentication_app_secrets WHERE app_id = $1 AND expires_at IS NOT NULL AND ` + live)

	t.expireSecrets = db.SQL(`
UPDATE authentication_app_secrets SET expires_at = {{now}} + $2 WHERE app_id = $1 AND expires_at IS NULL AND ` + live)

	t.rotateSecretIn = db.SQL(`
INSERT INTO authentication_app_secrets (hash, app_id, last_four, created_at)
SELECT $2, a.id, $3, {{now}} FROM authentication_apps a WHERE a.id = $1 AND a.revoked_at IS NULL`)

	t.findApp = db.SQL(appRows("authentication_apps") + ` WHERE a.id = $1 ORDER BY s.expires_at IS NULL DESC`)

	t.listApps = db.SQL(appRows(`(
  SELECT * FROM authentication_apps WHERE (lower(name), name, id) > ($1, $2, $3) ORDER BY lower(name), name, id LIMIT $4)`) + `
ORDER BY lower(a.name), a.name, a.id, s.expires_at IS NULL DESC`)

	t.revokeApp = db.SQL(`UPDATE authentication_apps SET revoked_at = COALESCE(revoked_at, {{now}}) WHERE id = $1`)

	t.vouch = db.SQL(`
SELECT ` + userColumns + `, a.id, COALESCE(a.workspace_id, ''), ` + due + `
FROM authentication_app_secrets s JOIN authentication_apps a ON a.id = s.app_id JOIN users u ON u.id = ` + userBySpelling("$1", "$2") + `
WHERE s.hash = $3 AND (s.expires_at IS NULL OR s.expires_at > {{now}}) AND a.revoked_at IS NULL AND NOT u.disabled
  AND (a.workspace_id IS NULL OR EXISTS (
    SELECT 1 FROM memberships m WHERE m.user_id = u.id AND m.workspace_id = a.workspace_id))`)

	t.touchApp = db.SQL(`UPDATE authentication_apps SET last_used_at = {{now}} WHERE id = $1 AND ` + due)

	t.seedApp = db.SQL(`INSERT INTO authentication_apps (id, name, created_at) VALUES ($1, $2, {{now}}) ON CONFLICT DO NOTHING`)

	// Not after an operator has rotated it: the app then has another current secret.
	t.seedAppSecret = db.SQL(`
INSERT INTO authentication_app_secrets (hash, app_id, last_four, created_at)
SELECT $2, a.id, $3, {{now}} FROM authentication_apps a WHERE a.id = $1
ON CONFLICT DO NOTHING`)
}
