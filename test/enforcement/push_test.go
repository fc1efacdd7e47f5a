package enforcement

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const (
	// clients is the number of processes that check each token.
	clients = 50
	// eventTimeout is the timeout for an event that should follow immediately. `make bench`
	// measures the delay on a quiet machine; here fifty processes and the other tests share the
	// cores, and one of them may not run for seconds.
	eventTimeout = 2 * time.Minute
)

// TestARevokedTokenIsDeniedAtEveryClient, for each of the five kinds of revocation, and is never
// allowed again.
func TestARevokedTokenIsDeniedAtEveryClient(t *testing.T) {
	credentials, err := shared.deployment.LiveCredentials(t.Context())
	expect.NoError(t, err)
	probes := startProbes(t, func(i int) string { return shared.deployment.TokenAddrs[i%2] })
	for _, v := range credentials {
		waitUntilCached(t, probes, v)
	}
	for _, v := range credentials {
		t.Run(v.Name, func(t *testing.T) {
			expect.NoError(t, v.Revoke(t.Context()))
			returned := time.Now()
			var delays []time.Duration
			for i, p := range probes {
				at, ok := p.WaitForEvent("denied "+v.Name, eventTimeout)
				if !ok {
					t.Fatalf("client %d still allows it", i)
				}
				wantNoLateAllow(t, p, v.Name, returned)
				delays = append(delays, max(0, at.Sub(returned)))
			}
			slices.Sort(delays)
			t.Logf("p50 %s, last %s after the revocation had returned", delays[len(delays)/2], delays[len(delays)-1])
		})
	}
	for i, p := range probes {
		for _, v := range credentials {
			if _, stale := p.WaitForEvent("stale "+v.Name, 0); stale {
				t.Errorf("client %d allowed %s after it had denied it", i, v.Name)
			}
		}
	}
}

func wantStatus(t *testing.T, a harness.Response, status int) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("returned %d %s, want %d", a.Status, a.Raw, status)
	}
}

// startProbes starts the clients concurrently; at returns the address for each.
func startProbes(t *testing.T, at func(i int) string) []*harness.Probe {
	t.Helper()
	probes, err := shared.deployment.StartProbes(shared.bins, clients, at)
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, harness.CloseProbes(probes)) })
	return probes
}

// waitUntilCached waits until every client has cached the token.
func waitUntilCached(t *testing.T, probes []*harness.Probe, v harness.LiveCredential) {
	t.Helper()
	for _, p := range probes {
		expect.NoError(t, p.StartChecking(v.Name, v.Token))
	}
	for i, p := range probes {
		if _, ok := p.WaitForEvent("allowed "+v.Name, eventTimeout); !ok {
			t.Fatalf("client %d does not allow %s", i, v.Name)
		}
	}
}

// TestACutStreamLimitsTheCache: a proxy drops all bytes between a client and the token service,
// while both believe that they are connected. The client may use its cache for the promised limit,
// and no longer.
func TestACutStreamLimitsTheCache(t *testing.T) {
	d := shared.deployment
	proxy, err := harness.NewTCPProxy(d.TokenAddr)
	expect.NoError(t, err)
	t.Cleanup(func() { _ = proxy.Close() })
	p, err := d.StartProbe(shared.bins, proxy.Addr())
	expect.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	waitUntilCached(t, []*harness.Probe{p}, harness.LiveCredential{Name: "swallowed", Token: tokens.Access})

	proxy.Blackhole(true)
	a, err := d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})
	expect.NoError(t, err)
	wantStatus(t, a, http.StatusOK)
	returned := time.Now()
	if _, ok := p.WaitForEvent("unknown swallowed", eventTimeout); !ok {
		t.Fatalf("after %s without a heartbeat the client still uses its cache", eventTimeout)
	}
	wantNoLateAllow(t, p, "swallowed", returned)
	proxy.Blackhole(false)
	proxy.Cut()
	if _, ok := p.WaitForEvent("denied swallowed", eventTimeout); !ok {
		t.Error("the client does not find the revocation when it is connected again")
	}
}

// staleLimit is the longest that a client may use its cache without a heartbeat from the token
// service (three heartbeats of 250 ms).
const staleLimit = time.Second

// wantNoLateAllow checks the client's limit. It compares the start of the last check that was
// allowed: that is before the decision, however late a busy machine prints it.
func wantNoLateAllow(t *testing.T, p *harness.Probe, name string, returned time.Time) {
	t.Helper()
	last, ok := p.WaitForEvent("last "+name, 0)
	if !ok {
		t.Fatalf("the client printed no last allowed check of %s", name)
	}
	if late := last.Sub(returned); late > staleLimit {
		t.Errorf("a check that began %s after the revocation of %s had returned was allowed", late, name)
	}
}

// TestARestartedServiceLosesNoRevocation: clients resume the revocation log after the last entry
// that they applied.
func TestARestartedServiceLosesNoRevocation(t *testing.T) {
	d := shared.deployment
	p, err := d.StartProbe(shared.bins, d.TokenAddrs[1])
	expect.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	b := d.NewBrowser()
	var credentials []harness.LiveCredential
	for i := range 3 {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		credentials = append(credentials, harness.LiveCredential{Name: fmt.Sprintf("restart-%d", i), Token: tokens.Access})
		waitUntilCached(t, []*harness.Probe{p}, credentials[i])
	}
	revoke := func(v harness.LiveCredential) {
		a, err := d.JSON("/oauth/revoke", map[string]any{"token": v.Token})
		expect.NoError(t, err)
		wantStatus(t, a, http.StatusOK)
	}
	_, err = d.StopOne("token-2")
	expect.NoError(t, err)
	revoke(credentials[0]) // while the client's replica is away
	expect.NoError(t, d.StartOne("token-2"))
	revoke(credentials[1])
	for _, v := range credentials[:2] {
		if _, ok := p.WaitForEvent("denied "+v.Name, eventTimeout); !ok {
			t.Errorf("%s is still allowed", v.Name)
		}
	}
	if _, denied := p.WaitForEvent("denied "+credentials[2].Name, 0); denied {
		t.Error("a token that was not revoked is denied")
	}
}
