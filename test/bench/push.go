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
	// clients is the number of resource servers that check each revoked credential, every one in a
	// process of its own.
	clients = 50
	// revocations is how often each of the five kinds of revocation is measured.
	revocations = 10
	// eventTimeout is the timeout for one client, after which the measurement fails.
	eventTimeout = 10 * time.Second
)

// push holds the delay between the response to a revocation and the first denial, over all clients;
// 0 for a client that denied before the response.
type push struct {
	kind           string
	p50, p99, last time.Duration
}

// measurePush revokes credentials that fifty resource servers have cached, with two replicas of
// every service.
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
	defer d.Close() //nolint:errcheck // the measurement is done
	probes, err := d.StartProbes(at.bins, clients, func(i int) string { return d.TokenAddrs[i%len(d.TokenAddrs)] })
	if err != nil {
		return err
	}
	defer harness.CloseProbes(probes) //nolint:errcheck // the measurement is done
	delays := map[string][]time.Duration{}
	var kinds []string
	for round := range revocations {
		credentials, err := d.LiveCredentials(ctx)
		if err != nil {
			return err
		}
		for _, credential := range credentials {
			if round == 0 {
				kinds = append(kinds, credential.Name)
			}
			took, err := revokeOne(ctx, probes, credential, round)
			if err != nil {
				return fmt.Errorf("%s: %w", credential.Name, err)
			}
			delays[credential.Name] = append(delays[credential.Name], took...)
		}
	}
	for _, kind := range kinds {
		all := delays[kind]
		slices.Sort(all)
		r.pushes = append(r.pushes, push{kind, all[len(all)/2], all[len(all)*99/100], all[len(all)-1]})
	}
	return nil
}

// revokeOne makes every client check a credential, revokes it, and returns each client's delay
// until it denied the credential.
func revokeOne(ctx context.Context, probes []*harness.Probe, credential harness.LiveCredential, round int) ([]time.Duration, error) {
	name := fmt.Sprintf("%s-%d", credential.Name, round)
	for _, p := range probes {
		if err := p.StartChecking(name, credential.Token); err != nil {
			return nil, err
		}
	}
	for _, p := range probes {
		if _, ok := p.WaitForEvent("allowed "+name, eventTimeout); !ok {
			return nil, errors.New("a client does not allow a live credential")
		}
	}
	if err := credential.Revoke(ctx); err != nil {
		return nil, err
	}
	returned := time.Now()
	var took []time.Duration
	for _, p := range probes {
		at, ok := p.WaitForEvent("denied "+name, eventTimeout)
		if !ok {
			return nil, errors.New("a client still allows a revoked credential")
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
