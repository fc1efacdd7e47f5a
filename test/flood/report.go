package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// The limits of the checks.
const (
	maxRatio = 1.2
	// minRate is the part of the wanted rate that must be reached: the last requests of a slice are not
	// sent when it ends.
	minRate = 0.98
)

// kind is one of the two kinds of requests that others make.
type kind struct {
	name string
	of   func(latencies) []time.Duration
}

func kinds() []kind {
	return []kind{
		{"introspection", func(l latencies) []time.Duration { return l.introspections }},
		{"refresh", func(l latencies) []time.Duration { return l.refreshes }},
	}
}

// report prints the tables and returns the checks that failed.
func (m *measurement) report(ctx context.Context) error {
	errs := []error{m.reportOthers(), m.reportRatios()}
	m.reportCPU()
	return errors.Join(append(errs, m.reportLog(ctx))...)
}

func (m *measurement) reportOthers() error {
	var errs []error
	fmt.Printf("%d rounds of %s at each gateway\n\n| | refused a minute | introspection p50 | p99 | refresh p50 | p99 | calls | failed |\n", len(m.on.slices), m.length)
	fmt.Print("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, s := range []*series{&m.quiet, &m.off, &m.on} {
		fmt.Printf("| %s | %.0f |", s.name, s.perMinute())
		calls, failed := 0, 0
		for _, k := range kinds() {
			all := pooled(s.slices, k)
			fmt.Printf(" %s | %s |", ms(at(all, 50)), ms(at(all, 99)))
			calls += len(all)
		}
		for _, l := range s.slices {
			failed += l.failed
			errs = append(errs, l.firstErr)
		}
		fmt.Printf(" %d | %d |\n", calls, failed)
		if s != &m.quiet && s.perMinute() < minRate*float64(m.perMinute) {
			errs = append(errs, fmt.Errorf("%s: %.0f requests a minute were refused, and %d were wanted", s.name, s.perMinute(), m.perMinute))
		}
	}
	return errors.Join(errs...)
}

// compared are two series, of which the first one may take longer by the limit.
type compared struct {
	name           string
	slower, faster *series
}

// compared returns the ratios that have a limit: the flood with the log to no flood at all, and the part of
// the log in it.
func (m *measurement) compared() []compared {
	return []compared{{"recorded : no flood", &m.on, &m.quiet}, {"recorded : not recorded", &m.on, &m.off}}
}

func (m *measurement) reportRatios() error {
	var errs []error
	fmt.Print("\n| | p50 | p99 | p99, 90% interval |\n| --- | --- | --- | --- |\n")
	for _, c := range m.compared() {
		for _, k := range kinds() {
			slower, faster := pooled(c.slower.slices, k), pooled(c.faster.slices, k)
			p50, p99 := ratio(slower, faster, 50), ratio(slower, faster, 99)
			low, high := c.interval(k)
			fmt.Printf("| %s, %s | %.2f | %.2f | %.2f to %.2f |\n", c.name, k.name, p50, p99, low, high)
			if p99 > maxRatio {
				errs = append(errs, fmt.Errorf("%s: the p99 of %s is %.2f times as long, and at most %.1f is wanted", c.name, k.name, p99, maxRatio))
			}
		}
	}
	return errors.Join(errs...)
}

// undecided reports whether the interval of a ratio has the limit in it.
func (m *measurement) undecided() bool {
	return slices.ContainsFunc(m.compared(), func(c compared) bool {
		return slices.ContainsFunc(kinds(), func(k kind) bool {
			low, high := c.interval(k)
			return low <= maxRatio && maxRatio < high
		})
	})
}

// interval returns the 5th and the 95th percentile of the ratio of the p99, for rounds that are drawn
// from those that were measured (a bootstrap).
func (c compared) interval(k kind) (low, high float64) {
	const draws = 200
	var ratios []float64
	random := rand.New(rand.NewPCG(1, 2))
	for range draws {
		var slower, faster []latencies
		for range c.slower.slices {
			n := random.IntN(len(c.slower.slices))
			slower, faster = append(slower, c.slower.slices[n]), append(faster, c.faster.slices[n])
		}
		ratios = append(ratios, ratio(pooled(slower, k), pooled(faster, k), 99))
	}
	slices.Sort(ratios)
	return ratios[draws*5/100], ratios[draws*95/100]
}

// reportCPU prints the CPU time of each process in a second of the slices.
func (m *measurement) reportCPU() {
	fmt.Print("\n| CPU time a second | not recorded | recorded |\n| --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(m.on.cpu)) {
		perSecond := func(s *series) time.Duration { return time.Duration(float64(s.cpu[name]) / s.took.Seconds()) }
		fmt.Printf("| %s | %s | %s |\n", name, ms(perSecond(&m.off)), ms(perSecond(&m.on)))
	}
}

// pooled returns the durations of all slices, sorted.
func pooled(slicesOf []latencies, k kind) (all []time.Duration) {
	for _, l := range slicesOf {
		all = append(all, k.of(l)...)
	}
	slices.Sort(all)
	return all
}

// at returns a percentile of a sorted list.
func at(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*percent/100]
}

func ratio(a, b []time.Duration, percent int) float64 {
	return float64(at(a, percent)) / float64(at(b, percent))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
