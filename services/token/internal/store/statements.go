package store

// statements are the store's SQL, one text for both engines.
type statements struct {
	insertFamily, insertFirstAccess             string
	redeemed                                    string
	granted, rotate, insertAccess, spend        string
	refreshLimited, spentFacts                  string
	familyOfRefresh, revokeFamily, revokeAccess string
	atGrantLimit, overGrantLimit, revokeOldest  string
	findAccess, findRefresh, touch              string
	eraseRetries, now                           string
	redeemAtOnce, rotateAtOnce, rotateMany      string
	findManyAccess                              string

	// Of API keys.
	createKey, createFirstKey, listKeys, getKey, findKey, touchKey string
	revokeKey, keyExists, originalKey, replaceKey, lockWorkspace   string

	// Of user tokens.
	ensureMark, lockMarks, issueUserToken, userTokenHolder                 string
	replaceUserToken, succeedUserToken, logoutUserToken, validateUserToken string

	// Of the revocation of subjects.
	revokeSubject, incrementMark, lockPair, setPairEpoch, raisePairEpoch string
	lockPairs, raisePairs                                                string
	// Steps that update a bounded number of rows for processes of release 0.1. They are empty on SQLite,
	// whose file has one process: run them by execAll.
	legacyRevokePair, legacyRevokeUserClientInWorkspace, legacyRevokeUser, legacyRevokeMember, legacyRevokeClient string
	legacyRevokeUserTokens, legacyRevokeMemberTokens, legacyRevokeAppTokens                                       string
	legacyRaisePairsOfUser, legacyRaisePairsOfClient, legacyRaiseCodesOfUser                                      string

	// Of user-clients, which are the rows of the table pairs.
	pairEpochs, pairGrants, ensurePair, carryPair, connections, pairRevocations string
	raisePolicy                                                                 string
	// Of a client in a workspace.
	workspaceClients, workspaceClientUsers string
	grantedWorkspaces                      string

	// Of the lists and counts for operators.
	listGrantsOfUser, listGrantsOfClient                   string
	countOfUser, countOfClient, countOfPair, countOfMember string
	countUserTokens, countMemberTokens, countAppTokens     string

	// Of the causes of refusals.
	explainRefresh, explainRedemption string

	// Of single grants.
	listInstallations, installationBelongs string

	// Of IssueService.
	servicePair, serviceFamily, serviceNoted, serviceAccess, serviceAtOnce string

	// Of the keys that sign ID tokens, and the secrets beside them.
	signingKeys, addSigningKey, eraseSigningKey, deleteSigningKey, resealSigningKey string
	addSecret, storedSecret, resealSecret, userOfSubject                            string

	// Of logout tokens.
	logoutPosition, setLogoutPosition, logoutSessions, clientsWithSessions, browserSessions, addLogout string
	claimLogouts, finishLogout, abandonLogout, postponeLogout                                          string
	listLogouts, listAllLogouts, eraseLogouts                                                          string
}

// all returns every statement of portable, for prepare.
func (s *statements) all() []*string {
	return []*string{
		&s.insertFamily, &s.insertFirstAccess, &s.redeemed, &s.granted, &s.rotate, &s.insertAccess,
		&s.spend, &s.refreshLimited, &s.spentFacts, &s.familyOfRefresh, &s.revokeFamily, &s.revokeAccess,
		&s.atGrantLimit, &s.overGrantLimit, &s.revokeOldest, &s.findAccess, &s.findRefresh, &s.touch,
		&s.eraseRetries, &s.now, &s.redeemAtOnce, &s.rotateAtOnce, &s.rotateMany, &s.findManyAccess,
	}
}

// codeStands is true while no subject of a pending code was revoked since its consent, in the
// parameters of insertFamily. The revocation of a user-client changes its epoch instead.
const codeStands = `(SELECT 1 FROM revoked_subjects r
    WHERE r.subject IN ('grants/' || $2, 'codes/' || $2, 'client/' || $3) AND r.cursor > $7 LIMIT 1) IS NULL`

