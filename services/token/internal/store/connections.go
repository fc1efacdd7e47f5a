package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// recentGrants is how many grants of a user-client, the newest of each workspace first, are read
// for its last use.
const recentGrants = 1000

// preparePairs sets the statements about user-clients, which are the rows of the table pairs.
func (t *statements) preparePairs(db *sqldb.DB) {
	// The cursors of the last revocations of the user or the client of a pair p: hard ones revoke
	// grants, soft ones only pending codes.
	const hard = `COALESCE((SELECT MAX(r.cursor) FROM revoked_subjects r
        WHERE r.subject IN ('grants/' || p.user_id, 'client/' || p.client_id)), 0)`
	const soft = `COALESCE((SELECT MAX(r.cursor) FROM revoked_subjects r WHERE r.subject = 'codes/' || p.user_id), 0)`
	t.pairEpochs = `SELECT p.epoch, p.lenient_raises, ` + hard + `, ` + soft + `, ` + policyVersions(db) + `
FROM pairs p WHERE p.user_id = $1 AND p.client_id = $2`

	t.raisePolicy = raisePolicy
	t.workspaceClients = db.SQL(workspaceClients())
	t.workspaceClientUsers = db.SQL(workspaceClientUsers())
	t.grantedWorkspaces = db.SQL(grantedWorkspaces())

	t.pairGrants = prepareGranted(db, hard, soft)

	t.ensurePair = `INSERT INTO pairs (user_id, client_id, epoch) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`

	t.carryPair = `
UPDATE pairs SET epoch = $3, lenient_raises = $4 WHERE user_id = $1 AND client_id = $2 AND epoch = $5 AND lenient_raises = $6`

	// A user-client whose consent page was shown, and that was never approved, is not a
	// connection.
	t.connections = fmt.Sprintf(`
SELECT client_id, epoch, lenient_raises, hard, soft, last_used_at, COALESCE(description_digest, '') FROM (
    SELECT p.client_id, p.epoch, p.lenient_raises, `+hard+` AS hard, `+soft+` AS soft,
        (SELECT MAX(f.last_used_at) FROM (
            SELECT last_used_at FROM families WHERE user_id = p.user_id AND client_id = p.client_id AND revoked_at IS NULL
            ORDER BY workspace_id DESC, created_at DESC LIMIT %[1]d) AS f) AS last_used_at,
        (SELECT f.description_digest FROM (
            SELECT description_digest, created_at FROM families WHERE user_id = p.user_id AND client_id = p.client_id AND revoked_at IS NULL
            ORDER BY workspace_id DESC, created_at DESC LIMIT %[1]d) AS f ORDER BY f.created_at DESC LIMIT 1) AS description_digest
    FROM pairs p WHERE p.user_id = $1) AS c
WHERE epoch > 0 OR last_used_at IS NOT NULL`, recentGrants)

	// Two ranges of one primary key: the user-clients, and the workspaces in them. The log has an
	// entry for a week.
	t.pairRevocations = `
SELECT r.subject, COALESCE(l.reason, 0), r.revoked_at FROM revoked_subjects r LEFT JOIN revocations l ON l.cursor = r.cursor
WHERE r.subject = $1 OR r.subject >= $2 AND r.subject < $3 OR r.subject >= $4 AND r.subject < $5
ORDER BY r.cursor DESC LIMIT $6`
}

// epochs are the stored epoch of a user-client, and the cursors of the last revocations of its user
// and its client.
type epochs struct{ own, lenient, hard, soft int64 }

// now returns the epoch of the user-client: the cursor of the last revocation that includes it.
// Approvals and grants from up to lenient epochs earlier are still valid.
func (e epochs) now() (epoch, lenient int64) {
	epoch = max(e.own, e.hard, e.soft)
	return epoch, epoch - max(e.own-e.lenient, e.hard)
}

// GetPairEpoch returns the epoch of a user-client; 0 for one that was never revoked. When its user
// or its client was revoked since, it stores the new epoch, because release 0.1 and redemptions
// compare only the stored one. It adds a user-client that is not stored.
//
// It also returns the policy versions of workspaces.
func (s *Store) GetPairEpoch(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (int64, map[string]int64, error) {
	for {
		epoch, versions, err := s.StoredPairEpoch(ctx, u, workspaceIDs)
		if !errors.Is(err, grant.ErrNotStored) {
			return epoch, versions, err
		}
		if _, err := s.db.Exec(ctx, s.text.ensurePair, u.UserID, u.ClientID); err != nil {
			return 0, nil, fmt.Errorf("storing a user-client: %w", err)
		}
	}
}

// StoredPairEpoch is GetPairEpoch for a user-client that is stored. It returns grant.ErrNotStored for any other.
func (s *Store) StoredPairEpoch(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (int64, map[string]int64, error) {
	workspaces := s.db.Texts(workspaceIDs)
	for {
		var e epochs
		var versions string
		err := s.db.QueryRow(ctx, s.text.pairEpochs, u.UserID, u.ClientID, workspaces).Scan(&e.own, &e.lenient, &e.hard, &e.soft, &versions)
		if err != nil {
			return 0, nil, sqldb.Wrap("reading a user-client's epoch", sqldb.NotFoundAs(grant.ErrNotStored, err))
		}
		epoch, lenient := e.now()
		if epoch == e.own {
			return epoch, parseVersions(versions), nil
		}
		if _, err := s.db.Exec(ctx, s.text.carryPair, u.UserID, u.ClientID, epoch, lenient, e.own, e.lenient); err != nil {
			return 0, nil, fmt.Errorf("storing a user-client's epoch: %w", err)
		}
	}
}

// ListConnections lists the user's clients.
func (s *Store) ListConnections(ctx context.Context, userID string) ([]oauth.Connection, error) {
	read := sqldb.Read("listing connections", s.text.connections, userID)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, c *oauth.Connection) error {
		var e epochs
		err := row.Scan(&c.ClientID, &e.own, &e.lenient, &e.hard, &e.soft, sqldb.Time(&c.LastUsed), &c.DescriptionDigest)
		c.Epoch, c.Lenient = e.now()
		return err
	})
}
