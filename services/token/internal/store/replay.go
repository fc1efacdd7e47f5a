package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// spent is the evidence of a spent refresh token.
type spent struct {
	family []byte
	oauth.UserClient
	user             grant.Identity
	scope, resources string
	// left is the family's remaining lifetime when its current token was issued, in microseconds.
	left int64
	// sealed is the successor token pair inside the retry window.
	sealed []byte
	// revokedSince reports that the token is not evidence any more: its user-client was revoked
	// since.
	revokedSince bool
	// familyRevoked reports that its family is revoked.
	familyRevoked bool
}

// actedUpon reports whether there is nothing left that the reuse of the token revokes.
func (f spent) actedUpon(reuse oauth.Reuse) bool {
	return f.revokedSince || f.familyRevoked && reuse == oauth.ReuseFamily
}

// Replayed handles a refresh token that was not current. Inside the retry window it returns the
// sealed successor. Otherwise a spent token of this client revokes its user-client, or its family,
// once: the transaction that does so reads the evidence again. Any other token, and one that has
// nothing left to revoke, costs one read per request.
func (s *Store) Replayed(ctx context.Context, p grant.Presented, reuse oauth.Reuse) (grant.Replay, error) {
	const what = "checking a spent refresh token"
	found, err := s.spent(ctx, s.db.QueryRow, p)
	if isNotFound(err) || err == nil && found.actedUpon(reuse) {
		return grant.Replay{}, s.log.Wait(ctx, what)
	}
	if err != nil {
		return grant.Replay{}, fmt.Errorf("%s: %w", what, err)
	}
	if len(found.sealed) > 0 {
		return grant.Replay{
			Sealed: found.sealed, Scope: found.scope, Resources: oauth.ParseResources(found.resources), Identity: found.user,
			FamilyLeft: time.Duration(found.left) * time.Microsecond,
		}, nil
	}
	var replay grant.Replay
	err = s.log.Revoke(ctx, what, func(tx *revlog.Tx) error {
		replay = grant.Replay{}
		if _, err := tx.Exec(ctx, s.text.lockPair, found.UserID, found.ClientID); err != nil {
			return err
		}
		// A separate statement, so that it sees revocations that committed while this one waited
		// for the lock.
		again, err := s.spent(ctx, tx.QueryRow, p)
		if isNotFound(err) || err == nil && again.actedUpon(reuse) {
			return nil
		}
		if err != nil {
			return err
		}
		if reuse == oauth.ReuseFamily {
			replay.Reused, err = s.revokeFamily(ctx, tx, familyToRevoke{family: found.family, reason: revlog.ReasonReuse})
			return err
		}
		replay.Reused = true
		return s.revokeLockedUserClient(ctx, tx, found.UserClient, revlog.ReasonReuse)
	})
	return replay, err
}

// WaitForReplicas takes as long as Replayed waits for a token that was revoked already.
func (s *Store) WaitForReplicas(ctx context.Context) error {
	return s.log.Wait(ctx, "refusing a revoked refresh token")
}

func (s *Store) spent(ctx context.Context, query queryRow, p grant.Presented) (f spent, err error) {
	dest := append([]any{&f.family, &f.ClientID, &f.scope, &f.resources, &f.left}, identityDest(&f.user)...)
	err = query(ctx, s.text.spentFacts, p.Token.Bytes(), p.ClientID, p.Key).Scan(append(dest, &f.sealed, &f.revokedSince, &f.familyRevoked)...)
	f.UserID = f.user.UserID
	return f, err
}
