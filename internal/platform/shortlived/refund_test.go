package shortlived_test

import (
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
)

func TestFault_E6_ARefundedAttemptLeavesNoKeyInRedis(t *testing.T) {
	addr := os.Getenv("USHER_TEST_REDIS_ADDR")
	if addr == "" {
		t.Fatal("no Redis: run the tests through scripts/with-deps.sh (make test does)")
	}
	prefix := secret.NewID("test_") + ":"
	s, err := shortlived.OpenRedis(shortlived.RedisConfig{Addrs: []string{addr}, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server := redis.NewClient(&redis.Options{Addr: addr})
	defer server.Close()
	keys := func() []string {
		list, err := server.Keys(t.Context(), prefix+"*").Result()
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	spendAndRefund(t, s, func() {
		if list := keys(); len(list) != 1 {
			t.Errorf("a spent budget has the keys %q, want one", list)
		}
		if ttl := server.PTTL(t.Context(), prefix+"budget").Val(); ttl <= 0 {
			t.Errorf("a spent budget lives for %v", ttl)
		}
	})
	if list := keys(); len(list) != 0 {
		t.Errorf("after every refund Redis holds %q", list)
	}
}

func TestFault_E6_ARefundedAttemptLeavesNoEntryInMemory(t *testing.T) {
	s := shortlived.NewMemory(shortlived.MemoryOptions{MaxEntries: 1})
	spendAndRefund(t, s, func() {})
	if err := s.Put(t.Context(), "another", nil, time.Minute); err != nil {
		t.Errorf("the refunded budget still takes the only place: %v", err)
	}
}

// spendAndRefund takes two and gives three back.
func spendAndRefund(t *testing.T, s shortlived.Store, between func()) {
	t.Helper()
	for range 2 {
		if taken, err := s.Spend(t.Context(), "budget", 5, time.Minute); err != nil || !taken {
			t.Fatalf("Spend: %v, %v", taken, err)
		}
	}
	if err := s.Refund(t.Context(), "budget"); err != nil {
		t.Fatal(err)
	}
	between()
	for range 2 {
		if err := s.Refund(t.Context(), "budget"); err != nil {
			t.Fatal(err)
		}
	}
}
