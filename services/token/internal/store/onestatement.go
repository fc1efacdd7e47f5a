package store

// On PostgreSQL the most frequent operations are one statement each, which costs the server half of
// the separate steps that SQLite runs in rotate.go and redeem.go. Such a statement returns no
// reason when it does nothing: a later statement finds it.

// redeemAtOnce is insertFamily, insertFirstAccess and atGrantLimit in one statement.
func redeemAtOnce() string {
	return `
WITH pair AS (
    SELECT 1 AS held FROM pairs WHERE user_id = $2 AND client_id = $3 AND epoch = $7 FOR SHARE
), family AS (` + insertFamily("pair") + `
    RETURNING id, scope, expires_at
), access AS (
    INSERT INTO access_tokens (hash, family_id, scope, resources, jkt, issued_at, expires_at)
    SELECT ` + afterFamily(1) + `, id, CASE WHEN ` + afterFamily(6) + ` = '' THEN scope ELSE ` + afterFamily(6) + ` END, ` + afterFamily(4) + `, ` + afterFamily(5) + `, {{now}}, LEAST({{now}} + ` + afterFamily(2) + `, expires_at) FROM family
)
SELECT ` + atGrantLimit(afterFamily(3)) + ` FROM family`
}

// rotateAtOnce is rotate, insertAccess and spend in one statement. It does not read why it rotates nothing:
// where it waited for a lock it would read that from before the wait.
func rotateAtOnce() string {
	return `
WITH family AS (
    UPDATE families SET refresh_hash = $1, refresh_issued_at = {{now}},
        refresh_expires_at = LEAST({{now}} + $2, expires_at),
        last_used_at = {{now}}, retry_hash = $3, retry_sealed = $4, retry_until = {{now}} + $5,
        refresh_due = GREATEST(refresh_due, {{now}}) + $11,
        bound_later = bound_later OR refresh_jkt = '' AND $15 <> '',
        refresh_jkt = CASE WHEN $15 = '' THEN refresh_jkt ELSE $15 END
    WHERE refresh_hash = $6 AND client_id = $7 AND refresh_expires_at > {{now}} AND (refresh_jkt = '' OR refresh_jkt = $14)
        AND (refresh_due IS NULL OR refresh_due <= {{now}} + $12) AND ` + liveGrant("families") + `
    RETURNING id, scope, expires_at, user_id, workspace_id, subject, auth_time, sid
), access AS (
    INSERT INTO access_tokens (hash, family_id, scope, resources, jkt, issued_at, expires_at)
    SELECT $8, id, CASE WHEN $9 = '' THEN scope ELSE $9 END, $13, $14, {{now}}, LEAST({{now}} + $10, expires_at) FROM family
), spent AS (
    INSERT INTO spent_refresh_tokens (hash, family_id, expires_at) SELECT $6, id, {{now}} + $2 FROM family WHERE $1 <> $6
)
SELECT scope, expires_at - {{now}}, ` + identityColumns("family") + ` FROM family`
}

// rotateMany is rotateAtOnce for concurrent rotations: one commit for all. It skips every family
// that another transaction has locked: waiting for it while holding others, in another order, could
// deadlock. Of two rotations of the same token one succeeds: the one whose access token is in the
// result. A skipped rotation runs alone.
func rotateMany() string {
	return `
WITH asked AS (
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bytea[], $5::text[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[],
            $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[])
        AS a(predecessor, successor, client_id, access, narrowed, sealed, refresh_life, access_life, retry_window, step, slack, resources, jkt, bind)
), held AS MATERIALIZED (
    SELECT f.id FROM families f WHERE f.refresh_hash = ANY ($1::bytea[]) FOR UPDATE SKIP LOCKED
), family AS (
    UPDATE families f SET refresh_hash = a.successor, refresh_issued_at = {{now}},
        refresh_expires_at = LEAST({{now}} + a.refresh_life, f.expires_at), last_used_at = {{now}},
        retry_hash = CASE WHEN a.sealed IS NOT NULL THEN a.predecessor END, retry_sealed = a.sealed,
        retry_until = CASE WHEN a.sealed IS NOT NULL THEN {{now}} + a.retry_window END,
        refresh_due = GREATEST(f.refresh_due, {{now}}) + a.step,
        bound_later = f.bound_later OR f.refresh_jkt = '' AND a.bind <> '',
        refresh_jkt = CASE WHEN a.bind = '' THEN f.refresh_jkt ELSE a.bind END
    FROM asked a, held
    WHERE f.id = held.id AND f.refresh_hash = a.predecessor AND f.client_id = a.client_id AND f.refresh_expires_at > {{now}}
        AND (f.refresh_jkt = '' OR f.refresh_jkt = a.jkt)
        AND (f.refresh_due IS NULL OR f.refresh_due <= {{now}} + a.slack) AND ` + liveGrant("f") + `
    RETURNING f.id, f.scope, f.expires_at, a.predecessor, a.successor, a.access, a.narrowed, a.resources AS narrowed_resources, a.refresh_life,
        a.access_life, a.jkt, ` + identityColumns("f") + `
), access AS (
    INSERT INTO access_tokens (hash, family_id, scope, resources, jkt, issued_at, expires_at)
    SELECT access, id, CASE WHEN narrowed = '' THEN scope ELSE narrowed END, narrowed_resources, jkt, {{now}}, LEAST({{now}} + access_life, expires_at) FROM family
), spent AS (
    INSERT INTO spent_refresh_tokens (hash, family_id, expires_at) SELECT predecessor, id, {{now}} + refresh_life FROM family WHERE successor <> predecessor
)
SELECT access, scope, expires_at - {{now}}, ` + identityColumns("family") + ` FROM family`
}

// findManyAccess is findAccess for many tokens: each is read by primary key, independent of the
// planner's estimates of the tables' sizes.
func findManyAccess() string {
	return `
SELECT k.hash, f.id, f.user_id, f.subject, f.client_id, f.workspace_id, f.display_name, a.scope, ` + accessResources + `, a.jkt,
    a.issued_at, a.expires_at, a.expires_at - {{now}}, f.last_used_at + 60000000 < {{now}}
FROM unnest($1::bytea[]) AS k(hash)
CROSS JOIN LATERAL (
    SELECT family_id, scope, resources, jkt, issued_at, expires_at FROM access_tokens
    WHERE hash = k.hash AND expires_at > {{now}} AND revoked_at IS NULL LIMIT 1
) AS a
CROSS JOIN LATERAL (SELECT * FROM families g WHERE g.id = a.family_id AND ` + liveGrant("g") + ` LIMIT 1) AS f`
}
