package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Probe is a resource server in a process of its own that checks tokens continuously (see
// test/probe).
type Probe struct {
	cmd *exec.Cmd
	in  io.WriteCloser

	mu      sync.Mutex
	events  map[string]time.Time
	changed chan struct{}
}

// StartProbe starts a probe against an address of the token service, which may be a proxy's, and
// waits until it is ready.
func (d *Deployment) StartProbe(bins Binaries, addr string) (*Probe, error) {
	p := &Probe{cmd: exec.Command(bins.Path("probe")), events: map[string]time.Time{}, changed: make(chan struct{})}
	p.cmd.Env = append(environ(nil), "PROBE_ADDR="+addr)
	if d.authority != nil {
		if err := d.probeCertificate(); err != nil {
			return nil, err
		}
		p.cmd.Env = append(p.cmd.Env, "PROBE_CERT="+filepath.Join(d.dir, "video-api.pem"), "PROBE_KEY="+filepath.Join(d.dir, "video-api.key"),
			"PROBE_CA="+filepath.Join(d.dir, "ca.pem"), "PROBE_TRUST_DOMAIN="+TrustDomain)
	}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.listen(out)
	if _, ok := p.WaitForEvent("ready", startLimit); !ok {
		return nil, fmt.Errorf("a probe is not ready after %s", startLimit)
	}
	return p, nil
}

// probeCertificate creates the certificate that all probes share, unless it exists.
func (d *Deployment) probeCertificate() error {
	if d.authority == nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(d.dir, "video-api.pem")); err == nil {
		return nil
	}
	return d.authority.Issue("video-api")
}

// StartProbes starts n probes concurrently; at returns the address for each.
func (d *Deployment) StartProbes(bins Binaries, n int, at func(i int) string) ([]*Probe, error) {
	if err := d.probeCertificate(); err != nil {
		return nil, err
	}
	probes, errs := make([]*Probe, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { probes[i], errs[i] = d.StartProbe(bins, at(i)) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, CloseProbes(probes))
	}
	return probes, nil
}

// CloseProbes stops all probes.
func CloseProbes(probes []*Probe) error {
	var errs []error
	for _, p := range probes {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// listen records every event with its time: the one that the probe printed, or else the time of
// arrival.
func (p *Probe) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		at := time.Now()
		if len(words) == 3 {
			nanos, _ := strconv.ParseInt(words[2], 10, 64) // the probe prints nothing but integers here
			at, words = time.Unix(0, nanos), words[:2]
		}
		p.mu.Lock()
		p.events[strings.Join(words, " ")] = at
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
}

// StartChecking makes the probe check a token continuously, under a name.
func (p *Probe) StartChecking(name, token string) error {
	_, err := fmt.Fprintf(p.in, "start %s %s\n", name, token)
	return err
}

// StopChecking stops the checks of a name.
func (p *Probe) StopChecking(name string) error {
	_, err := fmt.Fprintf(p.in, "stop %s\n", name)
	return err
}

// WaitForEvent waits for an event, such as "allowed NAME" or "denied NAME", and returns its time.
func (p *Probe) WaitForEvent(event string, limit time.Duration) (time.Time, bool) {
	deadline := time.After(limit)
	for {
		p.mu.Lock()
		at, ok := p.events[event]
		changed := p.changed
		p.mu.Unlock()
		if ok {
			return at, true
		}
		select {
		case <-changed:
		case <-deadline:
			return time.Time{}, false
		}
	}
}

// Close stops the probe.
func (p *Probe) Close() error {
	_ = p.in.Close()
	_ = p.cmd.Process.Kill() // it may have exited when its input was closed
	_ = p.cmd.Wait()
	return nil
}
