package store

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// recentScopes is how many grants of a user-client in a workspace, the newest, are read for its present
// scopes: a scope that only an older grant has is approved again.
const recentScopes = 10

// prepareGranted returns the statement of GetPairGrants: the columns of pairEpochs, and a
// row for each distinct scope of a live grant and description of the client, the newest first, or one
// row without a workspace. Its cost does not grow with the grants: it reads the newest of each workspace
// that is asked for, from the index families_live. Of equal grants only the newest is compared with the
// revocations of its subjects, which revoke the older ones too.
func prepareGranted(db *sqldb.DB, hard, soft string) string {
	// $4 is the greatest time: the bounds exclude nothing. A generic plan does not know that and expects few
	// rows between them, so that PostgreSQL reads the newest from families_live; without the bounds it read
	// all grants of the user-client from another index, and sorted them.
	newest := fmt.Sprintf(`x.user_id = $1 AND x.client_id = $2 AND x.revoked_at IS NULL
    AND x.workspace_id = s.value AND x.created_at < $4 AND x.created_at > -$4 AND x.refresh_expires_at > {{now}}
    ORDER BY x.created_at DESC LIMIT %d`, recentScopes)
	families := `unnest($3::text[]) AS s (value) CROSS JOIN LATERAL (SELECT * FROM families x WHERE ` + newest + `) AS f`
	if db.Engine() == sqldb.SQLite { // it has no LATERAL
		families = `json_each($3) AS s JOIN families f ON f.id IN (SELECT x.id FROM families x WHERE ` + newest + `)`
	}
	return db.SQL(`
SELECT p.epoch, p.lenient_raises, ` + hard + `, ` + soft + `, ` + policyVersions(db) + `, g.workspace_id, g.scope, g.description_digest
FROM pairs p LEFT JOIN (
    SELECT $1 AS user_id, $2 AS client_id, f.workspace_id, f.scope, f.description_digest, MAX(f.born) AS born, MAX(f.created_at) AS created_at
    FROM ` + families + `
    GROUP BY f.workspace_id, f.scope, f.description_digest) AS g ON NOT ` + revokedGrant("g") + `
WHERE p.user_id = $1 AND p.client_id = $2 ORDER BY g.created_at DESC`)
}

// GetPairGrants is GetPairEpoch together with the user-client's live grants in the same workspaces, usually in
// one statement.
func (s *Store) GetPairGrants(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (oauth.LiveGrants, error) {
	var e epochs
	var live oauth.LiveGrants
	var versions string
	stored := false
	read := sqldb.Read("reading the grants of a user-client", s.text.pairGrants, u.UserID, u.ClientID,
		s.db.Texts(workspaceIDs), int64(math.MaxInt64))
	err := sqldb.Each(ctx, s.db, read, func(row sqldb.Row) error {
		var workspace, scope, digest *string
		err := row.Scan(&e.own, &e.lenient, &e.hard, &e.soft, &versions, &workspace, &scope, &digest)
		if !stored && digest != nil {
			live.DescriptionDigest = *digest
		}
		if stored = true; workspace != nil && scope != nil {
			live.Scopes = addGranted(live.Scopes, *workspace, strings.Fields(*scope))
		}
		return err
	})
	if err != nil {
		return oauth.LiveGrants{}, err
	}
	live.Epoch, _ = e.now()
	live.PolicyVersions = parseVersions(versions)
	if !stored || live.Epoch != e.own { // GetPairEpoch stores the user-client, or its new epoch
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
