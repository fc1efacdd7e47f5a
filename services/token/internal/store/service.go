package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// The access tokens that a client gets for itself hang on a family too, whose user is the client
// (oauth.ServiceSubject) and whose refresh token does not exist: so every statement that reads,
// revokes, lists, counts or deletes tokens concerns them without a case of its own. A family serves
// all tokens that a client gets in its workspace with the same registered scope, until its client or
// its subject is revoked.

const (
	// serviceIdle is how long a family stays after its last token was issued: longer than any token
	// lives, so that a job that runs every day keeps its family.
	serviceIdle = 36 * time.Hour
	// serviceNoted is how often the issue of a token is recorded in its family, so that concurrent
	// requests of a client rarely write the same row.
	serviceNoted = time.Minute
	// serviceLife is how long a family serves at most.
	serviceLife = 365 * 24 * time.Hour
)

// prepareService sets the statements of IssueService. serviceAtOnce is all of the others in one
// statement, for PostgreSQL.
func (t *statements) prepareService(db *sqldb.DB) {
	// Nothing of the client was revoked after the cursor $6. It is checked for an existing family
	// too: a client that was disabled and enabled again has a new one, which is not for a request
	// from before.
	const unrevoked = `(SELECT 1 FROM revoked_subjects r WHERE r.subject IN ('grants/' || $2, 'member/' || $2 || '/' || $4, 'client/' || $3,
    'pair/' || $2 || '/' || $3) AND r.cursor > $6 LIMIT 1) IS NULL`
	standing := `
    SELECT id, refresh_issued_at FROM families WHERE user_id = $2 AND client_id = $3 AND workspace_id = $4 AND scope = $5
        AND revoked_at IS NULL AND refresh_expires_at > {{now}} AND expires_at > {{now}} + $7 AND NOT ` + revokedGrant("families") + `
        AND ` + unrevoked + ` ORDER BY created_at DESC LIMIT 1`
	// Operators find the grants of a client by its rows of pairs.
	const insertPair = `INSERT INTO pairs (user_id, client_id, epoch) SELECT $2, $3, 0 WHERE `
	const insertFamily = `
    INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, born, redirect_uri, code_challenge,
        created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
    SELECT $1, $2, $3, $4, '', $5, 0, $6, '', '', {{now}}, {{now}} + $8, $1, {{now}}, {{now}} + $9, {{now}}
    WHERE ` + unrevoked + ` AND `
	const note = `
    UPDATE families SET refresh_issued_at = {{now}}, refresh_expires_at = {{now}} + $9, last_used_at = {{now}}
    WHERE refresh_issued_at + $10 < {{now}} AND id = `
	const insertAccess = `
    INSERT INTO access_tokens (hash, family_id, scope, resources, jkt, issued_at, expires_at)
    SELECT $11, id, $12, $13, $14, {{now}}, {{now}} + $7 FROM `
	none := `NOT EXISTS (` + standing + `)`
	t.servicePair = db.SQL(insertPair + none + ` ON CONFLICT DO NOTHING`)
	t.serviceFamily = db.SQL(insertFamily + none)
	t.serviceNoted = db.SQL(note + `(SELECT id FROM (` + standing + `) AS s)`)
	t.serviceAccess = db.SQL(insertAccess + `(` + standing + `) AS s`)
	t.serviceAtOnce = db.SQL(`
WITH standing AS (` + standing + `
), pair AS (
    ` + insertPair + `NOT EXISTS (SELECT 1 FROM standing) ON CONFLICT DO NOTHING
), created AS (` + insertFamily + `NOT EXISTS (SELECT 1 FROM standing)
    RETURNING id
), noted AS (` + note + `(SELECT id FROM standing)
), issued AS (` + insertAccess + `(SELECT id FROM standing UNION ALL SELECT id FROM created) AS s
    RETURNING hash
)
SELECT hash FROM issued`)
}

// IssueService writes an access token that a client gets for itself; grant.ErrRevokedMeanwhile when
// something of the client was revoked after i.Since. On PostgreSQL it is one statement.
func (s *Store) IssueService(ctx context.Context, i grant.ServiceIssue) error {
	// The family's identifier is also its refresh hash, of which no token is known.
	id := secret.Sum(secret.Generate(secret.RefreshToken).Reveal())
	args := []any{
		id.Bytes(), oauth.ServiceSubject(i.ClientID), i.ClientID, i.Service.WorkspaceID, i.Service.Scope.String(), i.Since,
		micros(i.Lifetimes.Service), micros(serviceLife), micros(serviceIdle), micros(serviceNoted),
		i.Access.Bytes(), i.Scope.String(), i.Resources.String(), i.Key,
	}
	issued, err := s.issueService(ctx, args)
	switch {
	case err != nil:
		return fmt.Errorf("issuing a service token: %w", err)
	case !issued:
		return grant.ErrRevokedMeanwhile
	}
	return nil
}

func (s *Store) issueService(ctx context.Context, args []any) (bool, error) {
	if s.db.Engine() == sqldb.Postgres {
		var hash []byte
		whole := sqldb.Stmt(s.text.serviceAtOnce, args...).Scan(&hash)
		err := s.db.Pipeline(ctx, whole)
		return whole.Found(), err
	}
	access := sqldb.Stmt(s.text.serviceAccess, args...)
	err := s.db.Pipeline(ctx, sqldb.Stmt(s.text.servicePair, args...), sqldb.Stmt(s.text.serviceFamily, args...), sqldb.Stmt(s.text.serviceNoted, args...), access)
	return access.RowsAffected() == 1, err
}
