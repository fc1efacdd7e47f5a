package store

import (
	"context"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// maxRevocations is how many revocations ListConnectionRevocations returns.
const maxRevocations = 100

// ListConnectionRevocations returns the latest revocation of each of a user's clients, of each
// workspace in it, and of all clients at once, the newest first. Its cost grows with the number of
// clients that the user ever disconnected, and not with the log.
func (s *Store) ListConnectionRevocations(ctx context.Context, userID string) ([]oauth.ConnectionRevocation, error) {
	pairs, inWorkspaces := grantsOfPair(userID, ""), grantsOfUserClientsInWorkspaces(userID)
	read := sqldb.Read("listing a user's revocations", s.text.pairRevocations,
		grantsOfUser(userID), pairs, after(pairs), inWorkspaces, after(inWorkspaces), maxRevocations)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, r *oauth.ConnectionRevocation) error {
		var subject string
		err := row.Scan(&subject, &r.Reason, sqldb.Time(&r.At))
		if rest, found := strings.CutPrefix(subject, inWorkspaces); found {
			r.WorkspaceID, r.ClientID, _ = strings.Cut(rest, "/")
		} else if rest, found := strings.CutPrefix(subject, pairs); found {
			r.ClientID = rest
		}
		return err
	})
}

// after returns the first key after all that begin with a prefix, which ends in "/".
func after(prefix string) string { return strings.TrimSuffix(prefix, "/") + "0" }
