package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/housekeep"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

const (
	// familyGrace is how long a family stays after its last refresh token expired, or after it was
	// revoked: longer than any access token or code of it can live, so that nothing is deleted that
	// could still be asked about. The evidence that spent tokens of a revoked family are goes with
	// it.
	familyGrace = 48 * time.Hour
	// logKept is how long a revocation stays in the log: longer than any follower may be away
	// before it begins anew.
	logKept = 7 * 24 * time.Hour
	// retrySlice is how many sealed pairs one statement erases. They lie in families in use, whose
	// next refresh waits for it.
	retrySlice = 100
)

// Retention is how long records stay that are no longer needed to decide anything.
type Retention struct {
	// UserTokens is how long a user token's row, which is the record of who got one, stays past its
	// expiry. Less than usertoken.KeptPastTime counts as that.
	UserTokens time.Duration
	// RevokedKeys is how long a revoked API key is still listed; 0 is for ever.
	RevokedKeys time.Duration
}

func (r Retention) userTokens() time.Duration { return max(r.UserTokens, usertoken.KeptPastTime) }

// sweeps are the tables whose dead rows are found by walking through.
type sweeps struct {
	families *housekeep.Sweep[[]byte]
	keys     *housekeep.Sweep[string]
}

func prepareSweeps(db *sqldb.DB) sweeps {
	return sweeps{
		families: housekeep.NewSweep[[]byte](db, housekeep.Table{
			Name: "families", Key: "id", By: "id",
			Dead: `refresh_expires_at + $3 < {{now}} OR revoked_at + $3 < {{now}} OR ` + sweptGrant("families", "$3"),
		}),
		keys: housekeep.NewSweep[string](db, housekeep.Table{
			Name: "api_keys", Key: "id", By: "id", Dead: "revoked_at + $3 < {{now}}",
		}),
	}
}

// Housekeep makes room ahead and drops what is dead. What one run does not finish, the next does.
// It is called by one goroutine at a time; replicas that run it at once do no harm, and work for
// nothing.
func (s *Store) Housekeep(ctx context.Context, l grant.Lifetimes, r Retention) error {
	err := s.MakeRoom(ctx, l)
	for _, t := range partitionedTables(l, r) {
		drop := s.dropExpired
		if s.db.Engine() != sqldb.Postgres {
			drop = s.deleteExpired
		}
		if dropping := drop(ctx, t); dropping != nil {
			err = errors.Join(err, fmt.Errorf("dropping what expired in %s: %w", t.table, dropping))
		}
	}
	_, erasing := s.EraseRetries(ctx)
	return errors.Join(err, erasing, s.Trim(ctx, logKept))
}

// Sweep walks through the families and the API keys, which reads all of them, and drops those that
// are dead. They live for months: it need not be often. It is called by one goroutine at a time.
func (s *Store) Sweep(ctx context.Context, r Retention) error {
	err := s.sweeps.families.Run(ctx, micros(familyGrace))
	if r.RevokedKeys > 0 {
		err = errors.Join(err, s.sweeps.keys.Run(ctx, micros(r.RevokedKeys)))
	}
	return err
}

// EraseRetries forgets the sealed pairs whose retry window has ended. It answers how many.
func (s *Store) EraseRetries(ctx context.Context) (int64, error) {
	n, err := housekeep.Repeat(ctx, s.db, s.text.eraseRetries, retrySlice)
	if err != nil {
		return n, fmt.Errorf("erasing sealed pairs: %w", err)
	}
	return n, nil
}
