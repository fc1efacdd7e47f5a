package token_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/services/token"
)

// sealed counts the token pairs that are stored for retries.
func (b bench) sealed(t *testing.T) (n int) {
	t.Helper()
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM families WHERE retry_sealed IS NOT NULL`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFault_D10_TheSealedPairOfAClientsOwnWindowIsErased soon after the window has closed, also
// where the deployment has no window.
func TestFault_D10_TheSealedPairOfAClientsOwnWindowIsErased(t *testing.T) {
	t.Parallel() // it waits for the cleanup
	b := newBench(t, token.DefaultConfig())
	b.authz.setRetry(1)
	first := b.mustRedeem(t, "code-1")
	second, again := b.mustRefresh(t, first.GetRefreshToken()), b.mustRefresh(t, first.GetRefreshToken())
	if !proto.Equal(second, again) || b.sealed(t) != 1 {
		t.Errorf("the retry returned another pair, or %d pairs are sealed", b.sealed(t))
	}
	for b.sealed(t) > 0 {
		select {
		case <-t.Context().Done():
			t.Fatal("the pair is still stored")
		case <-time.After(50 * time.Millisecond):
		}
	}
	if !b.active(t, second.GetAccessToken()) {
		t.Error("the cleanup revoked the successor")
	}
}

// TestFault_D10_AClientsOwnWindowOfZeroIsStrict where the deployment's allows repeats.
func TestFault_D10_AClientsOwnWindowOfZeroIsStrict(t *testing.T) {
	config := token.DefaultConfig()
	config.RefreshRetryWindow = 30 * time.Second
	b := newBench(t, config)
	b.authz.setRetry(0)
	first := b.mustRedeem(t, "code-1")
	second := b.mustRefresh(t, first.GetRefreshToken())
	_, err := b.refresh(t.Context(), first.GetRefreshToken())
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	if b.active(t, second.GetAccessToken()) || b.sealed(t) > 0 {
		t.Error("the second use was a retry")
	}
}
