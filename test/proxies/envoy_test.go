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
			load.wantServed(t, "before anything happened", time.Time{})
			at := time.Now()
			away(between)
			load.wait(10 * time.Second)
			load.waitServed(at.Add(5 * time.Second))
			load.end()
			load.wantServed(t, "from 5 s after it was gone", at.Add(5*time.Second))
			served, failed := load.startedSince(time.Time{})
			t.Logf("%d requests were served, %d failed", served, len(failed))
		})
	}
}

// load sends requests one after another, a few concurrently.
type load struct {
	stop chan struct{}
	wg   sync.WaitGroup

	mu   sync.Mutex
	sent []sent
}

// sent is a request; failure is empty where it was served.
type sent struct {
	began   time.Time
	failure string
}

// enough is the number of requests that a load must have served before a check ends.
const enough = 8

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
	if what != "" {
		what = fmt.Sprintf("%s after %s", what, time.Since(began).Round(time.Millisecond))
	}
	l.sent = append(l.sent, sent{began, what})
}

func (*load) wait(d time.Duration) { time.Sleep(d) }

func (l *load) end() { close(l.stop); l.wg.Wait() }

// startedSince returns how many requests that started at a time or later were served, and the
// failures of the others.
func (l *load) startedSince(at time.Time) (served int, failed []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sent {
		switch {
		case s.began.Before(at):
		case s.failure != "":
			failed = append(failed, s.failure)
		default:
			served++
		}
	}
	return served, failed
}

// waitServed waits until enough requests are served that started at a time or later, or one failed.
func (l *load) waitServed(at time.Time) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if served, failed := l.startedSince(at); served >= enough || len(failed) > 0 {
			return
		}
	}
}

// wantServed requires that enough requests were served that started at a time or later, and that
// none of them failed: where all hang, none fails.
func (l *load) wantServed(t *testing.T, when string, at time.Time) {
	t.Helper()
	if served, failed := l.startedSince(at); len(failed) > 0 {
		t.Errorf("%s %d requests failed: %s", when, len(failed), failed[0])
	} else if served < enough {
		t.Errorf("%s only %d requests were served", when, served)
	}
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
	load.wantServed(t, "while both replicas are replaced", time.Time{})
}