// atGrantLimit is true where one more grant would exceed the parameter limit; $2 to $4 are
// insertFamily's. The number of rows that it skips is bounded by the limit.
func atGrantLimit(limit string) string {
	return `(SELECT 1 FROM families WHERE user_id = $2 AND client_id = $3 AND workspace_id = $4 AND revoked_at IS NULL
    LIMIT 1 OFFSET ` + limit + `) IS NOT NULL`
}

// accessResources are the resources of an access token a of a family f.
const accessResources = `CASE WHEN a.resources = '' THEN f.resources ELSE a.resources END`

// hasKey is true where the key $3 may use the current token of a family f.
const hasKey = `(f.refresh_jkt = '' OR f.refresh_jkt = $3)`

// portable is the SQL before {{now}} and the lock clauses are expanded. Parameters of one pipeline
// that mean the same carry the same number wherever the statement allows it.
var portable = statements{
	// The row of pairs stays share-locked until the commit, against concurrent revocations by
	// release 0.1. A revocation by this release needs no lock: a family that did not see it was
	// born before it.
	insertFamily: insertFamily("(SELECT 1 AS held FROM pairs WHERE user_id = $2 AND client_id = $3 AND epoch = $7 {{for share}}) AS pair"),

	insertFirstAccess: `
INSERT INTO access_tokens (hash, family_id, scope, resources, jkt, issued_at, expires_at)
SELECT $1, id, CASE WHEN $6 = '' THEN scope ELSE $6 END, $4, $5, {{now}}, CASE WHEN {{now}} + $2 < expires_at THEN {{now}} + $2 ELSE expires_at END
FROM families WHERE refresh_hash = $3`,

	redeemed: `SELECT client_id, redirect_uri, code_challenge, code_jkt FROM families WHERE id = $1`,

	granted: `
SELECT scope, resources FROM families
WHERE refresh_hash = $1 AND client_id = $2 AND refresh_expires_at > {{now}} AND ` + liveGrant("families"),

	// No token outlives its family. The steady rate is one refresh per $8; a family that is ahead
	// of it by more than $9 waits.
	rotate: `
UPDATE families SET refresh_hash = $1, refresh_issued_at = {{now}},
    refresh_expires_at = CASE WHEN {{now}} + $2 < expires_at THEN {{now}} + $2 ELSE expires_at END,
    last_used_at = {{now}}, retry_hash = $3, retry_sealed = $4, retry_until = {{now}} + $5,
    refresh_due = CASE WHEN refresh_due > {{now}} THEN refresh_due ELSE {{now}} END + $8,
    bound_later = bound_later OR refresh_jkt = '' AND $11 <> '',
    refresh_jkt = CASE WHEN $11 = '' THEN refresh_jkt ELSE $11 END
WHERE refresh_hash = $6 AND client_id = $7 AND refresh_expires_at > {{now}} AND (refresh_jkt = '' OR refresh_jkt = $10)
    AND (refresh_due IS NULL OR refresh_due <= {{now}} + $9) AND ` + liveGrant("families") + `
RETURNING scope, expires_at - {{now}}, ` + identityColumns("families"),

	refreshLimited: `
SELECT refresh_due - {{now}} - $3 FROM families
WHERE refresh_hash = $1 AND client_id = $2 AND refresh_expires_at > {{now}} AND refresh_due > {{now}} + $3 AND ` + liveGrant("families"),

	insertAccess: `
INSERT INTO access_tokens (hash, family_id, scope, resources, jkt, issued_at, expires_at)
SELECT $1, id, CASE WHEN $2 = '' THEN scope ELSE $2 END, $5, $6, {{now}},
    CASE WHEN {{now}} + $3 < expires_at THEN {{now}} + $3 ELSE expires_at END
FROM families WHERE refresh_hash = $4`,

	// Evidence is kept for as long as the spent token could have lived. A token that stays is not spent.
	spend: `
INSERT INTO spent_refresh_tokens (hash, family_id, expires_at)
SELECT $1, id, {{now}} + $2 FROM families WHERE refresh_hash = $3 AND $1 <> $3`,

	// The columns of the family that it reads never change, except the retry columns and the key's; evidence
	// that is spent stays spent. A token that is bound to another key than the presented one is not found:
	// a thief without the key gets no successor, and revokes nothing. Of a family that a refresh bound to a
	// key, the tokens before that were not bound: each that is presented without the key is a reuse, since
	// the key may be a thief's.
	spentFacts: `
SELECT f.id, f.client_id, f.scope, f.resources, f.expires_at - f.refresh_issued_at, ` + identityColumns("f") + `,
    CASE WHEN f.retry_hash = $1 AND f.retry_until > {{now}} AND ` + hasKey + ` AND ` + liveGrant("f") + ` THEN f.retry_sealed END, ` + evidenceSpent("f") + `,
    f.revoked_at IS NOT NULL
FROM (SELECT family_id FROM spent_refresh_tokens WHERE hash = $1 AND expires_at > {{now}} LIMIT 1) AS s
JOIN families f ON f.id = s.family_id
WHERE f.client_id = $2 AND (` + hasKey + ` OR f.bound_later)`,

	familyOfRefresh: `
SELECT id FROM families WHERE refresh_hash = $1
UNION ALL SELECT family_id FROM spent_refresh_tokens WHERE hash = $1 AND expires_at > {{now}}`,

	revokeFamily: `
UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE id = $1 AND ($2 = '' OR client_id = $2) AND ` + liveGrant("families") + ` RETURNING user_id, client_id, epoch, workspace_id`,

	revokeAccess: `
UPDATE access_tokens SET revoked_at = {{now}}
WHERE hash = $1 AND revoked_at IS NULL AND expires_at > {{now}}
    AND ($2 = '' OR EXISTS (SELECT 1 FROM families f WHERE f.id = access_tokens.family_id AND f.client_id = $2))
RETURNING family_id,
    (SELECT f.user_id FROM families f WHERE f.id = access_tokens.family_id),
    (SELECT f.client_id FROM families f WHERE f.id = access_tokens.family_id),
    (SELECT f.epoch FROM families f WHERE f.id = access_tokens.family_id),
    (SELECT f.workspace_id FROM families f WHERE f.id = access_tokens.family_id)`,

	// $1 is the limit, and the new grant is there already.
	atGrantLimit: `SELECT ` + atGrantLimit("$1"),

	overGrantLimit: `
SELECT id FROM families WHERE user_id = $1 AND client_id = $2 AND workspace_id = $3 AND revoked_at IS NULL
ORDER BY created_at DESC LIMIT $5 OFFSET $4`,

	// A grant that was revoked by subject gets revoked_at too, so that it is not found again.
	revokeOldest: `
UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE id = $1 AND revoked_at IS NULL RETURNING user_id, client_id, epoch, ` + revokedGrant("families"),

	// The LIMIT keeps the planner from starting at the families, which looks cheap to it while they
	// are few.
	findAccess: `
SELECT f.id, f.user_id, f.subject, f.client_id, f.workspace_id, f.display_name, a.scope, ` + accessResources + `, a.jkt,
    a.issued_at, a.expires_at, a.expires_at - {{now}}, f.last_used_at + 60000000 < {{now}}
FROM (
    SELECT family_id, scope, resources, jkt, issued_at, expires_at FROM access_tokens
    WHERE hash = $1 AND expires_at > {{now}} AND revoked_at IS NULL LIMIT 1
) AS a JOIN families f ON f.id = a.family_id
WHERE ` + liveGrant("f"),

	findRefresh: `
SELECT id, user_id, subject, client_id, workspace_id, display_name, scope, resources, refresh_jkt, refresh_issued_at, refresh_expires_at, refresh_expires_at - {{now}}, false
FROM families WHERE refresh_hash = $1 AND refresh_expires_at > {{now}} AND ` + liveGrant("families"),

	touch: `UPDATE families SET last_used_at = {{now}} WHERE id = $1 AND last_used_at + 60000000 < {{now}}`,

	// SKIP LOCKED: cleanup never waits for a row while it holds others, so it cannot deadlock with
	// a rotation. The next run erases the skipped rows.
	eraseRetries: `
UPDATE families SET retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE id IN (SELECT id FROM families WHERE retry_until <= {{now}} LIMIT $1 {{skip locked}})`,

	redeemAtOnce: redeemAtOnce(),
	rotateAtOnce: rotateAtOnce(),
	rotateMany:   rotateMany(),

	findManyAccess: findManyAccess(),

	now: `SELECT {{now}}`,
}
