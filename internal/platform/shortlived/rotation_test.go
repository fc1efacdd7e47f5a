package shortlived_test

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
)

// TestRedisPasswordIsRotatedWithoutARestart changes a user's password at a real server, and closes
// the existing connections.
func TestRedisPasswordIsRotatedWithoutARestart(t *testing.T) {
	addr := os.Getenv("USHER_TEST_REDIS_ADDR")
	if addr == "" {
		t.Fatal("no Redis: run the tests through scripts/with-deps.sh (make test does)")
	}
	server := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = server.Close() })
	user := strings.ToLower(secret.NewID("rotating_"))
	acl := func(rules ...any) {
		t.Helper()
		if err := server.Do(t.Context(), append([]any{"ACL", "SETUSER", user}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	cut := func() {
		t.Helper()
		if err := server.Do(t.Context(), "CLIENT", "KILL", "USER", user).Err(); err != nil {
			t.Fatal(err)
		}
	}
	acl("on", ">first", "~"+user+":*", "+@all")
	t.Cleanup(func() { _ = server.Do(t.Context(), "ACL", "DELUSER", user).Err() })

	var file atomic.Pointer[string]
	write := func(text string) { file.Store(&text) }
	write("first")
	store, err := shortlived.OpenRedis(shortlived.RedisConfig{
		Addrs: []string{addr}, Username: user, Password: secret.Live(func() string { return *file.Load() }), Prefix: user + ":",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	works := func(when string) {
		t.Helper()
		// The first command may get a closed connection; the limit is for a test that hangs.
		err := errors.New("not queried")
		for end := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(end); {
			err = store.Put(t.Context(), "k", []byte("v"), time.Minute)
		}
		if err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	works("at first")

	// With an overlap: the server accepts both, the file changes, the old one is removed.
	acl(">second")
	works("while both passwords are good")
	write("second")
	acl("<first")
	cut()
	works("with the second password alone")

	// Without: the server changes before the file.
	acl("resetpass", ">third")
	works("over the connection from before")
	cut()
	if err := store.Ping(t.Context()); !errors.Is(err, shortlived.ErrUnavailable) || strings.Contains(err.Error(), "second") {
		t.Errorf("with a password that is not valid any more: %v", err)
	}
	write("third")
	works("when the file has followed")
}
