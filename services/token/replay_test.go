package token_test

import (
	"fmt"
	"sync"
	"testing"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// wave presents a refresh token at two replicas, ten times at each, behind one barrier. It returns
// the access tokens that were issued, and the number of refusals by their cause.
func wave(t *testing.T, here, there bench, token string) (issued []string, refusals map[errorv1.Cause]int) {
	t.Helper()
	refusals = make(map[errorv1.Cause]int)
	var mu sync.Mutex
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(20)
	for n := range 20 {
		at := []bench{here, there}[n%2]
		done.Go(func() {
			ready.Done()
			<-start
			pair, err := at.refresh(t.Context(), token)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				issued = append(issued, pair.GetAccessToken())
				return
			}
			refusals[oerr.Cause(err)]++
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return issued, refusals
}

// TestFault_E1_ManyReplaysAreOneReuse: of twenty concurrent refreshes with one token at two replicas
// one gets tokens and one is the reuse that revokes them. Later waves, whose refusals are cached,
// detect no other reuse.
func TestFault_E1_ManyReplaysAreOneReuse(t *testing.T) {
	const rounds = 20
	const reused, rotated = errorv1.Cause_CAUSE_REFRESH_REUSED, errorv1.Cause_CAUSE_REFRESH_ROTATED
	here, there := replicas(t)
	for round := range rounds {
		user := fmt.Sprintf("usr_%d", round)
		if _, err := here.grants.GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: user, ClientId: "app"}); err != nil {
			t.Fatal(err)
		}
		token := here.mustRedeem(t, fmt.Sprintf("code-%d:%s", round, user)).GetRefreshToken()
		issued, refusals := wave(t, here, there, token)
		if len(issued) != 1 || refusals[reused] != 1 || refusals[rotated] != 18 {
			t.Fatalf("round %d: %d refreshes succeeded, and refusals by cause are %v", round, len(issued), refusals)
		}
		if here.active(t, issued[0]) || there.active(t, issued[0]) {
			t.Fatalf("round %d: the token is active after the reuse", round)
		}
		for range 2 {
			if issued, refusals := wave(t, here, there, token); len(issued) > 0 || refusals[rotated] != 20 {
				t.Fatalf("round %d, later: %d refreshes succeeded, and refusals by cause are %v", round, len(issued), refusals)
			}
		}
	}
}
