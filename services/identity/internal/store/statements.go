package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// statements are the store's SQL, one text for both engines.
type statements struct {
	findRecord, findUser, findUsers         string
	workspaces, membership                  string
	seedUser, seedWorkspace, seedMembership string
}

// prepare expands every statement once.
func prepare(db *sqldb.DB) statements {
	t := portable()
	for _, text := range []*string{
		&t.findRecord, &t.findUser, &t.findUsers, &t.workspaces, &t.membership, &t.seedUser, &t.seedWorkspace, &t.seedMembership,
	} {
		*text = db.SQL(*text)
	}
	return t
}

// userColumns are account.User, in the order of userDest.
const userColumns = `u.id, u.email_address, u.first_name, u.last_name, u.display_name, u.disabled`

// memberships are account.Membership of one enabled user, in the order of membershipDest.
const memberships = `
SELECT m.user_id, w.id, w.name, w.plan, m.role
FROM memberships m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id
WHERE m.user_id = $1 AND NOT u.disabled`

func portable() statements {
	return statements{
		findRecord: `SELECT ` + userColumns + `, u.password_hash FROM users u WHERE u.email_address = $1`,

		findUsers: `SELECT ` + userColumns + ` FROM users u WHERE u.id = ANY($1::text[])`,

		findUser: `SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`,

		// Names are ordered alike on both engines: their collation is by bytes, where lower knows ASCII alone.
		workspaces: memberships + ` ORDER BY lower(w.name), w.name, w.id`,

		membership: memberships + ` AND m.workspace_id = $2`,

		seedUser: `
INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, {{now}}) ON CONFLICT DO NOTHING`,

		seedWorkspace: `
INSERT INTO workspaces (id, name, plan, created_at) VALUES ($1, $2, $3, {{now}}) ON CONFLICT DO NOTHING`,

		// A user who was not added, because somebody else has the address, has no membership either.
		seedMembership: `
INSERT INTO memberships (user_id, workspace_id, role, created_at)
SELECT u.id, w.id, $3, {{now}} FROM users u, workspaces w WHERE u.id = $1 AND w.id = $2
ON CONFLICT DO NOTHING`,
	}
}
