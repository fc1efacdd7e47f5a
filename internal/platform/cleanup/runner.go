package cleanup

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Runner runs a service's cleanup periodically, on one replica at a time.
type Runner struct {
	// Name identifies the cleanup. Runners with the same name and database exclude each other.
	Name   string
	DB     *sqldb.DB
	Logger *slog.Logger
	// Every is the interval between two runs. The first run starts immediately, or with Later after
	// a sixth of the interval, so that a restart of all replicas does not start with expensive
	// deletes.
	Every time.Duration
	Later bool
	// Work is one run. Rows that it does not reach are left to the next run.
	Work func(ctx context.Context) error
	// Done, if not nil, is called after every successful run on this replica, and once at the
	// start, so that a metric of the last success has a value before the first run.
	Done func(name string, at time.Time)
}

// lockPrefix starts the name of the advisory lock. Release 0.1 uses the same name: during a rolling
// upgrade its replicas and ours must exclude each other.
const lockPrefix = "housekeeping/"

// laterPart is the fraction of Every (one sixth) after which the first run starts with Later.
const laterPart = 6

// Hourly is the interval for tables that grow with the number of users.
const Hourly = time.Hour

// Run runs cleanup until ctx ends. A failed run is logged and retried after the interval.
func (r Runner) Run(ctx context.Context) {
	lock := r.DB.LeaderLock(lockPrefix + r.Name)
	defer lock.Close()
	tick := time.NewTicker(r.Every)
	defer tick.Stop()
	r.done()
	if r.Later {
		first := time.NewTimer(r.Every / laterPart)
		defer first.Stop()
		select {
		case <-ctx.Done():
			return
		case <-first.C:
		}
	}
	for {
		r.once(ctx, lock)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r Runner) once(ctx context.Context, lock *sqldb.LeaderLock) {
	leads, err := lock.Do(ctx, r.Work)
	if err != nil {
		lock.Close() // another replica, which may have what this one lacks, gets it at its next attempt
	}
	switch {
	case ctx.Err() != nil:
	case err != nil && !errors.Is(err, context.Canceled):
		r.Logger.ErrorContext(ctx, "cleanup failed", "cleanup", r.Name, "error", err)
	case err != nil:
		r.Logger.WarnContext(ctx, "cleanup was interrupted, another replica may continue it", "cleanup", r.Name, "error", err)
	case leads:
		r.done()
	}
}

func (r Runner) done() {
	if r.Done != nil {
		r.Done(r.Name, time.Now())
	}
}
