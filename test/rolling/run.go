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

// Options say how much and how long.
type Options struct {
	Load Load
	// For is how long to go on with rounds of everything; at least one is done.
	For time.Duration
}

// Report is what clients noticed.
type Report struct {
	Tally   *Tally
	Verdict *Verdict
	// Took is from the first request to the last, Away the longest time that PostgreSQL took to restart.
	Took, Away time.Duration
}

// Broken are the promises that were not kept.
func (r *Report) Broken() []string {
	var broken []string
	for what, n := range map[string]int{
		"double issues": r.Verdict.DoubleIssues, "stale allows": r.Verdict.StaleAllows,
		"live tokens denied": r.Verdict.FalseDenials, "live tokens that nobody has": r.Verdict.Unowned,
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

// covered is how long PostgreSQL may be away so that one retry, as late as Retry-After says, still finds it
// (docs/resilience.md).
const covered = 4 * time.Second

// promised says whether one retry must be enough. A sign-in in progress may be lost with the Redis master that held it, and
// nothing answers while PostgreSQL is away for longer than is waited for: both are told by 503.
func (r *Report) promised(k kind, phase string) bool {
	switch phase {
	case masterKilled, failoverAsked:
		return k != flowing
	case postgresRestarted:
		return r.Away < covered && k != flowing
	}
	return true
}

// Print writes the counts, and in words what went wrong first.
func (r *Report) Print(out io.Writer) {
	fmt.Fprintf(out, "%s of load. Each cell: operations / repeated once / failed all the same.\n\n", r.Took.Round(time.Second))
	r.Tally.print(out)
	r.Verdict.print(out)
	fmt.Fprintf(out, "\nPostgreSQL was away for %s at most.\n", r.Away.Round(100*time.Millisecond))
}

// Details are the first failures and retries in words.
func (r *Report) Details() []string {
	return slices.Concat(r.Verdict.details, r.Tally.failures, r.Tally.retries)
}

// Run starts two replicas of everything in dir, puts the load on them, does to them what the package says, and counts.
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
	begun := time.Now()
	if err := w.begin(ctx, load); err != nil {
		return nil, err
	}
	err = w.rounds(ctx, o.For)
	stop()
	w.running.Wait()
	report := &Report{Tally: w.tally, Verdict: w.verdict, Took: time.Since(begun), Away: w.away}
	if err != nil {
		return report, err
	}
	return report, w.audit(ctx)
}

// begin hires everybody and starts the load.
func (w *world) begin(ctx, load context.Context) error {
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
			email, err := w.hire(ctx, fmt.Sprintf("%s-%d", crew.name, i))
			if err != nil {
				return err
			}
			w.running.Go(func() { crew.work(load, email) })
		}
	}
	for k := range w.asks {
		for range w.load.Introspectors {
			w.running.Go(func() { w.keepAsking(load, k) })
		}
	}
	return w.settle(ctx)
}

// rounds does one thing after another, each when all went well again after the one before.
func (w *world) rounds(ctx context.Context, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; {
		for _, s := range w.steps() {
			w.tally.enter(s.phase)
			if err := s.do(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.phase, err)
			}
			if err := w.settle(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.phase, err)
			}
		}
		if !time.Now().Before(deadline) {
			return nil
		}
	}
}

// quickly finds a replica that came back within a second and a little.
func quickly() backoff.Config {
	return backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}
}
