package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// row is one disruption under load, with the failures that clients noticed.
type row struct {
	what string
	took time.Duration
	counts
}

// disruptUnderLoad restarts and deletes pods under load, and returns an error when a client
// noticed. At the end it causes an outage that clients must notice, to show that the counters work.
func (e *env) disruptUnderLoad(ctx context.Context) error {
	stop := e.load()
	rows, err := e.disruptions(ctx)
	if err == nil {
		err = e.controlExperiment(ctx, &rows)
	}
	stop()
	table(rows)
	if err != nil {
		return err
	}
	for _, r := range rows[:len(rows)-1] {
		if r.lost > 0 || r.broken > 0 {
			return fmt.Errorf("%s: %d requests were lost and %d flows failed", r.what, r.lost, r.broken)
		}
	}
	return e.flow(0)
}

// disruptions are those of a cluster's normal operation.
func (e *env) disruptions(ctx context.Context) (rows []row, err error) {
	add := func(what string, do func() error) error {
		r, err := e.watch(what, do)
		rows = append(rows, r)
		return err
	}
	if err := add("nothing, for 20 s", func() error { time.Sleep(20 * time.Second); return nil }); err != nil {
		return rows, err
	}
	for _, name := range deployments() {
		if err := add("rollout restart of "+name, func() error { return e.restart(ctx, name) }); err != nil {
			return rows, err
		}
	}
	for _, name := range deployments() {
		if err := add("one pod of "+name+" deleted", func() error { return e.deleteOne(ctx, name) }); err != nil {
			return rows, err
		}
	}
	if err := add("token's database password rotated, nothing restarted", func() error { return e.rotate(ctx, "token") }); err != nil {
		return rows, err
	}
	return rows, add("rollout restart of all six at once", func() error { return e.restart(ctx, deployments()...) })
}

// controlExperiment deletes both pods of a service at once without a grace period, and requires
// that the counters show it.
func (e *env) controlExperiment(ctx context.Context, rows *[]row) error {
	r, err := e.watch("for comparison: both pods of token killed at once", func() error {
		if _, err := e.do(ctx, "delete", "pods", "--selector", "app.kubernetes.io/name=token", "--force", "--grace-period=0"); err != nil {
			return err
		}
		return e.waitForRollout(ctx, "token")
	})
	*rows = append(*rows, r)
	if err == nil && r.lost == 0 {
		err = errors.New("both pods of token were killed, and nothing was lost: the counters do not work")
	}
	return err
}

// watch runs a disruption and returns what clients noticed meanwhile.
func (e *env) watch(what string, do func() error) (row, error) {
	logf("%s", what)
	started, before := time.Now(), e.tally.now()
	if err := do(); err != nil {
		return row{what: what}, err
	}
	r := row{what, time.Since(started), e.tally.now().since(before)}
	logf("%d requests, %d lost, %d broken", r.requests, r.lost, r.broken)
	return r, nil
}

// restart restarts Deployments and waits until none of the previous pods is left.
func (e *env) restart(ctx context.Context, names ...string) error {
	before := map[string][]string{}
	for _, name := range names {
		var err error
		if before[name], err = e.pods(ctx, name); err != nil {
			return err
		}
		if _, err := e.do(ctx, "rollout", "restart", "deployment/"+name); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := e.waitForRollout(ctx, name); err != nil {
			return err
		}
		after, err := e.pods(ctx, name)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(after, func(pod string) bool { return slices.Contains(before[name], pod) }) {
			return fmt.Errorf("pods of %s are the same as before: %v", name, after)
		}
	}
	return nil
}

// deleteOne deletes a pod, as draining a node does, and waits for its replacement.
func (e *env) deleteOne(ctx context.Context, name string) error {
	pods, err := e.pods(ctx, name)
	if err != nil {
		return err
	}
	if _, err := e.do(ctx, "delete", pods[0]); err != nil {
		return err
	}
	return e.waitForRollout(ctx, name)
}

// table prints the rows as Markdown.
func table(rows []row) {
	fmt.Println("\n| what | seconds | requests | lost | repeated | flows | refreshes | broken |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range rows {
		fmt.Printf("| %s | %.0f | %d | %d | %d | %d | %d | %d |\n",
			r.what, r.took.Seconds(), r.requests, r.lost, r.repeated, r.flows, r.refreshes, r.broken)
	}
	fmt.Println()
}
