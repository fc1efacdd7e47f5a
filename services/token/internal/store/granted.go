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
// row for each distinct scope of a live grant, or one row without a workspace.
func prepareGranted(db *sqldb.DB, hard, soft string) string {
	return db.SQL(fmt.Sprintf(`
SELECT p.epoch, p.lenient_raises, %s, %s, %s, g.workspace_id, g.scope
FROM pairs p LEFT JOIN (
    SELECT DISTINCT workspace_id, scope FROM (
        SELECT f.workspace_id, f.scope FROM families f
        WHERE f.user_id = $1 AND f.client_id = $2 AND f.refresh_expires_at > {{now}} AND `+liveGrant("f")+`
        ORDER BY f.workspace_id DESC, f.created_at DESC LIMIT %d) AS recent) AS g ON TRUE
WHERE p.user_id = $1 AND p.client_id = $2`, hard, soft, policyVersions(db.Engine()), recentScopes))
}

// GetPairGrants is GetPairEpoch together with the scopes of the user-client's live grants, a row for
// each workspace in no particular order, usually in one statement.
func (s *Store) GetPairGrants(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (oauth.PairState, error) {
	workspaces, err := s.list(workspaceIDs)
	if err != nil {
		return oauth.PairState{}, err
	}
	rows, err := s.db.Query(ctx, s.pairs.granted, u.UserID, u.ClientID, workspaces)
	if err != nil {
		return oauth.PairState{}, fmt.Errorf("reading the grants of a user-client: %w", err)
	}
	defer rows.Close()
	var e epochs
	var state oauth.PairState
	var versions string
	stored := false
	for rows.Next() {
		var workspace, scope *string
		if err := rows.Scan(&e.own, &e.lenient, &e.hard, &e.soft, &versions, &workspace, &scope); err != nil {
			return oauth.PairState{}, fmt.Errorf("reading the grants of a user-client: %w", err)
		}
		if stored = true; workspace != nil && scope != nil {
			state.Granted = addGranted(state.Granted, *workspace, strings.Fields(*scope))
		}
	}
	if err := rows.Err(); err != nil {
		return oauth.PairState{}, fmt.Errorf("reading the grants of a user-client: %w", err)
	}
	state.Epoch, _ = e.now()
	state.PolicyVersions = parseVersions(versions)
	if !stored || state.Epoch != e.own { // GetPairEpoch stores the user-client, or its new epoch
		rows.Close()
		state.Epoch, state.PolicyVersions, err = s.GetPairEpoch(ctx, u, workspaceIDs)
	}
	return state, err
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
