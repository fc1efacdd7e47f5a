package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// row is one thing that was done under load, and what clients noticed of it.
type row struct {
	what string
	took time.Duration
	counts
}

// disturb restarts and deletes under load, and fails when a client noticed. At the end it does what clients must notice, so
// that the count is known to count.
func (e *env) disturb(ctx context.Context) error {
	stop := e.load()
	rows, err := e.scenes(ctx)
	if err == nil {
		err = e.control(ctx, &rows)
	}
	stop()
	table(rows)
	if err != nil {
		return err
	}
	for _, r := range rows[:len(rows)-1] {
		if r.lost > 0 || r.broken > 0 {
			return fmt.Errorf("%s: %d requests were lost and %d flows broke off", r.what, r.lost, r.broken)
		}
	}
	return e.flow(0)
}

// scenes are what a cluster does every day.
func (e *env) scenes(ctx context.Context) (rows []row, err error) {
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
	return rows, add("rollout restart of all five at once", func() error { return e.restart(ctx, deployments()...) })
}

// control deletes both pods of a service at once and grants them no time, and wants the count to show it.
func (e *env) control(ctx context.Context, rows *[]row) error {
	r, err := e.watch("for comparison: both pods of token killed at once", func() error {
		if _, err := e.do(ctx, "delete", "pods", "--selector", "app.kubernetes.io/name=token", "--force", "--grace-period=0"); err != nil {
			return err
		}
		return e.settled(ctx, "token")
	})
	*rows = append(*rows, r)
	if err == nil && r.lost == 0 {
		err = errors.New("both pods of token were killed, and nothing was lost: the count counts nothing")
	}
	return err
}

// watch does something and answers what clients noticed meanwhile.
func (e *env) watch(what string, do func() error) (row, error) {
	say("%s", what)
	begun, before := time.Now(), e.tally.now()
	if err := do(); err != nil {
		return row{what: what}, err
	}
	r := row{what, time.Since(begun), e.tally.now().since(before)}
	say("%d requests, %d lost, %d broken", r.requests, r.lost, r.broken)
	return r, nil
}

// restart rolls Deployments and waits until none of the pods of before is left.
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
		if err := e.settled(ctx, name); err != nil {
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

// deleteOne deletes a pod, as a node that is emptied does, and waits for the one in its place.
func (e *env) deleteOne(ctx context.Context, name string) error {
	pods, err := e.pods(ctx, name)
	if err != nil {
		return err
	}
	if _, err := e.do(ctx, "delete", pods[0]); err != nil {
		return err
	}
	return e.settled(ctx, name)
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
