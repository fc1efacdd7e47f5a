package token

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/services/token/internal/store"
)

// eraseRetriesEvery is how long a sealed token pair stays at most after its retry window has closed.
// It does not follow token.refresh_retry_window, since a client may have a window of its own. A run
// that finds nothing reads an empty index.
const eraseRetriesEvery = 5 * time.Second

// startCleanup starts three cleanup loops, each run by one replica at a time: one creates
// partitions ahead and drops expired ones, one deletes dead token families and API keys, and one
// erases sealed token pairs soon after their retry window has closed. A run that fails is retried:
// partitions exist for hours ahead.
func (s *Service) startCleanup(ctx context.Context, group *errgroup.Group) {
	keeper := cleanup.Runner{
		Name: "token", DB: s.deps.DB, Logger: s.deps.Logger,
		Every: store.Rest(s.config.lifetimes(), s.config.retention()), Work: s.runCleanup, Done: s.deps.Metrics.CleanupSucceeded,
	}
	group.Go(func() error { keeper.Run(ctx); return nil })
	sweeper := cleanup.Runner{
		Name: "token families", DB: s.deps.DB, Logger: s.deps.Logger, Every: cleanup.Hourly, Later: true, Done: s.deps.Metrics.CleanupSucceeded,
		Work: func(ctx context.Context) error { return s.store.Sweep(ctx, s.config.retention()) },
	}
	group.Go(func() error { sweeper.Run(ctx); return nil })
	retries := cleanup.Runner{
		Name: "token retries", DB: s.deps.DB, Logger: s.deps.Logger, Every: eraseRetriesEvery, Done: s.deps.Metrics.CleanupSucceeded,
		Work: func(ctx context.Context) error {
			_, err := s.store.EraseRetries(ctx)
			return err
		},
	}
	group.Go(func() error { retries.Run(ctx); return nil })
}

// runCleanup is one run of the first loop.
func (s *Service) runCleanup(ctx context.Context) error {
	err := s.store.CleanUp(ctx, s.config.lifetimes(), s.config.retention())
	// The gauge of the partitions that exist matters most when the cleanup has failed.
	until, reading := s.store.RoomUntil(ctx, s.config.lifetimes())
	for table, at := range until {
		s.deps.Metrics.RoomUntil(table, at)
	}
	return errors.Join(err, reading)
}
