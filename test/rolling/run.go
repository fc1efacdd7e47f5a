package rolling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc/backoff"
)

// Options are the size and duration of a run.
type Options struct {
	Load Load
	// For is the duration of a run, in whole rounds; it has at least one.
	For time.Duration
}

// Report holds the counts of a run.
type Report struct {
	Tally   *Tally
	Verdict *Verdict
	// Took is the time from the first request to the last, Away the longest restart of PostgreSQL.
	Took, Away time.Duration
}

// Broken returns the broken promises.
func (r *Report) Broken() []string {
	var broken []string
	for what, n := range map[string]int{
		"double issues": r.Verdict.DoubleIssues, "stale allows": r.Verdict.StaleAllows,
		"live tokens denied": r.Verdict.FalseDenials, "live tokens that no client has": r.Verdict.Unowned,
	} {
		if n > 0 {
			broken = append(broken, fmt.Sprintf("%s: %d", what, n))
		}
	}
	if r.Verdict.Rotations == 0 || r.Verdict.Codes == 0 || r.Tally.sum(revoking).Done == 0 {
		broken = append(broken, "there was no load")
	}
	for _, phase := range r.Tally.phases {
		for _, k := range kinds() {
			if n := r.Tally.sum(k, phase).Failed; n > 0 && r.promised(k, phase) {
				broken = append(broken, fmt.Sprintf("%s: %s that failed in spite of the retry: %d", phase, k, n))
			}
		}
	}
	return broken
}

// covered is how long PostgreSQL may be unavailable so that one retry, after Retry-After, succeeds
// (docs/resilience.md).
const covered = 4 * time.Second

// promised reports whether one retry must be enough. A sign-in in progress may be lost with the
// Redis master that held it, and every request fails while PostgreSQL is unavailable for longer
// than the retry waits: both return 503.
func (r *Report) promised(k kind, phase string) bool {
	switch {
	case mayLose(phase):
		return k != flowing
	case phase == postgresRestarted:
		return r.Away < covered && k != flowing
	}
	return true
}

// Print writes the counts and the first failures.
func (r *Report) Print(out io.Writer) {
	fmt.Fprintf(out, "%s of load. Each cell: operations / repeated once / failed all the same.\n\n", r.Took.Round(time.Second))
	r.Tally.print(out)
	r.Verdict.print(out)
	fmt.Fprintf(out, "\nPostgreSQL was away for %s at most.\n", r.Away.Round(100*time.Millisecond))
}

// Details returns the first failures and retries as text.
func (r *Report) Details() []string {
	return slices.Concat(r.Verdict.details, r.Tally.failures, r.Tally.retries)
}

// Run starts two replicas of every service in dir, puts them under load, runs the faults, and
// counts.
func Run(ctx context.Context, dir string, o Options) (*Report, error) {
	f, err := startFleet(ctx, dir)
	if err != nil {
		return nil, err
	}
	w := newWorld(f, o.Load)
	report, err := w.run(ctx, o)
	return report, errors.Join(err, f.close())
}

func (w *world) run(ctx context.Context, o Options) (*Report, error) {
	end, err := w.dial()
	if err != nil {
		return nil, err
	}
	defer end()
	w.tally.enter("start")
	load, stop := context.WithCancel(ctx)
	defer stop()
	started := time.Now()
	if err := w.start(ctx, load); err != nil {
		return nil, err
	}
	err = w.rounds(ctx, o.For)
	stop()
	w.running.Wait()
	report := &Report{Tally: w.tally, Verdict: w.verdict, Took: time.Since(started), Away: w.away}
	if err != nil {
		return report, err
	}
	return report, w.audit(ctx)
}

// start creates the users and starts the load.
func (w *world) start(ctx, load context.Context) error {
	crews := []struct {
		name string
		size int
		work func(ctx context.Context, email string)
	}{
		{"flow", w.load.Flows, w.keepFlowing},
		{"chain", w.load.Chains, w.keepRefreshing},
		{"revoker", w.load.Revokers, w.keepRevoking},
	}
	for _, crew := range crews {
		for i := range crew.size {
			email, err := w.createUser(ctx, fmt.Sprintf("%s-%d", crew.name, i))
			if err != nil {
				return err
			}
			w.running.Go(func() { crew.work(load, email) })
		}
	}
	for k := range w.introspectors {
		for range w.load.Introspectors {
			w.running.Go(func() { w.keepIntrospecting(load, k) })
		}
	}
	return w.waitUntilRecovered(ctx)
}

// rounds runs one step after another, each when everything has recovered from the one before.
func (w *world) rounds(ctx context.Context, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; {
		for _, s := range w.steps() {
			w.tally.enter(s.phase)
			if err := s.do(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.phase, err)
			}
			if err := w.waitUntilRecovered(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.phase, err)
			}
		}
		if !time.Now().Before(deadline) {
			return nil
		}
	}
}

// quickly reconnects to a restarted replica within little more than a second.
func quickly() backoff.Config {
	return backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}
}
