package store

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// installationsOfOne is how many live grants of one user-client are listed.
const installationsOfOne = 100

// prepareInstallations sets the statements about single grants.
func (t *statements) prepareInstallations(db *sqldb.DB) {
	// The newest of each workspace first, in the order of the index, before they are sorted.
	t.listInstallations = db.SQL(fmt.Sprintf(`
SELECT id, workspace_id, created_at, last_used_at FROM (
    SELECT f.id, f.workspace_id, f.created_at, f.last_used_at FROM families f
    WHERE f.user_id = $1 AND f.client_id = $2 AND f.refresh_expires_at > {{now}} AND `+liveGrant("f")+`
    ORDER BY f.workspace_id DESC, f.created_at DESC LIMIT %d) AS recent
ORDER BY created_at DESC, id`, installationsOfOne))
	t.installationBelongs = `SELECT 1 FROM families WHERE id = $1 AND user_id = $2 AND client_id = $3`
}

// ListInstallations returns the live grants of a user to clients, by client, the newest of each first.
func (s *Store) ListInstallations(ctx context.Context, userID string, clientIDs []string) ([]oauth.Installation, error) {
	var list []oauth.Installation
	for _, clientID := range clientIDs {
		read := sqldb.Read("listing installations", s.text.listInstallations, userID, clientID)
		found, err := sqldb.List(ctx, s.db, read, func(row sqldb.Row, one *oauth.Installation) error {
			var id []byte
			err := row.Scan(&id, &one.WorkspaceID, sqldb.Time(&one.CreatedAt), sqldb.Time(&one.LastUsed))
			one.ID, one.ClientID = base64.RawURLEncoding.EncodeToString(id), clientID
			return err
		})
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// EndInstallation revokes one grant of a user-client; it does nothing if the user-client has no such
// grant, or if the grant is revoked.
func (s *Store) EndInstallation(ctx context.Context, u oauth.UserClient, grant secret.Hash) error {
	return s.log.Revoke(ctx, "ending an installation", func(tx *revlog.Tx) error {
		// A grant never changes its user or its client.
		if found, err := sqldb.Exists(ctx, tx, s.text.installationBelongs, grant.Bytes(), u.UserID, u.ClientID); err != nil || !found {
			return err
		}
		_, err := s.revokeFamily(ctx, tx, familyToRevoke{family: grant.Bytes(), client: u.ClientID, reason: revlog.ReasonDisconnect})
		return err
	})
}
