package attack

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// rounds and crowd set how much traffic an attack sends; `make attack` sends more.
var (
	rounds = flag.Int("rounds", 15, "how often each race is run") //nolint:gochecknoglobals // flags of a test
	crowd  = flag.Int("crowd", 1, "how many times the usual number of requests, connections and tokens")
)

// runConcurrently runs a job n times, at most 300 at once, and returns the responses by status; 0
// means that no response came.
func runConcurrently(n int, job func(i int) (harness.Response, error)) map[int][]harness.Response {
	responses := make([]harness.Response, n)
	var done sync.WaitGroup
	places := make(chan struct{}, 300)
	for i := range n {
		done.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			responses[i], _ = job(i) // no response is status 0
		})
	}
	done.Wait()
	by := map[int][]harness.Response{}
	for _, a := range responses {
		by[a.Status] = append(by[a.Status], a)
	}
	return by
}

// whileRefreshing refreshes continuously while an attack runs; each refresh must succeed.
func whileRefreshing(t *testing.T, attack func()) {
	t.Helper()
	tokens := wantServing(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		n := 0
		for refresh := tokens.Refresh; ctx.Err() == nil; n++ {
			a, err := shared.Refresh(refresh)
			if err != nil || a.Status != http.StatusOK {
				ended <- fmt.Errorf("refresh %d during the attack: %d %s %w", n, a.Status, a.Raw, err)
				return
			}
			refresh = a.Text("refresh_token")
		}
		ended <- nil
	}()
	attack()
	stop()
	expect.NoError(t, <-ended)
}

func keys(t *testing.T) []string {
	t.Helper()
	list, err := shared.servers.Redis().Keys(t.Context(), "*").Result()
	expect.NoError(t, err)
	return list
}

// TestCase116_ExpensiveWorkIsRationed: of 300 concurrent logins some are computed and some are
// refused with 429; memory is bounded, and clients with a token are not delayed.
func TestCase116_ExpensiveWorkIsRationed(t *testing.T) {
	before, err := harness.Memory(shared.Pids()["identity"])
	expect.NoError(t, err)
	whileRefreshing(t, func() {
		by := runConcurrently(300, func(i int) (harness.Response, error) {
			return trySend(httpRequest{
				Path: "/api/v1/user/authenticate", Type: typeJSON, From: fmt.Sprintf("127.0.117.%d", 1+i%100),
				Body: fmt.Sprintf(`{"emailAddress":"nobody%d@case116.test","password":"wrong password"}`, i),
			})
		})
		for status, responses := range by {
			if status != http.StatusBadRequest && status != http.StatusTooManyRequests {
				t.Errorf("%d logins returned %d, the first %s", len(responses), status, responses[0].Raw)
			}
		}
		for _, a := range by[http.StatusTooManyRequests] {
			if a.Text("name") != "TooManyRequestsException" || a.Header.Get("Retry-After") == "" {
				t.Fatalf("an excess login returned %s, Retry-After %q", a.Raw, a.Header.Get("Retry-After"))
			}
		}
		if len(by[http.StatusBadRequest]) == 0 || len(by[http.StatusTooManyRequests]) == 0 {
			t.Errorf("%d logins were computed and %d refused", len(by[http.StatusBadRequest]), len(by[http.StatusTooManyRequests]))
		}
		by = runConcurrently(300*(*crowd), func(i int) (harness.Response, error) {
			form := tokenRequest("vdo_ort_unknown")
			form.Set("client_secret", fmt.Sprintf("vdo_secret_wrong%d", i))
			return trySend(httpRequest{Path: "/oauth/token", Type: typeForm, Body: form.Encode()})
		})
		expect.Equal(t, "refusals of a wrong client secret", len(by[http.StatusUnauthorized]), 300*(*crowd))
	})
	after, err := harness.Memory(shared.Pids()["identity"])
	expect.NoError(t, err)
	if after-before > 1<<30 {
		t.Errorf("the identity service grew by %d MB", (after-before)>>20)
	}
}

// TestCase116_AnonymousRequestsAreBounded: authorization requests without a sign-in are small,
// expire, and are limited per source.
func TestCase116_AnonymousRequestsAreBounded(t *testing.T) {
	counted := len(keys(t))
	attack := func(from string) map[int][]harness.Response {
		return runConcurrently(anonymousLimit()+100*(*crowd), func(int) (harness.Response, error) {
			return trySend(httpRequest{Method: http.MethodGet, Path: harness.Request{}.Path(), From: from})
		})
	}
	whileRefreshing(t, func() {
		by := attack("127.0.118.1")
		if len(by[http.StatusSeeOther]) > anonymousLimit() { // around the end of a window twice the limit is possible
			counted = len(keys(t))
			by = attack("127.0.118.4")
		}
		expect.Equal(t, "requests that are kept for a source", len(by[http.StatusSeeOther]), anonymousLimit())
		for _, a := range by[http.StatusTooManyRequests] {
			if a.Header.Get("Retry-After") == "" {
				t.Fatal("an excess request's response has no Retry-After")
			}
		}
		expect.Equal(t, "requests that are refused", len(by[http.StatusTooManyRequests]), 100*(*crowd))
	})
	expect.Equal(t, "status for another source", send(t, httpRequest{Method: http.MethodGet, Path: harness.Request{}.Path(), From: "127.0.118.2"}).Status, http.StatusSeeOther)
	list := keys(t)
	if grown := len(list) - counted; grown > anonymousLimit()+50 {
		t.Errorf("Redis has %d keys more", grown)
	}
	for _, key := range list {
		left, err := shared.servers.Redis().PTTL(t.Context(), key).Result()
		expect.NoError(t, err)
		size, err := shared.servers.Redis().StrLen(t.Context(), key).Result()
		expect.NoError(t, err)
		if left < 0 && left != -2 || size > 8<<10 { // -2: the key has just expired
			t.Errorf("%s has the TTL %s and %d bytes", key, left, size)
		}
	}
	logins := func(from string) int {
		by := runConcurrently(150, func(i int) (harness.Response, error) {
			return trySend(httpRequest{Path: "/api/v1/user/authenticate", Type: typeJSON, From: from, Body: fmt.Sprintf(`{"emailAddress":"n%d@%s.test","clientSecret":"x"}`, i, from)})
		})
		return len(by[http.StatusBadRequest])
	}
	counted = logins("127.0.118.3")
	if counted > 100 { // as above
		counted = logins("127.0.118.5")
	}
	expect.Equal(t, "failed logins counted for one source", counted, 100)
}
