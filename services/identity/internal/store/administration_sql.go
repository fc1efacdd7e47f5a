package store

// adminStatements are the administration's SQL, one text for both engines.
type adminStatements struct {
	createUser, listUsers, enable, disable, setPassword string
	createWorkspace, listAllWorkspaces, setPlan         string
	addMember, removeMember, members, listMemberships   string
	pageOfMembers                                       string
}

func (t *adminStatements) all() []*string {
	return []*string{
		&t.createUser, &t.listUsers, &t.enable, &t.disable, &t.setPassword, &t.createWorkspace, &t.listAllWorkspaces, &t.setPlan,
		&t.addMember, &t.removeMember, &t.members, &t.listMemberships, &t.pageOfMembers,
	}
}

func administration() adminStatements {
	return adminStatements{ //nolint:gosec // SQL that names the column of passwords holds none
		createUser: `
INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at, address_rules)
VALUES ($1, $2, $3, $4, $5, FALSE, $6, {{now}}, ` + addressRules + `) RETURNING created_at`,

		listUsers: `SELECT ` + userColumns + ` FROM users u WHERE u.email_address > $1 ORDER BY u.email_address LIMIT $2`,

		enable: `UPDATE users SET disabled = FALSE WHERE id = $1`,

		// The epoch invalidates every earlier session permanently: enabling the user does not make
		// them valid again.
		disable: `UPDATE users SET disabled = TRUE, session_epoch = session_epoch + 1 WHERE id = $1`,

		setPassword: `UPDATE users SET password_hash = $2, session_epoch = session_epoch + 1 WHERE id = $1`,

		createWorkspace: `INSERT INTO workspaces (id, name, plan, created_at) VALUES ($1, $2, $3, {{now}})`,

		// $1 to $3 identify the last workspace of the previous page; $1 is its name in lower case.
		listAllWorkspaces: `
SELECT ` + workspaceColumns + ` FROM workspaces w
WHERE (lower(w.name), w.name, w.id) > ($1, $2, $3)` + byName + ` LIMIT $4`,

		setPlan: `UPDATE workspaces SET plan = $2 WHERE id = $1`,

		addMember: `
INSERT INTO memberships (user_id, workspace_id, role, created_at)
SELECT u.id, w.id, $3, {{now}} FROM users u, workspaces w WHERE u.id = $1 AND w.id = $2
ON CONFLICT (user_id, workspace_id) DO UPDATE SET role = excluded.role`,

		removeMember: `DELETE FROM memberships WHERE user_id = $1 AND workspace_id = $2`,

		// A workspace without members yields one empty row; an unknown workspace yields none.
		members: `
SELECT COALESCE(u.id, ''), COALESCE(u.email_address, ''), COALESCE(u.first_name, ''), COALESCE(u.last_name, ''),
  COALESCE(u.display_name, ''), COALESCE(u.disabled, FALSE), u.created_at, COALESCE(u.session_epoch, 0),
  COALESCE(u.language, ''), COALESCE(u.time_zone, ''), COALESCE(m.role, '')
FROM workspaces w LEFT JOIN memberships m ON m.workspace_id = w.id LEFT JOIN users u ON u.id = m.user_id
WHERE w.id = $1 ORDER BY u.email_address`,

		pageOfMembers: `
SELECT ` + userColumns + `, m.role FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.workspace_id = $1 AND u.email_address > $2 ORDER BY u.email_address LIMIT $3`,

		listMemberships: `
SELECT m.user_id, w.id, w.name, w.plan, m.role FROM memberships m JOIN workspaces w ON w.id = m.workspace_id
WHERE m.user_id = $1` + byName,
	}
}
