package store

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// prepareExplain sets the statements that read the cause of a refusal after it, for the log. They
// change nothing and lock nothing.
func (t *statements) prepareExplain(db *sqldb.DB) {
	// A token is the current one of a family or a spent one, and never both.
	t.explainRefresh = db.SQL(`
SELECT client_id, user_id, workspace_id, 0, false, refresh_expires_at <= {{now}}, revoked_at IS NOT NULL OR ` + revokedGrant("families") + `, false, refresh_jkt
FROM families WHERE refresh_hash = $1
UNION ALL
SELECT f.client_id, f.user_id, f.workspace_id, {{now}} - (s.expires_at - $2), true, false, ` + evidenceSpent("f") + `, f.revoked_at IS NOT NULL, f.refresh_jkt
FROM (SELECT family_id, expires_at FROM spent_refresh_tokens WHERE hash = $1 AND expires_at > {{now}} LIMIT 1) AS s
JOIN families f ON f.id = s.family_id`)
	t.explainRedemption = db.SQL(`SELECT client_id, user_id, workspace_id, {{now}} - created_at FROM families WHERE id = $1`)
}

// ExplainRefresh returns what is stored of a refused refresh token: the zero value for an unknown
// one. The lifetime gives the time at which a spent one was rotated, since its evidence is kept for
// that long.
func (s *Store) ExplainRefresh(ctx context.Context, token secret.Hash, refreshLifetime time.Duration) (grant.Refused, error) {
	var r grant.Refused
	var ago int64
	err := s.db.QueryRow(ctx, s.text.explainRefresh, token.Bytes(), micros(refreshLifetime)).
		Scan(&r.ClientID, &r.UserID, &r.WorkspaceID, &ago, &r.Spent, &r.Expired, &r.Revoked, &r.FamilyRevoked, &r.Key)
	if err != nil {
		return grant.Refused{}, sqldb.Wrap("explaining a refused refresh token", sqldb.NotFoundAs(nil, err))
	}
	r.Ago = max(0, time.Duration(ago)*time.Microsecond)
	return r, nil
}

// RedemptionOrigin returns the client, user and time of a code's redemption; grant.ErrNoEvidence
// when it was never redeemed.
func (s *Store) RedemptionOrigin(ctx context.Context, code secret.Hash) (grant.Origin, error) {
	var o grant.Origin
	var ago int64
	err := s.db.QueryRow(ctx, s.text.explainRedemption, code.Bytes()).Scan(&o.ClientID, &o.UserID, &o.WorkspaceID, &ago)
	if err != nil {
		return grant.Origin{}, sqldb.Wrap("explaining a replayed code", sqldb.NotFoundAs(grant.ErrNoEvidence, err))
	}
	o.Ago = max(0, time.Duration(ago)*time.Microsecond)
	return o, nil
}
