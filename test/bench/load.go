package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// result is one load's outcome.
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

// total is the CPU time per operation of all groups.
func (r result) total() time.Duration {
	var sum time.Duration
	for _, d := range r.cpu {
		sum += d
	}
	return sum
}

// warmUp is the part of a load that is not measured: connections, prepared statements, the scheduler.
const warmUp = 1500 * time.Millisecond

// load runs op from o.concurrency callers for the duration and measures the meter's groups meanwhile. op gets the caller's number.
func load(ctx context.Context, o options, name string, m meter, op func(ctx context.Context, caller int) error) (result, error) {
	if _, err := drive(ctx, o.concurrency, warmUp, op); err != nil {
		return result{}, err
	}
	before, err := m.read()
	if err != nil {
		return result{}, err
	}
	begun := time.Now()
	done, err := drive(ctx, o.concurrency, o.duration, op)
	if err != nil {
		return result{}, err
	}
	elapsed := time.Since(begun)
	after, err := m.read()
	if err != nil {
		return result{}, err
	}
	r := summarise(name, done, elapsed)
	r.cpu = make(map[string]time.Duration, len(after))
	for group := range after {
		r.cpu[group] = (after[group] - before[group]) / time.Duration(max(r.ops, 1))
	}
	return r, nil
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
				begun := time.Now()
				if err := op(ctx, i); err != nil {
					t.errors++
					if t.firstErr == nil {
						t.firstErr = err
					}
					continue
				}
				t.latencies = append(t.latencies, time.Since(begun))
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
