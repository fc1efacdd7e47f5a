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
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// staleServeLimit is the longest that an API behind /v1 may serve a token after its revocation has
// returned (docs/enforcement.md).
const staleServeLimit = time.Second

// TestFault_E8_ASuspendedReplicaKeepsNoTokenValid: in release 0.1.0, while one token replica
// was suspended, a token that the other had revoked was served for 2.7 s, and again when the first
// continued with a heartbeat from before.
func TestFault_E8_ASuspendedReplicaKeepsNoTokenValid(t *testing.T) {
	d := shared.deployment
	for n, name := range []string{"token", "token-2"} {
		other, err := d.DialAt("operator", "token", d.TokenAddrs[1-n])
		expect.NoError(t, err)
		t.Cleanup(func() { _ = other.Close() })
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		for _, gateway := range d.PublicURLs {
			for range 5 { // so that it is cached
				if allowed(t.Context(), t, gateway, tokens.Access) != http.StatusOK {
					t.Fatal("a fresh token is not served")
				}
			}
		}
		process, err := os.FindProcess(d.Pids()[name])
		expect.NoError(t, err)
		expect.NoError(t, process.Signal(syscall.SIGSTOP))
		resume := sync.OnceFunc(func() { _ = process.Signal(syscall.SIGCONT) })
		t.Cleanup(resume)
		_, err = tokenv1.NewEndingServiceClient(other).EndToken(t.Context(), &tokenv1.EndTokenRequest{Token: tokens.Access})
		expect.NoError(t, err)
		returned := time.Now()
		var requests sync.WaitGroup
		for _, gateway := range d.PublicURLs {
			requests.Go(func() { wantDenied(t, gateway, tokens.Access, returned, resume) })
		}
		requests.Wait()
	}
}

// wantDenied sends requests to a gateway for four seconds, during two of which the replica is
// suspended: a request that starts after staleServeLimit must be denied.
func wantDenied(t *testing.T, gateway, token string, returned time.Time, resume func()) {
	denials := 0
	for start := time.Now(); start.Sub(returned) < 4*time.Second; start = time.Now() {
		ctx, cancel := context.WithTimeout(t.Context(), staleServeLimit)
		status := allowed(ctx, t, gateway, token)
		cancel()
		if late := start.Sub(returned); status == http.StatusOK && late > staleServeLimit {
			t.Errorf("%s serves a request that began %s after the revocation of its token had returned", gateway, late)
			return
		}
		if status == http.StatusUnauthorized || status == http.StatusServiceUnavailable {
			denials++
		}
		if start.Sub(returned) > 2*time.Second {
			resume()
		}
	}
	if denials == 0 {
		t.Errorf("%s denied no request", gateway)
	}
}

// allowed returns the status of a request to the API; 0 when it timed out.
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
