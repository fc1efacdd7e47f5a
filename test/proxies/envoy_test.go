package proxies

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_F1_EveryExampleWorksAsItIsPublished, in the real program: validating the configuration
// would not show that the proxy cannot reach Usher.
func TestFault_F1_EveryExampleWorksAsItIsPublished(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		wantForwarded(t, request(t, "GET", rp.url+"/v1/videos", token))
	})
}

// TestFault_F8_ARouteWithoutAuthorizationForwardsNoIdentity and no credential either: a route
// without authorization, which an operator may add for a health check.
func TestFault_F8_ARouteWithoutAuthorizationForwardsNoIdentity(t *testing.T) {
	t.Parallel()
	const first = "                        # Every path, not only /v1/"
	b := sharedTargets()
	b.more = []change{{first, `                        - match: {prefix: /open}
                          route: {cluster: api}
                          typed_per_filter_config:
                            envoy.filters.http.ext_authz:
                              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
                              disabled: true
` + first}}
	rp := startProxy(t, envoy(), b)
	r := wantForwarded(t, request(t, "GET", rp.url+"/open", "vdo_oat_secret", forgedHeaders()...))
	if got := identity(r.Header); len(got) > 0 {
		t.Errorf("forwarded with the identity %v", got)
	}
	for name, values := range r.Header {
		if name == "Authorization" || values[0] == marker {
			t.Errorf("%s: %q reached the API", name, values)
		}
	}
}

// TestFault_F7_EnvoyReadsItsCertificateAndTheAuthorityAgain when the files are replaced: with
// another authority's, and with a certificate that Usher does not trust, the connection is refused,
// without a restart.
func TestFault_F7_EnvoyReadsItsCertificateAndTheAuthorityAgain(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	right := copyOf(t, shared.deployment.Dir(), "ca.pem", resourceServer+".pem", resourceServer+".key")
	other := t.TempDir()
	stranger, err := harness.NewAuthority(other)
	expect.NoError(t, err)
	expect.NoError(t, stranger.Issue(resourceServer))
	certs := copyOf(t, other, "ca.pem", resourceServer+".pem", resourceServer+".key")
	b := sharedTargets()
	b.certs = certs
	rp := startProxy(t, envoy(), b)
	opens := func() bool { return request(t, "GET", rp.url+"/v1/videos", token).Status == http.StatusOK }
	if opens() {
		t.Fatal("Envoy connects to an untrusted server")
	}
	replace(t, right, certs, "ca.pem")
	replace(t, right, certs, resourceServer+".key")
	replace(t, right, certs, resourceServer+".pem")
	eventually(t, "it takes the new files", opens)
	replace(t, other, certs, "ca.pem")
	fresh := startProxy(t, envoy(), b) // the first one has connections that were verified before
	if a := request(t, "GET", fresh.url+"/v1/videos", token); a.Status != http.StatusServiceUnavailable {
		t.Errorf("with another authority it returns %d", a.Status)
	}
}

// replace atomically replaces a file of one folder with that of another.
func replace(t *testing.T, from, to, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(from, name))
	expect.NoError(t, err)
	next := filepath.Join(to, name+".new")
	expect.NoError(t, os.WriteFile(next, text, 0o600))
	expect.NoError(t, os.Rename(next, filepath.Join(to, name)))
}

// eventually polls a check until it returns true, and fails the test after a timeout.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !check(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// TestFault_F5_AStoppedOrSuspendedTokenReplicaIsLeftOut: no request fails that starts five
// seconds later, and the replica is used again when it is back.
func TestFault_F5_AStoppedOrSuspendedTokenReplicaIsLeftOut(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	for name, away := range map[string]func(p *harness.TCPProxy){
		"gone":         func(p *harness.TCPProxy) { expect.NoError(t, p.Close()); p.Cut() },
		"stands still": func(p *harness.TCPProxy) { p.Blackhole(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sharedTargets()
			between, err := harness.NewTCPProxy(b.tokens[1])
			expect.NoError(t, err)
			b.tokens = []string{b.tokens[0], between.Addr()}
			rp := startProxy(t, envoy(), b)
			load := startLoad(rp, token)
			load.wait(2 * time.Second)
			if failed := load.startedSince(time.Time{}); len(failed) > 0 {
				t.Errorf("before anything happened: %v", failed[0])
			}
			at := time.Now()
			away(between)
			load.wait(10 * time.Second)
			load.end()
			if failed := load.startedSince(at.Add(5 * time.Second)); len(failed) > 0 {
				t.Errorf("%d requests failed that began 5 s later: %v", len(failed), failed[0])
			}
			t.Logf("%d of %d requests failed", len(load.startedSince(time.Time{})), load.sent)
		})
	}
}

// load sends requests one after another, a few concurrently, and keeps the failures.
type load struct {
	stop chan struct{}
	wg   sync.WaitGroup

	mu     sync.Mutex
	sent   int
	failed []failure
}

type failure struct {
	began time.Time
	what  string
}

// String describes the failure.
func (f failure) String() string { return f.what }

func startLoad(rp *running, token string) *load {
	l := &load{stop: make(chan struct{})}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}, Timeout: 20 * time.Second}
	for range 4 {
		l.wg.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
				l.sendOne(client, rp.url+"/v1/videos", token)
			}
		})
	}
	return l
}

func (l *load) sendOne(client *http.Client, address, token string) {
	began, what := time.Now(), ""
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err == nil {
		req.Header.Set("Authorization", "Bearer "+token)
		var res *http.Response
		if res, err = client.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				what = res.Status
			}
		}
	}
	if err != nil {
		what = err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if what != "" {
		l.failed = append(l.failed, failure{began, fmt.Sprintf("%s after %s", what, time.Since(began).Round(time.Millisecond))})
	}
}

func (*load) wait(d time.Duration) { time.Sleep(d) }

func (l *load) end() { close(l.stop); l.wg.Wait() }

// startedSince returns the failures of requests that started at a time or later.
func (l *load) startedSince(at time.Time) (failed []failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.failed {
		if !f.began.Before(at) {
			failed = append(failed, f)
		}
	}
	return failed
}

// TestFault_F5_ReplacingTheTokenReplicasOneAfterAnotherLosesNothing: a replica that is shutting
// down fails its health check (F6), and serves until Envoy has noticed.
func TestFault_F5_ReplacingTheTokenReplicasOneAfterAnotherLosesNothing(t *testing.T) {
	d, token := shared.deployment, issue(t, "videos:read")
	for _, name := range []string{"token", "token-2"} {
		d.SetOne(name, "USHER_DRAIN_TIME", "3s")
		_, err := d.StopOne(name)
		expect.NoError(t, err)
		expect.NoError(t, d.StartOne(name))
	}
	rp := startProxy(t, envoy(), sharedTargets())
	load := startLoad(rp, token)
	load.wait(time.Second)
	for _, name := range []string{"token", "token-2"} {
		_, err := d.StopOne(name)
		expect.NoError(t, err)
		expect.NoError(t, d.StartOne(name))
		load.wait(3 * time.Second) // until it is used again
	}
	load.end()
	if failed := load.startedSince(time.Time{}); len(failed) > 0 {
		t.Errorf("%d of %d requests failed: %v", len(failed), load.sent, failed[0])
	}
}
