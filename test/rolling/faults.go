package rolling

import (
	"context"
	"fmt"
	"time"
)

// step is one fault or replacement.
type step struct {
	phase string
	do    func(ctx context.Context) error
}

// The phases in which a server that Usher depends on is briefly unavailable.
const (
	masterKilled      = "Redis master killed"
	failoverRequested = "Redis failover asked for"
	postgresRestarted = "PostgreSQL restarted"
)

// mayLose reports whether a phase may lose what a sign-in or an authorization has stored so far.
func mayLose(phase string) bool { return phase == masterKilled || phase == failoverRequested }

// steps returns one round of all faults and replacements.
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
		step{failoverRequested, f.redis.Failover},
		step{"afterwards", nothing},
	)
}

// restartPostgres restarts PostgreSQL after a checkpoint, as an operator does.
func (w *world) restartPostgres(ctx context.Context) error {
	if err := w.fleet.postgres.Checkpoint(ctx); err != nil {
		return err
	}
	started := time.Now()
	err := w.fleet.postgres.Restart()
	w.away = max(w.away, time.Since(started))
	return err
}

// nothing waits without a fault.
func nothing(ctx context.Context) error {
	pause(ctx, 2*time.Second)
	return ctx.Err()
}

// reissue replaces every certificate in place, under running processes.
func (f *fleet) reissue() error {
	for _, name := range []string{"identity", "authz", "token", "consent", "activity", "gateway", resourceServer} {
		if err := f.deployment.Authority().Issue(name); err != nil {
			return fmt.Errorf("issuing for %s: %w", name, err)
		}
	}
	return nil
}

// renewAuthority replaces the authority as docs/operations.md says: both are trusted, every
// certificate is signed anew, the old authority is removed. Open connections are not closed; the
// replacement of the processes that follows opens new ones.
func (f *fleet) renewAuthority() error {
	if err := f.deployment.Authority().Renew(); err != nil {
		return err
	}
	if err := f.reissue(); err != nil {
		return err
	}
	return f.deployment.Authority().Retire()
}

// replace stops a process as a rollout does, and starts it again.
func (f *fleet) replace(name string) error {
	if _, err := f.deployment.StopOne(name); err != nil {
		return err
	}
	return f.deployment.StartOne(name)
}

// recovery is the timeout for every kind of operation to succeed again, after which the run fails.
const recovery = time.Minute

// waitUntilRecovered waits until every kind of operation has succeeded since now.
func (w *world) waitUntilRecovered(ctx context.Context) error {
	before := map[kind]int{}
	for _, k := range kinds() {
		before[k] = w.tally.succeeded(k)
	}
	for deadline := time.Now().Add(recovery); ; pause(ctx, 20*time.Millisecond) {
		waits := ""
		for _, k := range kinds() {
			if w.tally.succeeded(k) < before[k]+2 { // the second one has started after now
				waits = string(k)
			}
		}
		if waits == "" || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s do not succeed again within %s", waits, recovery)
		}
	}
}
