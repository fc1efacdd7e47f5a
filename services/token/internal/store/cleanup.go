package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

const (
	// familyGrace is how long a family stays after its last refresh token expired, or after it was
	// revoked: longer than any access token or code of it can live, so that no row is deleted that
	// a request can still need. The evidence of spent tokens is deleted with it.
	familyGrace = 48 * time.Hour
	// logKept is how long a revocation stays in the log: longer than a watcher can be disconnected
	// and still resume.
	logKept = 7 * 24 * time.Hour
	// retrySlice is how many sealed token pairs one statement erases. They are columns of families
	// in use, whose next refresh waits for the statement.
	retrySlice = 100
	// deliveriesKept is how long a logout delivery is listed after it was finished, and deliverySlice
	// how many one statement deletes.
	deliveriesKept = 7 * 24 * time.Hour
	deliverySlice  = 1000
)

// Retention is how long records stay that no decision needs any more.
type Retention struct {
	// UserTokens is how long the row of a user token, which records its user, stays after its
	// expiry. The minimum is usertoken.KeptPastTime.
	UserTokens time.Duration
	// RevokedKeys is how long a revoked API key is still listed; 0 is for ever.
	RevokedKeys time.Duration
}

func (r Retention) userTokens() time.Duration { return max(r.UserTokens, usertoken.KeptPastTime) }

// prepareSweeps prepares the tables whose dead rows are found by a scan in primary-key order.
func (s *Store) prepareSweeps() {
	s.deadFamilies = cleanup.NewSweep[[]byte](s.db, cleanup.Table{
		Name: "families", Key: "id", By: "id",
		Dead: `refresh_expires_at + $3 < {{now}} OR revoked_at + $3 < {{now}} OR ` + sweptGrant("families", "$3"),
	})
	s.deadKeys = cleanup.NewSweep[string](s.db, cleanup.Table{
		Name: "api_keys", Key: "id", By: "id", Dead: "(revoked_at + $3 < {{now}} OR expires_at + $3 < {{now}})",
	})
}

// CleanUp creates partitions ahead and drops expired ones. The next run finishes an interrupted
// one. It is called by one goroutine at a time; concurrent runs of several replicas are safe, and
// wasted.
func (s *Store) CleanUp(ctx context.Context, l grant.Lifetimes, r Retention) error {
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
	return errors.Join(err, erasing, s.RevocationLog.Trim(ctx, logKept), s.eraseDeliveries(ctx), s.Events().Trim(ctx))
}

// Sweep scans all families and API keys and deletes the dead ones. They live for months, so it can
// be rare. It is called by one goroutine at a time.
func (s *Store) Sweep(ctx context.Context, r Retention) error {
	err := s.deadFamilies.Run(ctx, micros(familyGrace))
	if r.RevokedKeys > 0 {
		err = errors.Join(err, s.deadKeys.Run(ctx, micros(r.RevokedKeys)))
	}
	return err
}

// eraseDeliveries deletes the logout deliveries that were finished a week ago.
func (s *Store) eraseDeliveries(ctx context.Context) error {
	_, err := cleanup.Repeat(ctx, s.db, s.text.eraseLogouts, deliverySlice, micros(deliveriesKept))
	return sqldb.Wrap("deleting logout deliveries", err)
}

// EraseRetries erases the sealed token pairs whose retry window has closed. It returns how many.
func (s *Store) EraseRetries(ctx context.Context) (int64, error) {
	n, err := cleanup.Repeat(ctx, s.db, s.text.eraseRetries, retrySlice)
	return n, sqldb.Wrap("erasing sealed pairs", err)
}
