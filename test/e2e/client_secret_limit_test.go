package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_E4_TooManyWrongSecretsAre429InBothDialects, at every endpoint with client
// authentication, counted by source address; a correct secret is still accepted.
func TestFault_E4_TooManyWrongSecretsAre429InBothDialects(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		n := 0
		form := func(path, secret, source string) harness.Response {
			n++
			body := url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "token": {"x"}, "client_id": {"vdo_client_abc123"}, "client_secret": {secret},
			}
			req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader(body.Encode()))
			expect.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("X-Forwarded-For", source)
			a, err := harness.Send(req)
			expect.NoError(t, err)
			return a
		}
		paths := []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"}
		expect.RateLimit{Attempts: fleet.Failures, Window: 15 * time.Minute}.Exhaust(t, func() time.Duration {
			return expect.Wait(t, form(paths[n%3], fmt.Sprintf("vdo_secret_wrong%d", n), "203.0.113.4"), http.StatusUnauthorized)
		})
		for _, path := range paths {
			a := form(path, "vdo_secret_wrong", "203.0.113.4")
			expect.Equal(t, "status at "+path, a.Status, http.StatusTooManyRequests)
			expect.Equal(t, "error at "+path, a.Body["error"], any("temporarily_unavailable"))
			if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 900 {
				t.Errorf("Retry-After at %s is %q", path, a.Header.Get("Retry-After"))
			}
		}
		req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/introspect",
			strings.NewReader(`{"token":"x","client_id":"vdo_client_abc123","client_secret":"wrong"}`))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", "203.0.113.4")
		a, err := harness.Send(req)
		expect.NoError(t, err)
		expect.Equal(t, "documented status", a.Status, http.StatusTooManyRequests)
		expect.Equal(t, "documented code", a.Code(), "rate_limited")

		expect.Equal(t, "status of the right secret from there", form("/oauth/introspect", harness.ConfidentialPW, "203.0.113.4").Status, http.StatusOK)
		expect.Equal(t, "status of a wrong secret from elsewhere", form("/oauth/introspect", "vdo_secret_wrong", "203.0.113.5").Status, http.StatusUnauthorized)
	})
}
