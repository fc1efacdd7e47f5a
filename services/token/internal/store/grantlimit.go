package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// maxOldestRevoked is how many grants one redemption revokes at most. One is enough, since each
// redemption adds one; there are more after the limit was lowered or introduced.
const maxOldestRevoked = 10

// revokeOldest revokes the oldest grants of a user with a client in a workspace beyond limit. The
// cost of each does not depend on the number of grants.
func (s *Store) revokeOldest(ctx context.Context, c oauth.ApprovedRequest, limit int) error {
	return s.log.Revoke(ctx, "revoking the oldest grants", func(tx *revlog.Tx) error {
		read := sqldb.Read("reading them", s.text.overGrantLimit, c.UserID, c.ClientID, c.WorkspaceID, limit, maxOldestRevoked)
		families, err := sqldb.List(ctx, tx, read, func(row sqldb.Row, id *[]byte) error { return row.Scan(id) })
		if err != nil {
			return err
		}
		var revoked []revlog.Entry
		for _, family := range families {
			e := revlog.NewEntry(revlog.ReasonGrantLimit, revocation.Revocation{Kind: revocation.Family, FamilyID: family})
			var dead bool
			err := tx.QueryRow(ctx, s.text.revokeOldest, family).Scan(&e.UserID, &e.ClientID, &e.Epoch, &dead)
			if isNotFound(err) || err == nil && dead {
				continue
			}
			if err != nil {
				return err
			}
			revoked = append(revoked, e)
		}
		for _, e := range revoked { // families are locked before the head of the log
			if _, err := tx.AppendIn(ctx, e, c.WorkspaceID); err != nil {
				return err
			}
		}
		return nil
	})
}
