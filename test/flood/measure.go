package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// unloggedName is the gateway without the log.
const unloggedName = "gateway-without-log"

// pause is longer than a gateway keeps requests before it hands them over: no slice has the end of
// another.
const pause = 700 * time.Millisecond

// measurement is a deployment with a gateway that records requests and one that does not.
type measurement struct {
	options

	d        *harness.Deployment
	sentinel string
	others   others
	// quiet, off and on are the slices without a flood, without the log and with it.
	quiet, off, on series
}

// series is the slices of one kind, all at one gateway.
type series struct {
	name, gateway string
	slices        []latencies
	// sent are the requests of the flood, refused those of them that were refused, and took is the duration of
	// all slices.
	sent, refused int64
	took          time.Duration
	cpu           map[string]time.Duration
}

// perMinute returns the rate at which the requests of the flood were refused.
func (s *series) perMinute() float64 { return float64(s.refused) / s.took.Minutes() }

func (m *measurement) run(ctx context.Context) error {
	unlogged, err := m.d.AddGateway(unloggedName, map[string]string{"USHER_PEERS_ACTIVITY": ""})
	if err != nil {
		return err
	}
	m.others = others{client: newClient()}
	if m.others.callers, err = newCallers(m.d); err != nil {
		return err
	}
	m.quiet = series{name: "no flood", gateway: m.d.PublicURL, cpu: map[string]time.Duration{}}
	m.off = series{name: "flood, not recorded", gateway: unlogged, cpu: map[string]time.Duration{}}
	m.on = series{name: "flood, recorded", gateway: m.d.PublicURL, cpu: map[string]time.Duration{}}
	if err := m.warmUp(ctx); err != nil {
		return err
	}
	for round := 0; round < m.rounds || round < m.most && m.undecided(); round++ {
		each := []*series{&m.quiet, &m.off, &m.on}
		if round%2 == 1 { // a machine that becomes faster or slower affects all
			slices.Reverse(each)
		}
		for _, s := range each {
			if err := m.flood(ctx, s); err != nil {
				return err
			}
		}
	}
	return m.report(ctx)
}

// warmUp sends the same flood to both gateways, with another client.
func (m *measurement) warmUp(ctx context.Context) error {
	for _, gateway := range []string{m.off.gateway, m.on.gateway} {
		err := m.slice(ctx, &series{gateway: gateway, cpu: map[string]time.Duration{}}, m.newSender(gateway, harness.ResourceID, 0))
		if err != nil {
			return err
		}
	}
	return nil
}

// flood measures the others while the gateway of the series is flooded, if it is.
func (m *measurement) flood(ctx context.Context, s *series) error {
	if s == &m.quiet {
		return m.slice(ctx, s, sender{})
	}
	return m.slice(ctx, s, m.newSender(s.gateway, harness.PublicID, s.sent))
}

// slice measures the others at the gateway of the series while the sender, if it has an address, sends
// to it.
func (m *measurement) slice(parent context.Context, s *series, flood sender) error {
	before, err := m.cpu()
	if err != nil {
		return err
	}
	sent, err := flood.start(parent)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(parent, m.length)
	defer cancel()
	profiled := m.startProfiles(s)
	here := m.others
	here.gateway = s.gateway
	s.slices = append(s.slices, here.run(ctx))
	flooded, err := sent()
	s.sent, s.refused, s.took = s.sent+flooded.Sent, s.refused+flooded.Refused, s.took+m.length
	if err := errors.Join(err, profiled()); err != nil {
		return err
	}
	time.Sleep(pause)
	after, err := m.cpu()
	for name := range after {
		s.cpu[name] += after[name] - before[name]
	}
	return errors.Join(err, parent.Err())
}

// cpu returns the CPU time of each process.
func (m *measurement) cpu() (map[string]time.Duration, error) {
	taken := map[string]time.Duration{}
	pids := m.d.Pids()
	pids["callers"] = os.Getpid()
	for name, pid := range pids {
		d, err := harness.CPUTime(pid)
		if err != nil {
			return nil, err
		}
		if name == unloggedName {
			name = "gateway"
		}
		taken[name] += d
	}
	postgres, err := harness.PostgresPID()
	if err != nil {
		return nil, err
	}
	taken["PostgreSQL"], err = harness.CPUTimeWithChildren(postgres)
	return taken, err
}

// startProfiles starts CPU profiles of the slices with the log, of which the last one stays, and returns a
// function that waits for them.
func (m *measurement) startProfiles(s *series) func() error {
	if m.profile == "" || s != &m.on {
		return func() error { return nil }
	}
	names := []string{"gateway", "authz", "activity"}
	failed := make(chan error, len(names))
	for _, name := range names {
		go func() {
			url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", m.d.AdminURLs()[name], max(int(m.length/time.Second)-1, 1))
			failed <- fetch(url, filepath.Join(m.profile, name+".pprof"))
		}()
	}
	return func() error {
		var err error
		for range names {
			err = errors.Join(err, <-failed)
		}
		return err
	}
}

func fetch(from, to string) error {
	req, err := http.NewRequest(http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	body, status, err := harness.SendText(req)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s returned %d", from, status)
	}
	return os.WriteFile(to, []byte(body), 0o600)
}
