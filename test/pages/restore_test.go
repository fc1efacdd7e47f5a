package pages

import (
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_E7_ASignedOutBrowserStaysSo after Redis was restored from an older backup.
func TestFault_E7_ASignedOutBrowserStaysSo(t *testing.T) {
	d := shared.Processes() // the shape with Redis
	server := redis.NewClient(&redis.Options{Addr: os.Getenv("USHER_TEST_REDIS_ADDR")})
	defer server.Close()
	b := expect.SignedIn(t, d, harness.JohnEmail)
	token := b.Cookie(harness.SessionCookie)
	key, dump := dumped(t, server, token)

	page, err := b.Get("/account/connected-apps")
	expect.NoError(t, err)
	var form harness.Form
	for _, f := range page.Forms {
		if f.Action == "/signout" {
			form = f
		}
	}
	_, err = b.Submit(page, form, nil)
	expect.NoError(t, err)
	expect.NoError(t, server.RestoreReplace(t.Context(), key, time.Hour, dump).Err())

	page = get(t, d, "/account/connected-apps", map[string]string{harness.SessionCookie: token})
	if page.Status != http.StatusSeeOther || !strings.Contains(page.Location(), "/signin") {
		t.Errorf("the signed-out session returned %d, to %q", page.Status, page.Location())
	}
}

// dumped returns the key and the serialized value of a session in Redis, as a snapshot would
// contain them.
func dumped(t *testing.T, server *redis.Client, token string) (key, dump string) {
	t.Helper()
	hash := secret.Sum(token)
	keys, err := server.Keys(t.Context(), "*identity:session:"+base64.RawURLEncoding.EncodeToString(hash[:])).Result()
	expect.NoError(t, err)
	if len(keys) != 1 {
		t.Fatalf("the session has the Redis keys %q", keys)
	}
	dump, err = server.Dump(t.Context(), keys[0]).Result()
	expect.NoError(t, err)
	return keys[0], dump
}
