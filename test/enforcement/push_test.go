package enforcement

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

const (
	// clients hold each token, every one in a process of its own.
	clients = 50
	// patience is how long a test waits for what is to happen at once. How soon it happens where nothing else runs, `make bench`
	// measures: here fifty processes and all other tests share the cores, and one of them may not be given any for seconds.
	patience = 2 * time.Minute
)

// TestARevokedTokenIsDeadAtEveryClient: by each of five ways, and for good.
func TestARevokedTokenIsDeadAtEveryClient(t *testing.T) {
	victims, err := shared.deployment.LiveCredentials(t.Context())
	must(t, err)
	probes := startProbes(t, func(i int) string { return shared.deployment.TokenAddrs[i%2] })
	for _, v := range victims {
		hold(t, probes, v)
	}
	for _, v := range victims {
		t.Run(v.Name, func(t *testing.T) {
			must(t, v.Revoke(t.Context()))
			returned := time.Now()
			var delays []time.Duration
			for i, p := range probes {
				at, ok := p.WaitForEvent("denied "+v.Name, patience)
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
		for _, v := range victims {
			if _, stale := p.WaitForEvent("stale "+v.Name, 0); stale {
				t.Errorf("client %d allowed %s after it had denied it", i, v.Name)
			}
		}
	}
}

func wantStatus(t *testing.T, a harness.Response, status int) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("answered %d %s, want %d", a.Status, a.Raw, status)
	}
}

// startProbes starts the clients side by side; at gives each its address.
func startProbes(t *testing.T, at func(i int) string) []*harness.Probe {
	t.Helper()
	probes, err := shared.deployment.StartProbes(shared.bins, clients, at)
	must(t, err)
	t.Cleanup(func() { must(t, harness.CloseProbes(probes)) })
	return probes
}

// hold returns once every client has the token in its memory.
func hold(t *testing.T, probes []*harness.Probe, v harness.LiveCredential) {
	t.Helper()
	for _, p := range probes {
		must(t, p.StartChecking(v.Name, v.Token))
	}
	for i, p := range probes {
		if _, ok := p.WaitForEvent("allowed "+v.Name, patience); !ok {
			t.Fatalf("client %d does not allow %s", i, v.Name)
		}
	}
}

// TestACutStreamIsNoExcuse: bytes are swallowed between a client and the token service; both believe that they are
// connected. The client may trust its memory for the bound that it promises, and no longer.
func TestACutStreamIsNoExcuse(t *testing.T) {
	d := shared.deployment
	proxy, err := harness.NewTCPProxy(d.TokenAddr)
	must(t, err)
	t.Cleanup(func() { _ = proxy.Close() })
	p, err := d.StartProbe(shared.bins, proxy.Addr())
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	must(t, err)
	hold(t, []*harness.Probe{p}, harness.LiveCredential{Name: "swallowed", Token: tokens.Access})

	proxy.Blackhole(true)
	a, err := d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})
	must(t, err)
	wantStatus(t, a, http.StatusOK)
	returned := time.Now()
	if _, ok := p.WaitForEvent("untold swallowed", patience); !ok {
		t.Fatalf("%s of silence, and the client still trusts its memory", patience)
	}
	wantNoLateAllow(t, p, "swallowed", returned)
	proxy.Blackhole(false)
	proxy.Cut()
	if _, ok := p.WaitForEvent("denied swallowed", patience); !ok {
		t.Error("the client does not find the revocation when it is connected again")
	}
}

// silence is how long a client trusts its memory without a word from the token service at most (three heartbeats of 250 ms).
const silence = time.Second

// wantNoLateAllow holds a client to its bound. What counts is when the last check began that was answered with yes: that is no
// later than the decision, however long a busy machine takes to tell of it.
func wantNoLateAllow(t *testing.T, p *harness.Probe, name string, returned time.Time) {
	t.Helper()
	last, ok := p.WaitForEvent("last "+name, 0)
	if !ok {
		t.Fatalf("the client does not say when it last allowed %s", name)
	}
	if late := last.Sub(returned); late > silence {
		t.Errorf("a check that began %s after the revocation of %s had returned was allowed", late, name)
	}
}

// TestARestartedServiceLosesNoRevocation: clients go on behind the last entry they took in.
func TestARestartedServiceLosesNoRevocation(t *testing.T) {
	d := shared.deployment
	p, err := d.StartProbe(shared.bins, d.TokenAddrs[1])
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	b := d.NewBrowser()
	var held []harness.LiveCredential
	for i := range 3 {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		held = append(held, harness.LiveCredential{Name: fmt.Sprintf("restart-%d", i), Token: tokens.Access})
		hold(t, []*harness.Probe{p}, held[i])
	}
	revoke := func(v harness.LiveCredential) {
		a, err := d.JSON("/oauth/revoke", map[string]any{"token": v.Token})
		must(t, err)
		wantStatus(t, a, http.StatusOK)
	}
	_, err = d.StopOne("token-2")
	must(t, err)
	revoke(held[0]) // while the client's replica is away
	must(t, d.StartOne("token-2"))
	revoke(held[1])
	for _, v := range held[:2] {
		if _, ok := p.WaitForEvent("denied "+v.Name, patience); !ok {
			t.Errorf("%s is still allowed", v.Name)
		}
	}
	if _, denied := p.WaitForEvent("denied "+held[2].Name, 0); denied {
		t.Error("a token that nobody ended is denied")
	}
}
