package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// result is the outcome of one load.
type result struct {
	name     string
	ops      int
	errors   int
	firstErr error
	perSec   float64
	p50, p99 time.Duration
	// cpu is the CPU time per operation of each group of processes.
	cpu map[string]time.Duration
}

// total returns the CPU time per operation of all groups.
func (r result) total() time.Duration {
	var sum time.Duration
	for _, d := range r.cpu {
		sum += d
	}
	return sum
}

// warmUp is the unmeasured start of a load: connections, prepared statements, the scheduler.
const warmUp = 1500 * time.Millisecond

// parts is the number of parts in which each of several loads is measured, in turns.
const parts = 4

// side is a load, measured alone or in turns with others.
type side struct {
	name  string
	meter meter
	// op receives the caller's number.
	op func(ctx context.Context, caller int) error
	// beside, if not nil, runs while op is measured, until its context is done.
	beside func(ctx context.Context)
	// profile, if not nil, starts profiles of that length, and returns a function that waits for
	// them.
	profile func(name string, length time.Duration) func() error

	// warmUp overrides the usual warm-up, and warm, if not nil, is called after it.
	warmUp time.Duration
	warm   func(ctx context.Context) error

	tallies []tally
	elapsed time.Duration
	cpu     map[string]time.Duration
}

// load runs op with o.concurrency callers for the duration, and measures the meter's groups
// meanwhile.
func load(ctx context.Context, o options, name string, m meter, op func(ctx context.Context, caller int) error) (result, error) {
	results, err := inTurns(ctx, o, &side{name: name, meter: m, op: op})
	if err != nil {
		return result{}, err
	}
	return results[0], nil
}

// inTurns measures several loads one part at a time, one after the other and again, so that a
// change in the machine's speed affects all of them.
func inTurns(ctx context.Context, o options, sides ...*side) ([]result, error) {
	for _, s := range sides {
		if _, err := drive(ctx, o.concurrency, max(warmUp, s.warmUp), s.op); err != nil {
			return nil, err
		}
		if s.warm == nil {
			continue
		}
		if err := s.warm(ctx); err != nil {
			return nil, err
		}
	}
	for range parts {
		for _, s := range sides {
			if err := s.measure(ctx, o.concurrency, o.duration/parts); err != nil {
				return nil, err
			}
		}
	}
	var results []result
	for _, s := range sides {
		results = append(results, s.result())
	}
	return results, nil
}

// measure runs and adds one part.
func (s *side) measure(ctx context.Context, callers int, d time.Duration) error {
	if s.beside != nil {
		company, leave := context.WithCancel(ctx)
		var gone sync.WaitGroup
		gone.Go(func() { s.beside(company) })
		defer gone.Wait()
		defer leave()
	}
	before, err := s.meter.read()
	if err != nil {
		return err
	}
	wait := func() error { return nil }
	if s.profile != nil {
		wait = s.profile(s.name, d)
	}
	started := time.Now()
	done, err := drive(ctx, callers, d, s.op)
	if err != nil {
		return err
	}
	s.tallies, s.elapsed = append(s.tallies, done...), s.elapsed+time.Since(started)
	after, err := s.meter.read()
	if err != nil {
		return err
	}
	if s.cpu == nil {
		s.cpu = map[string]time.Duration{}
	}
	for group := range after {
		s.cpu[group] += after[group] - before[group]
	}
	return wait()
}

func (s *side) result() result {
	r := summarise(s.name, s.tallies, s.elapsed)
	r.cpu = make(map[string]time.Duration, len(s.cpu))
	for group, d := range s.cpu {
		r.cpu[group] = d / time.Duration(max(r.ops, 1))
	}
	return r
}

// tally is one caller's count.
type tally struct {
	latencies []time.Duration
	errors    int
	firstErr  error
}

func drive(ctx context.Context, callers int, d time.Duration, op func(ctx context.Context, caller int) error) ([]tally, error) {
	tallies := make([]tally, callers)
	deadline := time.Now().Add(d)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			t := &tallies[i]
			for time.Now().Before(deadline) && ctx.Err() == nil {
				started := time.Now()
				if err := op(ctx, i); err != nil {
					t.errors++
					if t.firstErr == nil {
						t.firstErr = err
					}
					continue
				}
				t.latencies = append(t.latencies, time.Since(started))
			}
		})
	}
	wg.Wait()
	return tallies, ctx.Err()
}

func summarise(name string, tallies []tally, elapsed time.Duration) result {
	r := result{name: name}
	var all []time.Duration
	for _, t := range tallies {
		all = append(all, t.latencies...)
		r.errors += t.errors
		if r.firstErr == nil {
			r.firstErr = t.firstErr
		}
	}
	r.ops = len(all)
	r.perSec = float64(r.ops) / elapsed.Seconds()
	if len(all) > 0 {
		slices.Sort(all)
		r.p50, r.p99 = all[len(all)/2], all[len(all)*99/100]
	}
	return r
}
