package rolling

import (
	"context"
	"fmt"
	"time"
)

// step is one thing that is done to the fleet.
type step struct {
	phase string
	do    func(ctx context.Context) error
}

// The phases in which something that Usher stands on goes away, for a moment.
const (
	masterKilled      = "Redis master killed"
	failoverAsked     = "Redis failover asked for"
	postgresRestarted = "PostgreSQL restarted"
)

// steps are one round of everything.
func (w *world) steps() []step {
	f := w.fleet
	all := []step{
		{"quiet", nothing},
		{"certificates reissued", func(context.Context) error { return f.reissue() }},
		{"authority renewed", func(context.Context) error { return f.renewAuthority() }},
	}
	for _, name := range f.deployment.Names() {
		all = append(all, step{"each process replaced", func(context.Context) error { return f.replace(name) }})
	}
	return append(all,
		step{masterKilled, f.redis.KillMaster},
		step{postgresRestarted, w.restartPostgres},
		step{failoverAsked, f.redis.Failover},
		step{"afterwards", nothing},
	)
}

// restartPostgres restarts it as an operator does, who has a checkpoint written before.
func (w *world) restartPostgres(ctx context.Context) error {
	if err := w.fleet.postgres.Checkpoint(ctx); err != nil {
		return err
	}
	begun := time.Now()
	err := w.fleet.postgres.Restart()
	w.away = max(w.away, time.Since(begun))
	return err
}

// nothing is done for a while.
func nothing(ctx context.Context) error {
	pause(ctx, 2*time.Second)
	return ctx.Err()
}

// reissue replaces every certificate in place, under processes that run.
func (f *fleet) reissue() error {
	for _, name := range []string{"identity", "authz", "token", "consent", "gateway", resourceServer} {
		if err := f.deployment.Authority().Issue(name); err != nil {
			return fmt.Errorf("issuing for %s: %w", name, err)
		}
	}
	return nil
}

// renewAuthority replaces the authority as docs/operations.md says: both are believed, all are signed anew, the old one goes.
// Connections that stand are not disturbed; the replacement of the processes that follows makes new ones.
func (f *fleet) renewAuthority() error {
	if err := f.deployment.Authority().Renew(); err != nil {
		return err
	}
	if err := f.reissue(); err != nil {
		return err
	}
	return f.deployment.Authority().Retire()
}

// replace ends a process as a rollout does, and starts it again.
func (f *fleet) replace(name string) error {
	if _, err := f.deployment.StopOne(name); err != nil {
		return err
	}
	return f.deployment.StartOne(name)
}

// recovery is how long everything may take to go well again before the run is given up.
const recovery = time.Minute

// settle waits until everybody has had success again since now.
func (w *world) settle(ctx context.Context) error {
	before := map[kind]int{}
	for _, k := range kinds() {
		before[k] = w.tally.well(k)
	}
	for deadline := time.Now().Add(recovery); ; pause(ctx, 20*time.Millisecond) {
		waits := ""
		for _, k := range kinds() {
			if w.tally.well(k) < before[k]+2 { // the second has begun after now
				waits = string(k)
			}
		}
		if waits == "" || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s do not go well again within %s", waits, recovery)
		}
	}
}
