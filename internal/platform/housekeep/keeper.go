package housekeep

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Keeper runs a service's housekeeping again and again, in one of its replicas.
type Keeper struct {
	// Name is what is kept: with the database, it says who excludes each other.
	Name   string
	DB     *sqldb.DB
	Logger *slog.Logger
	// Every is how often: the first time right away, or with Later after a part of that, so that a restart of all replicas does
	// not begin with hard work.
	Every time.Duration
	Later bool
	// Work is one run. What it does not finish, the next does.
	Work func(ctx context.Context) error
	// Done, if not nil, hears of every run that succeeded in this replica, and of the beginning, so that silence has an age.
	Done func(name string, at time.Time)
}

// laterPart is after which part of a rest the first run begins that is not to begin right away.
const laterPart = 6

// Hourly is often enough for tables that grow as people do.
const Hourly = time.Hour

// Run keeps house until ctx ends. A run that fails is logged, and is tried again when its time comes.
func (k Keeper) Run(ctx context.Context) {
	lead := k.DB.Lead("housekeeping/" + k.Name)
	defer lead.Close()
	tick := time.NewTicker(k.Every)
	defer tick.Stop()
	k.done()
	if k.Later {
		first := time.NewTimer(k.Every / laterPart)
		defer first.Stop()
		select {
		case <-ctx.Done():
			return
		case <-first.C:
		}
	}
	for {
		k.once(ctx, lead)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (k Keeper) once(ctx context.Context, lead *sqldb.Lead) {
	led, err := lead.Do(ctx, k.Work)
	switch {
	case ctx.Err() != nil:
	case err != nil && !errors.Is(err, context.Canceled):
		k.Logger.ErrorContext(ctx, "housekeeping failed", "of", k.Name, "error", err)
	case err != nil:
		k.Logger.WarnContext(ctx, "housekeeping was broken off, another replica may go on", "of", k.Name, "error", err)
	case led:
		k.done()
	}
}

func (k Keeper) done() {
	if k.Done != nil {
		k.Done(k.Name, time.Now())
	}
}
