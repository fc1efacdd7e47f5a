package store

import "strings"

// A subject is what access hangs on and is revoked by: its row in revoked_subjects decides for
// everything below it. The columns are those of families and user_tokens, %s their table; the
// identifier of a user has no "/".
//
// Which subjects decide on what:
//
//	a grant          grantsOf, member, client, pair
//	a code in flight grantsOf, codesOf, client; and the pair's epoch, which the pair's revocation moves
//	a user token     tokensOf, member, authenticationApp
const (
	grantsOf          = `'grants/' || %s.user_id`
	codesOf           = `'codes/' || %s.user_id`
	tokensOf          = `'tokens/' || %s.user_id` //nolint:gosec // SQL, and no credential
	member            = `'member/' || %s.user_id || '/' || %s.workspace_id`
	client            = `'client/' || %s.client_id`
	pairOf            = `'pair/' || %s.user_id || '/' || %s.client_id`
	authenticationApp = `'app/' || %s.app_id`
)

// The same as values.
func grantsOfUser(userID string) string           { return "grants/" + userID }
func codesOfUser(userID string) string            { return "codes/" + userID }
func tokensOfUser(userID string) string           { return "tokens/" + userID }
func memberOf(userID, workspaceID string) string  { return "member/" + userID + "/" + workspaceID }
func grantsOfClient(clientID string) string       { return "client/" + clientID }
func grantsOfPair(userID, clientID string) string { return "pair/" + userID + "/" + clientID }
func tokensOfApp(appID string) string             { return "app/" + appID }

// liveGrant is true of a family, in SQL, that is not revoked: neither by itself nor with what it
// hangs on. Every statement that reads or changes a live family has it. It probes one primary key
// four times.
func liveGrant(table string) string {
	return table + `.revoked_at IS NULL AND NOT ` + revokedGrant(table)
}

// revokedGrant is true of a family of which a subject was revoked after its birth.
func revokedGrant(table string) string {
	return bornBefore(table, "created_at", "", grantsOf, member, client, pairOf)
}

// sweptGrant is revokedGrant for a revocation that is over by the microseconds of a parameter.
func sweptGrant(table, age string) string {
	return bornBefore(table, "created_at", ` AND r.revoked_at + `+age+` < {{now}}`, grantsOf, member, client, pairOf)
}

// evidenceSpent is true of a family whose spent refresh tokens are no evidence any more: everything
// of its pair has been revoked since its birth, by this release or, as the pair's epoch tells, by
// release 0.1.
func evidenceSpent(table string) string {
	return `(` + bornBefore(table, "created_at", "", grantsOf, client, pairOf) + ` OR EXISTS (
    SELECT 1 FROM pairs p WHERE p.user_id = ` + table + `.user_id AND p.client_id = ` + table + `.client_id
        AND p.epoch - p.lenient_raises > ` + table + `.epoch))`
}

// liveUserToken is liveGrant for a user token; its time is judged apart.
func liveUserToken(table string) string {
	return table + `.ended_at IS NULL AND NOT ` + bornBefore(table, "issued_at", "", tokensOf, member, authenticationApp)
}

// bornBefore is true of a row that was born before the cursor of one of its subjects; one of
// release 0.1, which has no birth, if it was written no later than the subject was revoked. The
// sub-select is a scalar, so that the planner can only probe the primary key for each row, and
// never joins.
func bornBefore(table, writtenAt, and string, subjects ...string) string {
	names := strings.ReplaceAll(strings.Join(subjects, ", "), "%s", table)
	return `((SELECT 1 FROM revoked_subjects r WHERE r.subject IN (` + names + `)
    AND CASE WHEN ` + table + `.born IS NULL THEN r.revoked_at >= ` + table + `.` + writtenAt + ` ELSE r.cursor > ` + table + `.born END` + and + `
    LIMIT 1) IS NOT NULL)`
}
