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
	p := probe{client: client, events: &events{out: out}, held: map[string]context.CancelFunc{}}
	if err := client.Ready(ctx); err != nil {
		return err
	}
	p.events.say("ready")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := p.obey(ctx, strings.Fields(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

// credentialsFromEnv are a resource server's certificate, or none where the port is a local one.
func credentialsFromEnv() (credentials.TransportCredentials, error) {
	if os.Getenv("PROBE_CERT") == "" {
		return mtls.Plaintext(), nil
	}
	return mtls.Client(mtls.Config{
		CertFile: os.Getenv("PROBE_CERT"), KeyFile: os.Getenv("PROBE_KEY"), CAFile: os.Getenv("PROBE_CA"),
		TrustDomain: os.Getenv("PROBE_TRUST_DOMAIN"),
	}, "token")
}

// probe holds tokens.
type probe struct {
	client *usher.Client
	events *events
	held   map[string]context.CancelFunc
}

func (p *probe) obey(ctx context.Context, words []string) error {
	switch {
	case len(words) == 3 && words[0] == "hold":
		holding, drop := context.WithCancel(ctx)
		p.held[words[1]] = drop
		go p.hold(holding, words[1], words[2])
	case len(words) == 2 && words[0] == "drop" && p.held[words[1]] != nil:
		p.held[words[1]]()
	default:
		return fmt.Errorf("unknown command %q", words[0])
	}
	return nil
}

// checkEvery is how often a token is checked: often enough that the figures are the
// revocation's, and seldom enough that fifty probes leave the machine to it.
const checkEvery = 10 * time.Millisecond

// hold checks one token until it is dropped. An answer that cannot be known is neither: it is told once and asked again.
func (p *probe) hold(ctx context.Context, name, token string) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	allowed, denied, untold := 0, false, false
	var last time.Time // when the last check that allowed it began
	for {
		began := time.Now()
		_, err := p.client.Check(ctx, token, "GET", "/v1/videos")
		var denial *enforce.Denial
		switch {
		case err == nil && denied:
			p.events.say("stale " + name)
			return
		case err == nil:
			last = began
			if allowed++; allowed == 2 { // the second answer comes from memory
				p.events.say("allowed " + name)
			}
		case errors.As(err, &denial) && denial.Status == 401 && !denied:
			denied = true
			p.events.say(fmt.Sprintf("last %s %d", name, last.UnixNano()))
			p.events.say(fmt.Sprintf("denied %s %d", name, time.Now().UnixNano()))
		case errors.As(err, &denial) && denial.Status == 503 && !untold:
			untold = true
			p.events.say(fmt.Sprintf("last %s %d", name, last.UnixNano()))
			p.events.say(fmt.Sprintf("untold %s %d", name, time.Now().UnixNano()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// events are lines, one writer at a time.
type events struct {
	mu  sync.Mutex
	out io.Writer
}

func (e *events) say(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintln(e.out, line)
}
