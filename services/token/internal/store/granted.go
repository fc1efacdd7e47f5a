package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// recentScopes is how many grants of a user-client are read for its present scopes: a scope that only
// an older grant has is approved again.
const recentScopes = 200

// prepareGranted returns the statement of GetPairGrants: the columns of pairStatements.epochs, and a
// row for each distinct scope of a live grant and description of the client, the newest first, or one
// row without a workspace.
func prepareGranted(db *sqldb.DB, hard, soft string) string {
	return db.SQL(fmt.Sprintf(`
SELECT p.epoch, p.lenient_raises, %s, %s, %s, g.workspace_id, g.scope, g.description_digest
FROM pairs p LEFT JOIN (
    SELECT workspace_id, scope, description_digest, MAX(created_at) AS newest FROM (
        SELECT f.workspace_id, f.scope, f.description_digest, f.created_at FROM families f
        WHERE f.user_id = $1 AND f.client_id = $2 AND f.refresh_expires_at > {{now}} AND `+liveGrant("f")+`
        ORDER BY f.workspace_id DESC, f.created_at DESC LIMIT %d) AS recent
    GROUP BY workspace_id, scope, description_digest) AS g ON TRUE
WHERE p.user_id = $1 AND p.client_id = $2 ORDER BY g.newest DESC`, hard, soft, policyVersions(db.Engine()), recentScopes))
}

// GetPairGrants is GetPairEpoch together with the user-client's live grants, usually in one statement.
func (s *Store) GetPairGrants(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (oauth.LiveGrants, error) {
	workspaces, err := s.list(workspaceIDs)
	if err != nil {
		return oauth.LiveGrants{}, err
	}
	rows, err := s.db.Query(ctx, s.pairs.granted, u.UserID, u.ClientID, workspaces)
	if err != nil {
		return oauth.LiveGrants{}, fmt.Errorf("reading the grants of a user-client: %w", err)
	}
	defer rows.Close()
	var e epochs
	var live oauth.LiveGrants
	var versions string
	stored := false
	for rows.Next() {
		var workspace, scope, digest *string
		if err := rows.Scan(&e.own, &e.lenient, &e.hard, &e.soft, &versions, &workspace, &scope, &digest); err != nil {
			return oauth.LiveGrants{}, fmt.Errorf("reading the grants of a user-client: %w", err)
		}
		if !stored && digest != nil {
			live.DescriptionDigest = *digest
		}
		if stored = true; workspace != nil && scope != nil {
			live.Scopes = addGranted(live.Scopes, *workspace, strings.Fields(*scope))
		}
	}
	if err := rows.Err(); err != nil {
		return oauth.LiveGrants{}, fmt.Errorf("reading the grants of a user-client: %w", err)
	}
	live.Epoch, _ = e.now()
	live.PolicyVersions = parseVersions(versions)
	if !stored || live.Epoch != e.own { // GetPairEpoch stores the user-client, or its new epoch
		rows.Close()
		live.Epoch, live.PolicyVersions, err = s.GetPairEpoch(ctx, u, workspaceIDs)
	}
	return live, err
}

// addGranted adds the scope of a grant to those of its workspace.
func addGranted(grants []oauth.GrantedScopes, workspace string, scope oauth.Scope) []oauth.GrantedScopes {
	for i := range grants {
		if grants[i].WorkspaceID == workspace {
			grants[i].Scope = append(grants[i].Scope, scope.Missing(grants[i].Scope)...)
			return grants
		}
	}
	return append(grants, oauth.GrantedScopes{WorkspaceID: workspace, Scope: scope})
}
