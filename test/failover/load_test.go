package failover

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

const (
	// recovery is the time after a server's failover from which every new flow must succeed.
	recovery = 5 * time.Second
	// users is the number of browsers that run the flow concurrently.
	users = 3
	// enough is the minimum number of flows that must start during a watch.
	enough = 2 * users
	// hang is the timeout of a wait that would never end.
	hang = 3 * time.Minute
)

// flow is one run of sign-in, consent, token request and introspection.
type flow struct {
	begin time.Time
	err   error
}

// load runs the flow continuously for each user, with both gateways in turn.
type load struct {
	clients *harness.Deployment
	ended   atomic.Bool
	busy    sync.WaitGroup

	mu    sync.Mutex
	flows []flow
}

func startLoad(t *testing.T, d *harness.Deployment) *load {
	t.Helper()
	l := &load{clients: harness.RemoteWithClient(d.PublicURL, &http.Client{
		Timeout: hang, Transport: newRoundRobin(d.PublicURLs),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})}
	for range users {
		l.busy.Go(func() {
			for !l.ended.Load() {
				begin := time.Now()
				err := l.once()
				l.mu.Lock()
				l.flows = append(l.flows, flow{begin, err})
				l.mu.Unlock()
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.ended.Store(true)
	l.busy.Wait()
}

// once signs in with a new browser, approves, redeems the code, and introspects the token. No step
// is retried.
func (l *load) once() error {
	tokens, err := l.clients.Issue(l.clients.NewBrowser(), harness.Request{})
	if err != nil {
		return err
	}
	active, err := l.clients.Active(tokens.Access)
	if err == nil && !active {
		err = errors.New("the token of this flow is inactive")
	}
	return err
}

// watch fails the test when a flow fails that starts while f runs, or afterwards until enough have
// succeeded.
func (l *load) watch(t *testing.T, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	for end := time.Now().Add(hang); ; time.Sleep(20 * time.Millisecond) {
		well, failed := l.startedSince(begin)
		if len(failed) > 0 {
			t.Errorf("%s, %s after its beginning: %v", what, failed[0].begin.Sub(begin).Round(time.Millisecond), failed[0].err)
			return
		}
		if well >= enough {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: only %d flows within %s", what, well, hang)
		}
	}
}

// startedSince counts the later flows that succeeded, and returns those that failed.
func (l *load) startedSince(begin time.Time) (well int, failed []flow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.flows {
		switch {
		case f.begin.Before(begin):
		case f.err != nil:
			failed = append(failed, f)
		default:
			well++
		}
	}
	return well, failed
}

// recovers waits until the recovery time is over, and watches from then on.
func (l *load) recovers(t *testing.T, what string) {
	t.Helper()
	time.Sleep(recovery) // the promise is a duration
	l.watch(t, recovery.String()+" after "+what, func() {})
}

// roundRobin sends every request to the next gateway, as a load balancer without retries does.
type roundRobin struct {
	gateways  []string
	transport *http.Transport
	next      atomic.Uint64
}

func newRoundRobin(urls []string) *roundRobin {
	b := &roundRobin{transport: &http.Transport{MaxIdleConnsPerHost: 2 * users}}
	for _, url := range urls {
		b.gateways = append(b.gateways, url[len("http://"):])
	}
	return b
}

// RoundTrip implements http.RoundTripper.
func (b *roundRobin) RoundTrip(req *http.Request) (*http.Response, error) {
	clone := req.Clone(req.Context())
	clone.Host = req.URL.Host // the public name, whichever gateway it is
	clone.URL.Host = b.gateways[b.next.Add(1)%uint64(len(b.gateways))]
	return b.transport.RoundTrip(clone)
}
