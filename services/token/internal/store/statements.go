package store

// statements are the store's SQL, one text for both engines.
type statements struct {
	ensurePair, insertFamily, insertFirstAccess string
	redeemed                                    string
	grantedScope, rotate, insertAccess, spend   string
	spentFacts, raisePair, endPair, endFamilies string
	familyOfRefresh, endFamily, endAccess       string
	nextCursor, appendEntry, entriesAfter       string
	logBounds                                   string
	findAccess, findRefresh, touch              string
	pairEpoch, connections, eraseRetries        string
	lockPair                                    string
	now, trimLog                                string
	redeemWhole, rotateWhole, rotateMany        string
	findManyAccess                              string
}

// all lists every text, for prepare.
func (s *statements) all() []*string {
	return []*string{
		&s.ensurePair, &s.insertFamily, &s.insertFirstAccess, &s.redeemed, &s.grantedScope, &s.rotate, &s.insertAccess,
		&s.spend, &s.spentFacts, &s.raisePair, &s.endPair, &s.endFamilies, &s.familyOfRefresh, &s.endFamily, &s.endAccess,
		&s.nextCursor, &s.appendEntry, &s.entriesAfter, &s.logBounds, &s.findAccess, &s.findRefresh, &s.touch, &s.pairEpoch,
		&s.connections, &s.eraseRetries, &s.now, &s.trimLog,
		&s.redeemWhole, &s.rotateWhole, &s.rotateMany, &s.findManyAccess, &s.lockPair,
	}
}

// portable is the text before {{now}} and the lock clauses are filled in. Parameters of one pipeline that mean the same
// carry the same number wherever the statement allows it.
var portable = statements{
	ensurePair: `INSERT INTO pairs (user_id, client_id, epoch) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,

	// The pair's row stays shared-locked until the commit: a revocation of the pair waits for it, or it for the revocation.
	insertFamily: `
INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, {{now}}, {{now}} + $10, $11, {{now}}, {{now}} + $12, {{now}}
FROM (SELECT 1 AS held FROM pairs WHERE user_id = $2 AND client_id = $3 AND epoch = $7 {{for share}}) AS pair
WHERE true
ON CONFLICT DO NOTHING`,

	insertFirstAccess: `
INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at)
SELECT $1, id, scope, {{now}}, CASE WHEN {{now}} + $2 < expires_at THEN {{now}} + $2 ELSE expires_at END
FROM families WHERE refresh_hash = $3`,

	redeemed: `SELECT client_id, redirect_uri, code_challenge FROM families WHERE id = $1`,

	grantedScope: `
SELECT scope FROM families
WHERE refresh_hash = $1 AND client_id = $2 AND revoked_at IS NULL AND refresh_expires_at > {{now}}`,

	// No token outlives its family.
	rotate: `
UPDATE families SET refresh_hash = $1, refresh_issued_at = {{now}},
    refresh_expires_at = CASE WHEN {{now}} + $2 < expires_at THEN {{now}} + $2 ELSE expires_at END,
    last_used_at = {{now}}, retry_hash = $3, retry_sealed = $4, retry_until = {{now}} + $5
WHERE refresh_hash = $6 AND client_id = $7 AND revoked_at IS NULL AND refresh_expires_at > {{now}}
RETURNING scope, expires_at - {{now}}`,

	insertAccess: `
INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at)
SELECT $1, id, CASE WHEN $2 = '' THEN scope ELSE $2 END, {{now}},
    CASE WHEN {{now}} + $3 < expires_at THEN {{now}} + $3 ELSE expires_at END
FROM families WHERE refresh_hash = $4`,

	// Evidence lives as long as the spent token could have.
	spend: `
INSERT INTO spent_refresh_tokens (hash, family_id, expires_at)
SELECT $1, id, {{now}} + $2 FROM families WHERE refresh_hash = $3`,

	// All but the retry columns never changes.
	spentFacts: `
SELECT f.id, f.user_id, f.client_id, f.scope, f.expires_at - f.refresh_issued_at,
    CASE WHEN f.retry_hash = $1 AND f.retry_until > {{now}} AND f.revoked_at IS NULL THEN f.retry_sealed END
FROM (SELECT family_id FROM spent_refresh_tokens WHERE hash = $1 AND expires_at > {{now}} LIMIT 1) AS s
JOIN families f ON f.id = s.family_id
WHERE f.client_id = $2`,

	// Raising only from the family's own epoch makes one theft one revocation, however many copies arrive.
	// The family's epoch is read once the pair is held (see lockPair), so that it cannot be moved on in between.
	raisePair: `
UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0
WHERE user_id = $1 AND client_id = $2 AND epoch = (SELECT f.epoch FROM families f WHERE f.id = $3) RETURNING epoch`,

	lockPair: `SELECT epoch FROM pairs WHERE user_id = $1 AND client_id = $2 {{for update}}`,

	endPair: `
INSERT INTO pairs (user_id, client_id, epoch) VALUES ($1, $2, 1)
ON CONFLICT (user_id, client_id) DO UPDATE SET epoch = pairs.epoch + 1, lenient_raises = 0 RETURNING epoch`,

	endFamilies: `
UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL`,

	familyOfRefresh: `
SELECT id FROM families WHERE refresh_hash = $1
UNION ALL SELECT family_id FROM spent_refresh_tokens WHERE hash = $1 AND expires_at > {{now}}`,

	endFamily: `
UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE id = $1 AND revoked_at IS NULL AND ($2 = '' OR client_id = $2) RETURNING user_id, client_id, epoch`,

	endAccess: `
UPDATE access_tokens SET revoked_at = {{now}}
WHERE hash = $1 AND revoked_at IS NULL AND expires_at > {{now}}
    AND ($2 = '' OR EXISTS (SELECT 1 FROM families f WHERE f.id = access_tokens.family_id AND f.client_id = $2))
RETURNING family_id,
    (SELECT f.user_id FROM families f WHERE f.id = access_tokens.family_id),
    (SELECT f.client_id FROM families f WHERE f.id = access_tokens.family_id),
    (SELECT f.epoch FROM families f WHERE f.id = access_tokens.family_id)`,

	nextCursor: `UPDATE revocation_head SET cursor = cursor + 1 WHERE id = 1`,

	appendEntry: `
INSERT INTO revocations (cursor, kind, reason, token_hash, family_id, user_id, client_id, workspace_id, epoch, revoked_at)
SELECT cursor, $1, $2, $3, $4, $5, $6, $7, $8, {{now}} FROM revocation_head WHERE id = 1`,

	entriesAfter: `
SELECT cursor, kind, reason, token_hash, family_id, user_id, client_id, workspace_id, epoch, revoked_at, {{now}} - revoked_at
FROM revocations WHERE cursor > $1 ORDER BY cursor LIMIT $2`,

	logBounds: `
SELECT cursor, COALESCE((SELECT MIN(r.cursor) FROM revocations r), cursor + 1) FROM revocation_head WHERE id = 1`,

	// The LIMIT keeps the planner from beginning at the families, which looks cheap to it while they are few.
	findAccess: `
SELECT f.id, f.user_id, f.client_id, f.workspace_id, f.display_name, a.scope, a.issued_at, a.expires_at, a.expires_at - {{now}},
    f.last_used_at + 60000000 < {{now}}
FROM (
    SELECT family_id, scope, issued_at, expires_at FROM access_tokens
    WHERE hash = $1 AND expires_at > {{now}} AND revoked_at IS NULL LIMIT 1
) AS a JOIN families f ON f.id = a.family_id
WHERE f.revoked_at IS NULL`,

	findRefresh: `
SELECT id, user_id, client_id, workspace_id, display_name, scope, refresh_issued_at, refresh_expires_at, refresh_expires_at - {{now}}, false
FROM families WHERE refresh_hash = $1 AND refresh_expires_at > {{now}} AND revoked_at IS NULL`,

	touch: `UPDATE families SET last_used_at = {{now}} WHERE id = $1 AND last_used_at + 60000000 < {{now}}`,

	pairEpoch: `SELECT epoch FROM pairs WHERE user_id = $1 AND client_id = $2`,

	// A pair whose consent page was shown and no more is none.
	connections: `
SELECT p.client_id, p.epoch, p.lenient_raises, MAX(f.last_used_at)
FROM pairs p LEFT JOIN families f ON f.user_id = p.user_id AND f.client_id = p.client_id
WHERE p.user_id = $1 GROUP BY p.client_id, p.epoch, p.lenient_raises HAVING p.epoch > 0 OR COUNT(f.last_used_at) > 0`,

	// What somebody holds is left for the next time: who waits while holding others is who deadlocks.
	eraseRetries: `
UPDATE families SET retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE id IN (SELECT id FROM families WHERE retry_until <= {{now}} LIMIT $1 {{skip locked}})`,

	redeemWhole: redeemWhole,
	rotateWhole: rotateWhole,
	rotateMany:  rotateMany,

	findManyAccess: findManyAccess,

	now: `SELECT {{now}}`,

	// The oldest are looked at and no more, so that a log with nothing to trim costs nothing.
	trimLog: `
DELETE FROM revocations WHERE cursor IN (
    SELECT cursor FROM (SELECT cursor, revoked_at FROM revocations ORDER BY cursor LIMIT $2) AS oldest
    WHERE revoked_at + $1 < {{now}})`,
}
