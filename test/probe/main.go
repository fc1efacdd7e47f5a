package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/vidocu/usher/internal/platform/mtls"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	creds, err := credentialsFromEnv()
	if err != nil {
		return err
	}
	client, err := usher.Dial(os.Getenv("PROBE_ADDR"), creds)
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // the process ends
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p := probe{client: client, events: &events{out: out}, checks: map[string]context.CancelFunc{}}
	if err := client.Ready(ctx); err != nil {
		return err
	}
	p.events.print("ready")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := p.runCommand(ctx, strings.Fields(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

// credentialsFromEnv returns a resource server's certificate, or plain text for a local port.
func credentialsFromEnv() (credentials.TransportCredentials, error) {
	if os.Getenv("PROBE_CERT") == "" {
		return mtls.Plaintext(), nil
	}
	return mtls.Client(mtls.Config{
		CertFile: os.Getenv("PROBE_CERT"), KeyFile: os.Getenv("PROBE_KEY"), CAFile: os.Getenv("PROBE_CA"),
		TrustDomain: os.Getenv("PROBE_TRUST_DOMAIN"),
	}, "token")
}

// probe runs the checks of tokens.
type probe struct {
	client *usher.Client
	events *events
	checks map[string]context.CancelFunc
}

func (p *probe) runCommand(ctx context.Context, words []string) error {
	switch {
	case len(words) == 3 && words[0] == "start":
		checking, stop := context.WithCancel(ctx)
		p.checks[words[1]] = stop
		go p.check(checking, words[1], words[2])
	case len(words) == 2 && words[0] == "stop" && p.checks[words[1]] != nil:
		p.checks[words[1]]()
	default:
		return fmt.Errorf("unknown command %q", words[0])
	}
	return nil
}

// checkEvery is the time between two checks of a token: short enough that the measured delay is the
// revocation's, and long enough for fifty probes on one machine.
const checkEvery = 10 * time.Millisecond

// check checks one token until ctx is done. A check without a decision is neither allowed nor
// denied: it is printed once and retried.
func (p *probe) check(ctx context.Context, name, token string) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	allowed, denied, unknown := 0, false, false
	var last time.Time // the start of the last check that was allowed
	for {
		began := time.Now()
		_, err := p.client.Check(ctx, token, "GET", "/v1/videos")
		var denial *enforce.Denial
		switch {
		case err == nil && denied:
			p.events.print("stale " + name)
			return
		case err == nil:
			last = began
			if allowed++; allowed == 2 { // the second decision comes from the cache
				p.events.print("allowed " + name)
			}
		case errors.As(err, &denial) && denial.Status == 401 && !denied:
			denied = true
			p.events.print(fmt.Sprintf("last %s %d", name, last.UnixNano()))
			p.events.print(fmt.Sprintf("denied %s %d", name, time.Now().UnixNano()))
		case errors.As(err, &denial) && denial.Status == 503 && !unknown:
			unknown = true
			p.events.print(fmt.Sprintf("last %s %d", name, last.UnixNano()))
			p.events.print(fmt.Sprintf("unknown %s %d", name, time.Now().UnixNano()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// events writes one line at a time.
type events struct {
	mu  sync.Mutex
	out io.Writer
}

func (e *events) print(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintln(e.out, line)
}
