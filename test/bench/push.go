package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vidocu/usher/test/harness"
)

const (
	// clients hold each token that ends, every one in a process of its own.
	clients = 50
	// endings is how often each of the five ways of ending is gone.
	endings = 10
	// unheard is how long a client may take before the measurement is given up.
	unheard = 10 * time.Second
)

// push is how long after a revocation has returned the clients denied, 0 for those who did before.
type push struct {
	way            string
	p50, p99, last time.Duration
}

// measurePush ends credentials that fifty resource servers hold in memory, on two replicas of every service.
func measurePush(ctx context.Context, at place, r *report) error {
	dir := filepath.Join(at.dir, "push")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	servers, err := harness.NewServers(ctx)
	if err != nil {
		return err
	}
	d, err := harness.Replicated(at.bins, dir, servers, 2, withoutBudgets())
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the figures are taken by then
	probes, err := d.StartProbes(at.bins, clients, func(i int) string { return d.TokenAddrs[i%len(d.TokenAddrs)] })
	if err != nil {
		return err
	}
	defer harness.CloseProbes(probes) //nolint:errcheck // the same
	delays := map[string][]time.Duration{}
	var ways []string
	for round := range endings {
		victims, err := d.LiveCredentials(ctx)
		if err != nil {
			return err
		}
		for _, v := range victims {
			if round == 0 {
				ways = append(ways, v.Name)
			}
			took, err := endOne(ctx, probes, v, round)
			if err != nil {
				return fmt.Errorf("%s: %w", v.Name, err)
			}
			delays[v.Name] = append(delays[v.Name], took...)
		}
	}
	for _, way := range ways {
		all := delays[way]
		slices.Sort(all)
		r.pushes = append(r.pushes, push{way, all[len(all)/2], all[len(all)*99/100], all[len(all)-1]})
	}
	return nil
}

// endOne has every client hold a credential, ends it, and answers when each denied it.
func endOne(ctx context.Context, probes []*harness.Probe, v harness.LiveCredential, round int) ([]time.Duration, error) {
	name := fmt.Sprintf("%s-%d", v.Name, round)
	for _, p := range probes {
		if err := p.StartChecking(name, v.Token); err != nil {
			return nil, err
		}
	}
	for _, p := range probes {
		if _, ok := p.WaitForEvent("allowed "+name, unheard); !ok {
			return nil, errors.New("a client does not allow what is live")
		}
	}
	if err := v.Revoke(ctx); err != nil {
		return nil, err
	}
	returned := time.Now()
	var took []time.Duration
	for _, p := range probes {
		at, ok := p.WaitForEvent("denied "+name, unheard)
		if !ok {
			return nil, errors.New("a client still allows what has ended")
		}
		took = append(took, max(0, at.Sub(returned)))
	}
	for _, p := range probes {
		if err := p.StopChecking(name); err != nil {
			return nil, err
		}
	}
	return took, nil
}
