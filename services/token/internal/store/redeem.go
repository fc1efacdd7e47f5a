package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Redeem creates a family and its first token pair in one transaction and one round trip:
// grant.ErrCodeUsed when a family with the code's hash exists, grant.ErrConsentRevoked when a
// subject of the code was revoked since its consent, or the user-client is not stored, so that no
// consent screen can have read its epoch. Where r.GrantLimit grants were live before, the oldest is
// revoked afterwards.
func (s *Store) Redeem(ctx context.Context, r grant.Redemption) error {
	redeem := s.redeemSteps
	if s.db.Engine() == sqldb.Postgres {
		redeem = s.redeemAtOnce
	}
	done, full, err := redeem(ctx, r)
	if err != nil {
		return fmt.Errorf("redeeming a code: %w", err)
	}
	if done {
		if full && r.GrantLimit > 0 {
			// The tokens are issued, so an error here must not fail the redemption: the next one
			// revokes the rest.
			_ = s.revokeOldest(ctx, r.Code, r.GrantLimit)
		}
		return nil
	}
	// A used code never becomes unused, so it may be read outside the transaction.
	switch _, err := s.Redeemed(ctx, r.CodeHash); {
	case err == nil:
		return grant.ErrCodeUsed
	case errors.Is(err, grant.ErrNoEvidence):
		return grant.ErrConsentRevoked
	default:
		return err
	}
}

// redeemSteps redeems with one statement per step. It reports whether it did, and whether there are
// more live grants now than the limit allows.
func (s *Store) redeemSteps(ctx context.Context, r grant.Redemption) (done, full bool, err error) {
	family := sqldb.Stmt(s.text.insertFamily, familyColumns(r)...)
	err = s.db.Pipeline(ctx, family,
		sqldb.Stmt(s.text.insertFirstAccess, r.Access.Bytes(), micros(r.Lifetimes.Access), r.Refresh.Bytes(), r.Resources.String(), r.Key, r.Scope),
		sqldb.Stmt(s.text.atGrantLimit, r.GrantLimit, r.Code.UserID, r.Code.ClientID, r.Code.WorkspaceID).Scan(&full))
	return err == nil && family.RowsAffected() == 1, full, err
}

// redeemAtOnce redeems in one statement; it returns what redeemSteps returns. The statement does
// not see the grant that it adds.
func (s *Store) redeemAtOnce(ctx context.Context, r grant.Redemption) (done, full bool, err error) {
	args := append(familyColumns(r), r.Access.Bytes(), micros(r.Lifetimes.Access), max(r.GrantLimit-1, 0), r.Resources.String(), r.Key, r.Scope)
	whole := sqldb.Stmt(s.text.redeemAtOnce, args...).Scan(&full)
	err = s.db.Pipeline(ctx, whole)
	return err == nil && whole.Found(), full, err
}

// insertFamily returns the statement that adds a family for each row of from; its parameters are
// familyColumns.
func insertFamily(from string) string {
	return `
INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, born, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at, resources, refresh_jkt,
    code_jkt, subject, auth_time, sid, description_digest)
SELECT $1, $2, $3, $4, $5, $6, $7, $7, $8, $9, {{now}}, {{now}} + $10, $11, {{now}}, {{now}} + $12, {{now}}, $13, $14, $15, $16, $17, $18, $19
FROM ` + from + `
WHERE ` + codeStands + `
ON CONFLICT DO NOTHING`
}

// familyParameters is the number of values that familyColumns returns.
const familyParameters = 19

// afterFamily is the nth parameter after those of familyColumns, from 1.
func afterFamily(n int) string { return "$" + strconv.Itoa(familyParameters+n) }

// familyColumns are the parameters of insertFamily.
func familyColumns(r grant.Redemption) []any {
	c := r.Code
	return []any{
		r.CodeHash.Bytes(), c.UserID, c.ClientID, c.WorkspaceID, c.DisplayName, c.Scope.String(), c.Epoch,
		c.RedirectURI, c.CodeChallenge, micros(r.Lifetimes.Family), r.Refresh.Bytes(), micros(r.Lifetimes.Refresh),
		c.Resources.String(), r.RefreshKey, c.DPoPKey, r.Identity.Subject, microsOrNull(r.Identity.AuthTime), r.Identity.SessionID, c.DescriptionDigest,
	}
}

// microsOrNull returns a time as it is stored; NULL for the zero time.
func microsOrNull(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UnixMicro()
}

// identityColumns are the columns of identityDest, of a table of families.
func identityColumns(table string) string {
	var list []string
	for _, column := range []string{"user_id", "workspace_id", "subject", "auth_time", "sid"} {
		list = append(list, table+"."+column)
	}
	return strings.Join(list, ", ")
}

// identityDest returns where identityColumns are scanned to.
func identityDest(i *grant.Identity) []any {
	return []any{&i.UserID, &i.WorkspaceID, &i.Subject, sqldb.Time(&i.AuthTime), &i.SessionID}
}

// Redeemed returns the binding of a redeemed code; grant.ErrNoEvidence when it was never redeemed.
func (s *Store) Redeemed(ctx context.Context, code secret.Hash) (oauth.CodeBinding, error) {
	var b oauth.CodeBinding
	err := s.db.QueryRow(ctx, s.text.redeemed, code.Bytes()).Scan(&b.ClientID, &b.RedirectURI, &b.CodeChallenge, &b.DPoPKey)
	return b, sqldb.Wrap("reading a redemption", sqldb.NotFoundAs(grant.ErrNoEvidence, err))
}

func isNotFound(err error) bool { return errors.Is(err, sqldb.ErrNotFound) }
