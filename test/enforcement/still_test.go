package enforcement

import (
	"context"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// promised is how long after a revocation has returned an API behind /v1 may serve its token at most (docs/enforcement.md).
const promised = time.Second

// TestFault_E8_AReplicaThatStandsStillKeepsNothingAlive: while a token replica stood still, a token that the other had revoked was
// served for 2.7 s, and again when the first went on with a heartbeat from before.
func TestFault_E8_AReplicaThatStandsStillKeepsNothingAlive(t *testing.T) {
	d := shared.deployment
	for n, name := range []string{"token", "token-2"} {
		other, err := d.DialAt("operator", "token", d.TokenAddrs[1-n])
		must(t, err)
		t.Cleanup(func() { _ = other.Close() })
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		for _, gateway := range d.PublicURLs {
			for range 5 { // so that it is cached
				if allowed(t.Context(), t, gateway, tokens.Access) != http.StatusOK {
					t.Fatal("a fresh token is not served")
				}
			}
		}
		process, err := os.FindProcess(d.Pids()[name])
		must(t, err)
		must(t, process.Signal(syscall.SIGSTOP))
		goOn := sync.OnceFunc(func() { _ = process.Signal(syscall.SIGCONT) })
		t.Cleanup(goOn)
		_, err = tokenv1.NewEndingServiceClient(other).EndToken(t.Context(), &tokenv1.EndTokenRequest{Token: tokens.Access})
		must(t, err)
		returned := time.Now()
		var asking sync.WaitGroup
		for _, gateway := range d.PublicURLs {
			asking.Go(func() { wantDenied(t, gateway, tokens.Access, returned, goOn) })
		}
		asking.Wait()
	}
}

// wantDenied asks a gateway for four seconds, of which the replica stands still for two: what begins later than promised is denied.
func wantDenied(t *testing.T, gateway, token string, returned time.Time, goOn func()) {
	for begun := time.Now(); begun.Sub(returned) < 4*time.Second; begun = time.Now() {
		ctx, cancel := context.WithTimeout(t.Context(), promised)
		status := allowed(ctx, t, gateway, token)
		cancel()
		if late := begun.Sub(returned); status == http.StatusOK && late > promised {
			t.Errorf("%s serves a request that began %s after the revocation of its token had returned", gateway, late)
			return
		}
		if begun.Sub(returned) > 2*time.Second {
			goOn()
		}
	}
}

// allowed is the status of a request to the API; 0 when there is none in time.
func allowed(ctx context.Context, t *testing.T, gateway, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, gateway+"/v1/videos", nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	a, err := harness.Send(req)
	if err != nil {
		return 0
	}
	return a.Status
}
