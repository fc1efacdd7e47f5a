package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// raisePolicy is the statement of RaisePolicyVersion.
const raisePolicy = `
INSERT INTO policy_versions (workspace_id, version) VALUES ($1, 1)
ON CONFLICT (workspace_id) DO UPDATE SET version = policy_versions.version + 1`

// longestAccess is the longest life of an access token, which may exceed that of a refresh token: the bound
// of token.access_token_lifetime.
const longestAccess = 24 * time.Hour

// liveTokens is the SQL condition for a family that may have a live token, also one whose refresh token
// expired so lately that an access token may be live.
func liveTokens(table string) string {
	return table + `.refresh_expires_at > {{now}} - ` + strconv.FormatInt(micros(longestAccess), 10) +
		` AND ` + table + `.expires_at > {{now}} AND ` + liveGrant(table)
}

// liveInWorkspace returns the SQL of the live grants of users in the workspace $1. A family whose user is
// the client itself has the tokens that the client got for itself.
func liveInWorkspace() string {
	return `families f
    WHERE f.workspace_id = $1 AND f.user_id <> '` + oauth.ServiceSubject("") + `' || f.client_id AND ` + liveTokens("f")
}

// workspaceClients returns the SQL of ListWorkspaceClients: a row for each distinct scope of a client.
func workspaceClients() string {
	return `
WITH live AS (SELECT f.client_id, f.user_id, f.scope, f.last_used_at FROM ` + liveInWorkspace() + ` AND f.client_id > $2),
page AS (
    SELECT client_id, COUNT(DISTINCT user_id) AS users, MAX(last_used_at) AS used FROM live
    GROUP BY client_id ORDER BY client_id LIMIT $3)
SELECT p.client_id, p.users, p.used, s.scope
FROM page p JOIN (SELECT DISTINCT client_id, scope FROM live) AS s ON s.client_id = p.client_id ORDER BY p.client_id, s.scope`
}

// workspaceClientUsers returns the SQL of the users who have a grant to the client $2 in the workspace.
func workspaceClientUsers() string {
	return `SELECT DISTINCT f.user_id FROM ` + liveInWorkspace() + ` AND f.client_id = $2 ORDER BY f.user_id`
}

// grantedWorkspaces returns the SQL of how many of the recentGrants of the user-client $1, $2 are in each
// workspace, and how many of them are live.
func grantedWorkspaces() string {
	return `
SELECT f.workspace_id, count(*), count(CASE WHEN ` + liveTokens("f") + ` THEN 1 END) FROM (
    SELECT * FROM families WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL
    ORDER BY workspace_id DESC, created_at DESC LIMIT ` + strconv.Itoa(recentGrants) + `) AS f
GROUP BY f.workspace_id ORDER BY f.workspace_id`
}

// policyVersions returns the SQL of the policy versions of the workspaces $3, each as `version=workspace`.
// A workspace's identifier has no space.
func policyVersions(db *sqldb.DB) string {
	return `COALESCE((SELECT string_agg(v.version || '=' || v.workspace_id, ' ') FROM policy_versions v WHERE v.workspace_id ` + db.Among("$3") + `), '')`
}

// parseVersions parses the column of policyVersions. A workspace that it does not have is at version 0.
func parseVersions(text string) map[string]int64 {
	versions := map[string]int64{}
	for _, each := range strings.Fields(text) {
		version, workspaceID, _ := strings.Cut(each, "=")
		if n, err := strconv.ParseInt(version, 10, 64); err == nil {
			versions[workspaceID] = n
		}
	}
	return versions
}

// RaisePolicyVersion raises the policy version of a workspace.
func (s *Store) RaisePolicyVersion(ctx context.Context, workspaceID string) error {
	_, err := s.db.Exec(ctx, s.text.raisePolicy, workspaceID)
	return sqldb.Wrap("raising the policy version of a workspace", err)
}

// ListWorkspaceClients lists the clients to which users have live grants in a workspace, after a client
// and by identifier.
func (s *Store) ListWorkspaceClients(ctx context.Context, workspaceID, after string, limit int) ([]oauth.WorkspaceClient, error) {
	var list []oauth.WorkspaceClient
	read := sqldb.Read("listing the clients of a workspace", s.text.workspaceClients, workspaceID, after, limit)
	err := sqldb.Each(ctx, s.db, read, func(row sqldb.Row) error {
		var c oauth.WorkspaceClient
		var scope string
		err := row.Scan(&c.ClientID, &c.Users, sqldb.Time(&c.LastUsed), &scope)
		if n := len(list); n == 0 || list[n-1].ClientID != c.ClientID {
			list = append(list, c)
		}
		last := &list[len(list)-1]
		last.Scope = append(last.Scope, oauth.Scope(strings.Fields(scope)).Missing(last.Scope)...)
		return err
	})
	return list, err
}

// How many users one transaction of EndClientInWorkspace has: those whose grants it revokes, and those
// whose pending codes alone.
const endedAtOnce, codesEndedAtOnce = 200, 2000

