package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// maxRevocations is how many revocations ListConnectionRevocations returns.
const maxRevocations = 100

// ListConnectionRevocations returns the latest revocation of each of a user's clients, of each
// workspace in it, and of all clients at once, the newest first. Its cost grows with the number of
// clients that the user ever disconnected, and not with the log.
func (s *Store) ListConnectionRevocations(ctx context.Context, userID string) ([]oauth.ConnectionRevocation, error) {
	pairs, connections := grantsOfPair(userID, ""), grantsOfUserConnections(userID)
	rows, err := s.db.Query(ctx, s.text.pairRevocations, grantsOfUser(userID), pairs, after(pairs), connections, after(connections), maxRevocations)
	if err != nil {
		return nil, fmt.Errorf("listing a user's revocations: %w", err)
	}
	defer rows.Close()
	var list []oauth.ConnectionRevocation
	for rows.Next() {
		var r oauth.ConnectionRevocation
		var subject string
		var at int64
		if err := rows.Scan(&subject, &r.Reason, &at); err != nil {
			return nil, fmt.Errorf("reading a user's revocation: %w", err)
		}
		r.At = fromMicros(at)
		if rest, found := strings.CutPrefix(subject, connections); found {
			r.WorkspaceID, r.ClientID, _ = strings.Cut(rest, "/")
		} else if rest, found := strings.CutPrefix(subject, pairs); found {
			r.ClientID = rest
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing a user's revocations: %w", err)
	}
	return list, nil
}

// after returns the first key after all that begin with a prefix, which ends in "/".
func after(prefix string) string { return strings.TrimSuffix(prefix, "/") + "0" }
