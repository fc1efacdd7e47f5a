package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// prepareAdministration sets the statements of the administration.
func (t *statements) prepareAdministration(db *sqldb.DB) {
	t.createUser = db.SQL(`
INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at, address_rules)
VALUES ($1, $2, $3, $4, $5, FALSE, $6, {{now}}, ` + addressRules + `) RETURNING created_at`)

	t.listUsers = db.SQL(`SELECT ` + userColumns + ` FROM users u WHERE u.email_address > $1 ORDER BY u.email_address LIMIT $2`)

	t.enableUser = db.SQL(`UPDATE users SET disabled = FALSE WHERE id = $1`)

	// The epoch invalidates every earlier session permanently: enabling the user does not make
	// them valid again.
	t.disableUser = db.SQL(`UPDATE users SET disabled = TRUE, session_epoch = session_epoch + 1 WHERE id = $1`)

	t.setPassword = db.SQL(`UPDATE users SET password_hash = $2, session_epoch = session_epoch + 1 WHERE id = $1`)

	t.createWorkspace = db.SQL(`INSERT INTO workspaces (id, name, plan, created_at) VALUES ($1, $2, $3, {{now}})`)

	// $1 to $3 identify the last workspace of the previous page; $1 is its name in lower case.
	t.listAllWorkspaces = db.SQL(`
SELECT ` + workspaceColumns + ` FROM workspaces w
WHERE (lower(w.name), w.name, w.id) > ($1, $2, $3)` + byName + ` LIMIT $4`)

	t.setPlan = db.SQL(`UPDATE workspaces SET plan = $2 WHERE id = $1`)

	t.addMember = db.SQL(`
INSERT INTO memberships (user_id, workspace_id, role, created_at)
SELECT u.id, w.id, $3, {{now}} FROM users u, workspaces w WHERE u.id = $1 AND w.id = $2
ON CONFLICT (user_id, workspace_id) DO UPDATE SET role = excluded.role`)

	t.removeMember = db.SQL(`DELETE FROM memberships WHERE user_id = $1 AND workspace_id = $2`)

	t.pageOfMembers = db.SQL(`
SELECT ` + userColumns + `, m.role FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.workspace_id = $1 AND u.email_address > $2 ORDER BY u.email_address LIMIT $3`)

	t.listMemberships = db.SQL(`
SELECT m.user_id, w.id, w.name, w.plan, m.role FROM memberships m JOIN workspaces w ON w.id = m.workspace_id
WHERE m.user_id = $1` + byName)
}