// EndClientInWorkspace is EndConnectionIn for every user who has a live grant to the client in the
// workspace. Of others, who may have a pending code, it revokes the codes alone, which costs little: they
// may be all who ever approved the client. It returns the number of users with a grant. A user who
// connects the client during the call may stay connected.
func (s *Store) EndClientInWorkspace(ctx context.Context, clientID, workspaceID string, others []string) (int, error) {
	others = slices.Clone(others)
	slices.Sort(others)
	for some := range slices.Chunk(slices.Compact(others), codesEndedAtOnce) {
		if err := s.revokeCodes(ctx, some, clientEnd{clientID, workspaceID}); err != nil {
			return 0, err
		}
	}
	// After the codes: one that was redeemed before is a grant now.
	granted, err := s.workspaceClientUsers(ctx, clientID, workspaceID)
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(granted, endedAtOnce) {
		if err := s.revokeUserClientsInWorkspace(ctx, some, clientEnd{clientID, workspaceID}); err != nil {
			return 0, err
		}
	}
	return len(granted), nil
}

// revokeCodes revokes the pending codes of some users and a client, by new epochs of their user-clients. A
// user-client that is not stored has no code. The epochs are one cursor, whose entry of the log is that of
// the first user.
func (s *Store) revokeCodes(ctx context.Context, users []string, c clientEnd) error {
	return s.log.Revoke(ctx, "revoking the codes of a client", func(tx *revlog.Tx) error {
		lock := sqldb.Read("locking user-clients", s.text.lockPairs, c.clientID, s.db.Texts(users))
		stored, err := sqldb.List(ctx, tx, lock, func(row sqldb.Row, userID *string) error { return row.Scan(userID) })
		if err != nil || len(stored) == 0 {
			return err
		}
		entry := revlog.NewEntry(revlog.ReasonWorkspaceEnded, revocation.Revocation{
			Kind: revocation.Member, UserID: stored[0], ClientID: c.clientID, WorkspaceID: c.workspaceID,
		})
		cursor, err := tx.AppendIn(ctx, entry)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, s.text.raisePairs, c.clientID, s.db.Texts(stored), cursor)
		return err
	})
}

func (s *Store) workspaceClientUsers(ctx context.Context, clientID, workspaceID string) ([]string, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing the users of a client", s.text.workspaceClientUsers, workspaceID, clientID),
		func(row sqldb.Row, userID *string) error { return row.Scan(userID) })
}

// grantedWorkspaces returns the workspaces in which a user-client has a live grant: one that is empty where
// it has more grants than are read, and none of those is live.
func (s *Store) grantedWorkspaces(ctx context.Context, tx *revlog.Tx, p oauth.UserClient) (live []string, err error) {
	looked := 0
	read := sqldb.Read("listing the workspaces of a user-client", s.text.grantedWorkspaces, p.UserID, p.ClientID)
	err = sqldb.Each(ctx, tx, read, func(row sqldb.Row) error {
		var workspaceID string
		var all, granted int
		err := row.Scan(&workspaceID, &all, &granted)
		if looked += all; granted > 0 {
			live = append(live, workspaceID)
		}
		return err
	})
	if len(live) == 0 && looked >= recentGrants {
		live = []string{""}
	}
	return live, err
}

// revokeUserClientsInWorkspace revokes the user-clients of some users and a client in one workspace,
// in the order of the users' identifiers, in one transaction.
func (s *Store) revokeUserClientsInWorkspace(ctx context.Context, users []string, c clientEnd) error {
	return s.log.Revoke(ctx, "revoking a client in a workspace", func(tx *revlog.Tx) error {
		for _, userID := range users { // every row is locked before the head of the log
			err := execAll(ctx, tx,
				step{s.text.lockPair, []any{userID, c.clientID}},
				step{s.text.legacyRevokeUserClientInWorkspace, []any{userID, c.clientID, c.workspaceID, legacyLimit}})
			if err != nil {
				return err
			}
		}
		for _, userID := range users {
			pair := oauth.UserClient{UserID: userID, ClientID: c.clientID}
			if err := s.revokeLockedUserClientInWorkspace(ctx, tx, userClientRevocation{pair, c.workspaceID, revlog.ReasonWorkspaceEnded}); err != nil {
				return err
			}
		}
		return nil
	})
}

// userClientRevocation is the revocation of a user-client in one workspace.
type userClientRevocation struct {
	oauth.UserClient

	workspaceID string
	reason      revlog.Reason
}

// clientEnd is the end of a client in a workspace.
type clientEnd struct{ clientID, workspaceID string }

// revokeLockedUserClientInWorkspace revokes a user-client in one workspace. Its row of pairs is
// locked.
func (s *Store) revokeLockedUserClientInWorkspace(ctx context.Context, tx *revlog.Tx, c userClientRevocation) error {
	entry := revlog.NewEntry(c.reason, revocation.Revocation{
		Kind: revocation.Member, UserID: c.UserID, ClientID: c.ClientID, WorkspaceID: c.workspaceID,
	})
	cursor, err := tx.Append(ctx, entry)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, s.text.raisePairEpoch, c.UserID, c.ClientID, cursor); err != nil {
		return err
	}
	return s.revokeBornBefore(ctx, tx, cursor, grantsOfUserClientInWorkspace(c.UserID, c.workspaceID, c.ClientID))
}
