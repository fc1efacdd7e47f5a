package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// statements are the store's SQL, one text for both engines.
type statements struct {
	findRecord, findUser                    string
	earlierAddresses, respell, replaceHash  string
	workspaces, membership                  string
	batchGetWorkspaces, visible             string
	seedUser, seedWorkspace, seedMembership string

	// Of the administration.
	createUser, listUsers, enableUser, disableUser, setPassword string
	createWorkspace, listAllWorkspaces, setPlan                 string
	addMember, removeMember, listMemberships                    string
	pageOfMembers                                               string

	// Of authentication apps.
	createApp, createAppFor, insertAppSecret                 string
	lockApp, dropOlderSecrets, expireSecrets, rotateSecretIn string
	findApp, listApps, revokeApp, vouch, touchApp            string
	seedApp, seedAppSecret                                   string

	// Of browser sessions.
	beginSession, endSession, endOneSession, endOldest, touchSession string
	listSessions, raiseSessionEpoch, session, sessions               string

	// Of what users see and change in their own accounts.
	updateProfile, changePassword     string
	userExists                        string
	addEvent, addFailures, listEvents string

	// Of the outbox of ended sessions.
	succeedSession, successorOf, endSucceeded, dueSessions, endAgain, removeEnded string
}

// prepare expands every statement once.
func prepare(db *sqldb.DB) (t statements) {
	t.prepareUsers(db)
	t.prepareAdministration(db)
	t.prepareApps(db)
	t.prepareSessions(db)
	t.prepareOwnAccount(db)
	t.prepareEnded(db)
	return t
}

// userColumns are those of account.User, in the order of userDest.
const userColumns = `u.id, u.email_address, u.first_name, u.last_name, u.display_name, u.disabled,
  u.created_at, u.session_epoch, u.language, u.time_zone`

// addressRules are the rules under which an address is stored: the current ones of
// emailaddress.Canonical. Release 0.1 leaves the column NULL.
const addressRules = `1`

// userBySpelling selects the identifier of the user of an account.Spelling, whose forms are two
// parameters. The earlier form finds those that are stored under earlier rules, and they take
// precedence: an account of today's rules has one budget of attempts, under its canonical form, so that
// no other address may find it. A spelling without a canonical form has the budget of the earlier one.
func userBySpelling(canonical, earlier string) string {
	return `(SELECT x.id FROM users x WHERE x.email_address IN (` + canonical + `, ` + earlier + `)
  AND (x.address_rules IS NULL OR ` + canonical + ` IN (x.email_address, ''))
  ORDER BY x.email_address = ` + earlier + ` DESC LIMIT 1)`
}

// workspaceColumns are those of account.Workspace, in the order of workspaceDest.
const workspaceColumns = `w.id, w.name, w.plan`

// byName orders equally on both engines: their collation is by bytes, and lower maps ASCII only.
const byName = ` ORDER BY lower(w.name), w.name, w.id`

// memberships selects account.Membership of one enabled user, in the order of membershipDest.
const memberships = `
SELECT m.user_id, w.id, w.name, w.plan, m.role
FROM memberships m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id
WHERE m.user_id = $1 AND NOT u.disabled`

// prepareUsers sets the statements about users and their memberships.
func (t *statements) prepareUsers(db *sqldb.DB) {
	t.findRecord = db.SQL(`SELECT ` + userColumns + `, u.password_hash FROM users u WHERE u.id = ` + userBySpelling("$1", "$2"))

	t.findUser = db.SQL(`SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`)

	t.workspaces = db.SQL(memberships + byName)

	t.membership = db.SQL(memberships + ` AND m.workspace_id = $2`)

	t.batchGetWorkspaces = db.SQL(`SELECT ` + workspaceColumns + ` FROM workspaces w WHERE w.id ` + db.Among("$1"))

	t.earlierAddresses = db.SQL(`
SELECT ` + userColumns + ` FROM users u WHERE u.address_rules IS NULL AND u.id > $1 ORDER BY u.id LIMIT $2`)

	t.respell = db.SQL(`UPDATE users SET email_address = $3, address_rules = ` + addressRules + ` WHERE id = $1 AND email_address = $2`)

	t.replaceHash = db.SQL(`UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`)

	// $1 asks for the address $3, $4 and may act for the workspace $2 alone, or for all if it
	// is empty. An unknown user and one who may not be seen both yield no rows.
	t.visible = db.SQL(`
SELECT ` + userColumns + `, COALESCE(w.id, ''), COALESCE(w.name, ''), COALESCE(w.plan, ''), COALESCE(m.role, '')
FROM users a JOIN users u ON u.id = ` + userBySpelling("$3", "$4") + `
LEFT JOIN memberships m ON m.user_id = u.id AND ($2 = '' OR m.workspace_id = $2) AND (u.id = a.id OR EXISTS (
  SELECT 1 FROM memberships b WHERE b.user_id = a.id AND b.workspace_id = m.workspace_id AND b.role = 'administrator'))
LEFT JOIN workspaces w ON w.id = m.workspace_id
WHERE a.id = $1 AND NOT a.disabled AND (u.id = a.id OR m.user_id IS NOT NULL)` + byName + ``)

	t.seedUser = db.SQL(`
INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at, address_rules)
VALUES ($1, $2, $3, $4, $5, $6, $7, {{now}}, ` + addressRules + `) ON CONFLICT DO NOTHING`)

	t.seedWorkspace = db.SQL(`
INSERT INTO workspaces (id, name, plan, created_at) VALUES ($1, $2, $3, {{now}}) ON CONFLICT DO NOTHING`)

	// A user who was not added, because another user has the address, gets no membership
	// either.
	t.seedMembership = db.SQL(`
INSERT INTO memberships (user_id, workspace_id, role, created_at)
SELECT u.id, w.id, $3, {{now}} FROM users u, workspaces w WHERE u.id = $1 AND w.id = $2
ON CONFLICT DO NOTHING`)
}
