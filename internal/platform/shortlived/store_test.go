package shortlived_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/shortlived/shortlivedtest"
)

func TestContract(t *testing.T) { shortlivedtest.Contract(t) }

func TestMemoryIsBounded(t *testing.T) {
	clock := &shortlivedtest.Clock{}
	s := shortlived.NewMemory(shortlived.MemoryOptions{Now: clock.Now, MaxEntries: 2})
	for _, key := range []string{"a", "b"} {
		if err := s.Put(t.Context(), key, nil, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), "c", nil, time.Minute); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("a full store took a third entry: %v", err)
	}
	if err := s.Put(t.Context(), "a", nil, time.Minute); err != nil {
		t.Errorf("a full store did not replace an entry: %v", err)
	}
	clock.Advance(time.Hour)
	if err := s.Put(t.Context(), "c", nil, time.Minute); err != nil {
		t.Errorf("room was not given back after the entries ended: %v", err)
	}
}

func TestRedisThatIsAwayIsUnavailable(t *testing.T) {
	s, err := shortlived.OpenRedis(shortlived.RedisConfig{Addrs: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("reading without a server: %v", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("a call without a server: %v", err)
	}
}
