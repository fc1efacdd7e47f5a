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
	// recovery is how long after a server's own failover every flow must go well that begins then.
	recovery = 5 * time.Second
	// users is how many browsers go through the flow at the same time.
	users = 3
	// enough is how many flows must begin while a watch lasts, so that it says something.
	enough = 2 * users
	// hang ends a wait that would never end by itself.
	hang = 3 * time.Minute
)

// flow is one sign-in, consent, token and introspection.
type flow struct {
	begin time.Time
	err   error
}

// load is users who go through the flow again and again, through both gateways in turn.
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
		Timeout: hang, Transport: newTurns(d.PublicURLs),
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

// once signs in with a fresh browser, consents, redeems the code, and asks about the token. No step is tried again.
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

// watch fails when a flow fails that begins while f runs, or after f until enough have gone well.
func (l *load) watch(t *testing.T, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	for end := time.Now().Add(hang); ; time.Sleep(20 * time.Millisecond) {
		well, failed := l.since(begin)
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

// since counts the flows that began later and went well, and returns those that failed.
func (l *load) since(begin time.Time) (well int, failed []flow) {
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

// recovers waits until the time for recovery is over, and watches from then on.
func (l *load) recovers(t *testing.T, what string) {
	t.Helper()
	time.Sleep(recovery) // the promise is a duration
	l.watch(t, recovery.String()+" after "+what, func() {})
}

// turns sends every request to the next gateway, as a load balancer does that never retries.
type turns struct {
	gateways  []string
	transport *http.Transport
	next      atomic.Uint64
}

func newTurns(urls []string) *turns {
	b := &turns{transport: &http.Transport{MaxIdleConnsPerHost: 2 * users}}
	for _, url := range urls {
		b.gateways = append(b.gateways, url[len("http://"):])
	}
	return b
}

// RoundTrip is part of http.RoundTripper.
func (b *turns) RoundTrip(req *http.Request) (*http.Response, error) {
	clone := req.Clone(req.Context())
	clone.Host = req.URL.Host // the public name, whichever gateway answers
	clone.URL.Host = b.gateways[b.next.Add(1)%uint64(len(b.gateways))]
	return b.transport.RoundTrip(clone)
}
