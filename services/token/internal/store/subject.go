package store

import "strings"

// A subject is a key by which grants, pending codes and user tokens are revoked together: one row
// in revoked_subjects revokes all of them. The columns are those of families and user_tokens, %s
// their table; the identifier of a user has no "/".
//
// The subjects of each kind of credential:
//
//	a grant          grantsOf, member, client, pairOf, userClientInWorkspace
//	a code in flight grantsOf, codesOf, client; and the pair's epoch, which the pair's revocation moves
//	a user token     tokensOf, member, authenticationApp
const (
	grantsOf = `'grants/' || %s.user_id`
	codesOf  = `'codes/' || %s.user_id`
	tokensOf = `'tokens/' || %s.user_id` //nolint:gosec // SQL, and no credential
	member   = `'member/' || %s.user_id || '/' || %s.workspace_id`
	client   = `'client/' || %s.client_id`
	pairOf   = `'pair/' || %s.user_id || '/' || %s.client_id`
	// userClientInWorkspace is a user-client in one workspace, whose stored form begins with the word
	// of release 0.1. The client comes last, since its identifier may have "/".
	userClientInWorkspace = `'connection/' || %s.user_id || '/' || %s.workspace_id || '/' || %s.client_id`
	authenticationApp     = `'app/' || %s.app_id`
)

// The same keys as Go values.
func grantsOfUser(userID string) string           { return "grants/" + userID }
func codesOfUser(userID string) string            { return "codes/" + userID }
func tokensOfUser(userID string) string           { return "tokens/" + userID }
func memberOf(userID, workspaceID string) string  { return "member/" + userID + "/" + workspaceID }
func grantsOfClient(clientID string) string       { return "client/" + clientID }
func grantsOfPair(userID, clientID string) string { return "pair/" + userID + "/" + clientID }
func grantsOfUserClientInWorkspace(userID, workspaceID, clientID string) string {
	return "connection/" + userID + "/" + workspaceID + "/" + clientID
}
func grantsOfUserClientsInWorkspaces(userID string) string { return "connection/" + userID + "/" }
func tokensOfApp(appID string) string                      { return "app/" + appID }

// liveGrant is the SQL condition for a family that is not revoked, neither by itself nor by a
// subject. Every statement that reads or changes a live family has it. It looks up one primary key
// five times.
func liveGrant(table string) string {
	return table + `.revoked_at IS NULL AND NOT ` + revokedGrant(table)
}

// revokedGrant is the SQL condition for a family of which a subject was revoked after it was born.
func revokedGrant(table string) string {
	return bornBefore(table, "created_at", "", grantsOf, member, client, pairOf, userClientInWorkspace)
}

// sweptGrant is revokedGrant for a revocation that is older than age, a parameter in microseconds.
func sweptGrant(table, age string) string {
	return bornBefore(table, "created_at", ` AND r.revoked_at + `+age+` < {{now}}`, grantsOf, member, client, pairOf, userClientInWorkspace)
}

// evidenceSpent is the SQL condition for a family whose spent refresh tokens are not evidence of
// reuse any more: its user-client was revoked after the family was born, by this release or,
// according to the epoch in pairs, by release 0.1.
func evidenceSpent(table string) string {
	return `(` + bornBefore(table, "created_at", "", grantsOf, client, pairOf) + ` OR EXISTS (
    SELECT 1 FROM pairs p WHERE p.user_id = ` + table + `.user_id AND p.client_id = ` + table + `.client_id
        AND p.epoch - p.lenient_raises > ` + table + `.epoch))`
}

// liveUserToken is liveGrant for a user token; its expiry is checked separately.
func liveUserToken(table string) string {
	return table + `.ended_at IS NULL AND NOT ` + bornBefore(table, "issued_at", "", tokensOf, member, authenticationApp)
}

// bornBefore is the SQL condition for a row that was born before the cursor of one of its subjects.
// For a row of release 0.1, whose column born is NULL, it compares the time of writing with the
// time of the revocation. The sub-select is a scalar, so that the planner looks up the primary key
// for each row, and never joins.
func bornBefore(table, writtenAt, and string, subjects ...string) string {
	names := strings.ReplaceAll(strings.Join(subjects, ", "), "%s", table)
	return `((SELECT 1 FROM revoked_subjects r WHERE r.subject IN (` + names + `)
    AND CASE WHEN ` + table + `.born IS NULL THEN r.revoked_at >= ` + table + `.` + writtenAt + ` ELSE r.cursor > ` + table + `.born END` + and + `
    LIMIT 1) IS NOT NULL)`
}
