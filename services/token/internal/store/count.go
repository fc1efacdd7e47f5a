package store

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/inspection"
)

// prepareCounts sets the statements that count the grants and user tokens that an operation would
// revoke. Each returns the number of live rows, the number of their users, and whether it stopped
// at its limit. Every statement limits the rows that it reads before it checks whether they are live,
// because rows that were revoked by subject are still there. It groups them by user, so that each row
// is checked once. The last parameter is the limit.
func (t *statements) prepareCounts(db *sqldb.DB) {
	count := func(live, limit, truncated, rows string) string {
		return db.SQL(`SELECT COALESCE(sum(live), 0), count(CASE WHEN live > 0 THEN 1 END), COALESCE(sum(looked_at), 0) >= ` + limit + truncated + `
FROM (SELECT f.user_id, count(*) AS looked_at, count(CASE WHEN ` + live + ` THEN 1 END) AS live FROM (` + rows + ` LIMIT ` + limit + `) AS f
    GROUP BY f.user_id) AS users`)
	}
	grants := func(where, limit, among string) string {
		return count(`f.refresh_expires_at > {{now}} AND `+liveGrant("f")+among, limit, "", `
    SELECT user_id, client_id, workspace_id, created_at, refresh_expires_at, revoked_at, born FROM families WHERE `+where+` AND revoked_at IS NULL`)
	}
	tokens := func(where, limit, among string) string {
		return count(liveUserToken("f")+among, limit, "", `
    SELECT user_id, app_id, workspace_id, issued_at, ended_at, born FROM user_tokens WHERE `+where+` AND ended_at IS NULL AND expires_at > {{now}}`)
	}
	t.countOfUser = grants(`user_id = $1`, "$2", "")
	t.countOfPair = grants(`user_id = $1 AND client_id = $2`, "$3", "")
	t.countOfMember = grants(`user_id = $1`, "$3", ` AND f.workspace_id = $2`)
	// The user-clients are limited too: a client may have had many users who have no grant any
	// more.
	t.countOfClient = count(`f.refresh_expires_at > {{now}} AND `+liveGrant("f"), "$2",
		` OR (SELECT count(*) FROM (SELECT 1 FROM pairs WHERE client_id = $1 LIMIT $2) AS c) >= $2`, `
    SELECT g.user_id, g.client_id, g.workspace_id, g.created_at, g.refresh_expires_at, g.revoked_at, g.born
    FROM (SELECT user_id FROM pairs WHERE client_id = $1 LIMIT $2) AS p
    JOIN families g ON g.user_id = p.user_id AND g.client_id = $1
    WHERE g.revoked_at IS NULL`)
	t.countUserTokens = tokens(`user_id = $1`, "$2", "")
	t.countMemberTokens = tokens(`user_id = $1`, "$3", ` AND f.workspace_id = $2`)
	t.countAppTokens = tokens(`app_id = $1 AND app_id <> ''`, "$2", "")
}

// CountAccess counts the live grants and user tokens of a holder, and reads at most limit rows of
// each.
func (s *Store) CountAccess(ctx context.Context, of inspection.Holder, limit int) (inspection.Count, error) {
	var c inspection.Count
	var grants, tokens step
	q := &s.text
	switch {
	case of.AppID != "":
		tokens = step{q.countAppTokens, []any{of.AppID, limit}}
	case of.UserID == "":
		grants = step{q.countOfClient, []any{of.ClientID, limit}}
	case of.ClientID != "":
		grants = step{q.countOfPair, []any{of.UserID, of.ClientID, limit}}
	case of.WorkspaceID != "":
		grants = step{q.countOfMember, []any{of.UserID, of.WorkspaceID, limit}}
		tokens = step{q.countMemberTokens, []any{of.UserID, of.WorkspaceID, limit}}
	default:
		grants, tokens = step{q.countOfUser, []any{of.UserID, limit}}, step{q.countUserTokens, []any{of.UserID, limit}}
	}
	for _, each := range []struct {
		step
		n, users *int64
	}{{grants, &c.Grants, &c.GrantUsers}, {tokens, &c.UserTokens, &c.UserTokenUsers}} {
		if each.text == "" {
			continue
		}
		var truncated bool
		if err := s.db.QueryRow(ctx, each.text, each.args...).Scan(each.n, each.users, &truncated); err != nil {
			return inspection.Count{}, fmt.Errorf("counting access: %w", err)
		}
		c.Truncated = c.Truncated || truncated
	}
	return c, nil
}
