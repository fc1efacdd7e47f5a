package refused_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/refused"
)

func TestARefusalIsCachedForItsClientAlone(t *testing.T) {
	c := refused.New(refused.Capacity, refused.TTL)
	token := secret.Sum("a token")
	c.Add(token, "app", cause.RefreshRotated)
	if why, ok := c.Find(token, "app"); !ok || why != cause.RefreshRotated {
		t.Errorf("the refusal is %s, %v", why, ok)
	}
	if why, ok := c.Find(token, "other"); ok {
		t.Errorf("another client is refused because of %s", why)
	}
	if why, ok := c.Find(secret.Sum("another token"), "app"); ok {
		t.Errorf("another token is refused because of %s", why)
	}
}

func TestARefusalExpires(t *testing.T) {
	c := refused.New(refused.Capacity, 20*time.Millisecond)
	token := secret.Sum("a token")
	c.Add(token, "app", cause.RefreshRotated)
	for found := true; found; _, found = c.Find(token, "app") {
		select {
		case <-t.Context().Done():
			t.Fatal("the refusal is still cached")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestTheNumberOfRefusalsIsBounded(t *testing.T) {
	const capacity, many = 64, 4096
	c := refused.New(capacity, refused.TTL)
	cached := func() (n int) {
		for i := range many {
			if _, ok := c.Find(secret.Sum(fmt.Sprint(i)), "app"); ok {
				n++
			}
		}
		return n
	}
	for i := range many {
		c.Add(secret.Sum(fmt.Sprint(i)), "app", cause.RefreshRotated)
	}
	for cached() > capacity { // eviction is asynchronous
		select {
		case <-t.Context().Done():
			t.Fatalf("%d refusals are cached, want %d at most", cached(), capacity)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestANilCacheIsEmpty(t *testing.T) {
	var c *refused.Cache
	c.Add(secret.Sum("a token"), "app", cause.RefreshRotated)
	if _, ok := c.Find(secret.Sum("a token"), "app"); ok {
		t.Error("a nil cache holds a refusal")
	}
}
