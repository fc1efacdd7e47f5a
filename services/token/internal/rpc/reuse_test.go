package rpc

import (
	"testing"
	"time"
)

// TestTheProposedRetryWindowIsLongerThanTheRepeatTook, and nothing is proposed for a repeat that
// came too late.
func TestTheProposedRetryWindowIsLongerThanTheRepeatTook(t *testing.T) {
	for ago, want := range map[time.Duration]time.Duration{
		0: 0, time.Millisecond: 5 * time.Second, 5 * time.Second: 10 * time.Second, 29 * time.Second: 30 * time.Second, 30 * time.Second: 0,
	} {
		if got := retryWindow(ago); got != want {
			t.Errorf("%s after the rotation %s is proposed, want %s", ago, got, want)
		}
	}
}
