package attack

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// fragile is a deployment whose stores are reached through proxies that can fail.
type fragile struct {
	*harness.Deployment
	postgres, redis *harness.TCPProxy
}

func newFragile(t *testing.T) fragile {
	t.Helper()
	servers, err := harness.NewServers(context.WithoutCancel(t.Context()))
	must(t, err)
	var f fragile
	f.redis, err = harness.NewTCPProxy(servers.RedisAddr)
	must(t, err)
	for name, text := range servers.Databases {
		u, err := url.Parse(text)
		must(t, err)
		if f.postgres == nil {
			f.postgres, err = harness.NewTCPProxy(u.Host)
			must(t, err)
		}
		u.Host = f.postgres.Addr()
		servers.Databases[name] = u.String()
	}
	servers.RedisAddr = f.redis.Addr()
	t.Cleanup(func() { _, _ = f.postgres.Close(), f.redis.Close() })
	f.Deployment, err = harness.FiveProcesses(shared.bins, t.TempDir(), servers, map[string]string{
		"USHER_UPSTREAM_URL": shared.upstream.URL, "USHER_REDIS_PREFIX": "fragile:",
	})
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	return f
}

// api asks the API behind /v1.
func (f fragile) api(t *testing.T, token string) harness.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, f.PublicURL+"/v1/videos", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	a, err := harness.Send(req)
	must(t, err)
	return a
}

// TestCase105_ALostReplyOfRedisIsNoReplay: the code can be redeemed all the same, once, and nothing else ends.
func TestCase105_ALostReplyOfRedisIsNoReplay(t *testing.T) {
	t.Parallel()
	f := newFragile(t)
	b := f.NewBrowser()
	other, err := f.Issue(b, harness.Request{Workspace: "ws_doe"})
	must(t, err)
	code, err := b.Approve(harness.Request{})
	must(t, err)
	f.redis.LoseReply()
	first, err := f.Exchange(code, harness.Request{})
	must(t, err)
	if !f.redis.LostReply() {
		t.Fatal("redeeming a code asks Redis nothing")
	}
	switch first.Status {
	case http.StatusOK:
		if second, err := f.Exchange(code, harness.Request{}); err != nil || second.Status == http.StatusOK {
			t.Errorf("the code is redeemed twice: %d, %v", second.Status, err)
		}
		return // which ended what the first use issued, as every replay does
	case http.StatusServiceUnavailable:
	default:
		t.Fatalf("the redemption is answered %d %s", first.Status, first.Raw)
	}
	second, err := f.Exchange(code, harness.Request{})
	must(t, err)
	if second.Status != http.StatusOK {
		t.Fatalf("trying again is answered %d %s", second.Status, second.Raw)
	}
	for name, token := range map[string]string{"what was issued": second.Text("access_token"), "what was there": other.Access} {
		active, err := f.Active(token)
		must(t, err)
		want(t, name+", active", active, true)
	}
	third, err := f.Exchange(code, harness.Request{})
	must(t, err)
	want(t, "status of a third try", third.Status, http.StatusUnauthorized)

	t.Run("case 104: stores that hang", func(t *testing.T) { stores(t, f) })
}

// stores hang, one after the other, under load: 503 everywhere that needs them, nothing allowed, nothing refused for good, nothing
// consumed, and all of it over when they are back.
func stores(t *testing.T, f fragile) {
	b := f.NewBrowser()
	tokens, err := f.Issue(b, harness.Request{})
	must(t, err)
	code, err := b.Approve(harness.Request{})
	must(t, err)
	login := map[string]any{"emailAddress": harness.EstherEmail, "password": harness.UserPassword}
	type ask struct {
		what string
		send func() (harness.Response, error)
	}
	redeem := ask{"redeeming", func() (harness.Response, error) { return f.Exchange(code, harness.Request{}) }}
	signIn := ask{"signing in", func() (harness.Response, error) { return f.JSON("/api/v1/user/authenticate", login) }}
	others := []ask{
		{"refreshing", func() (harness.Response, error) { return f.Refresh(tokens.Refresh) }},
		{"revoking", func() (harness.Response, error) {
			return f.JSON("/oauth/revoke", map[string]any{"token": tokens.Refresh})
		}},
		{"introspecting", func() (harness.Response, error) {
			return f.JSON("/oauth/introspect", map[string]any{"token": tokens.Access, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW})
		}},
	}
	for _, outage := range []struct {
		name  string
		proxy *harness.TCPProxy
		asks  []ask
	}{{"Redis", f.redis, []ask{redeem, signIn}}, {"PostgreSQL", f.postgres, append([]ask{redeem, signIn}, others...)}} {
		outage.proxy.Blackhole(true)
		together(20*len(outage.asks)*(*crowd), func(i int) (harness.Response, error) {
			ask := outage.asks[i%len(outage.asks)]
			a, err := ask.send()
			if err != nil || a.Status != http.StatusServiceUnavailable && a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
				t.Errorf("%s without %s is answered %d %s %v", ask.what, outage.name, a.Status, a.Raw, err)
			}
			return a, err
		})
		if outage.proxy == f.postgres {
			eventually(t, "the API being closed", func() bool {
				a := f.api(t, tokens.Access)
				if a.Status != http.StatusServiceUnavailable && a.Status != http.StatusOK { // what was just checked is remembered for a moment
					t.Fatalf("the API without PostgreSQL is answered %d %s", a.Status, a.Raw)
				}
				return a.Status == http.StatusServiceUnavailable
			})
		}
		outage.proxy.Blackhole(false)
		outage.proxy.Cut()
		eventually(t, "introspection after the outage of "+outage.name, func() bool {
			active, err := f.Active(tokens.Access)
			if err == nil && !active {
				t.Fatalf("the outage of %s ended a token", outage.name)
			}
			return err == nil
		})
	}
	eventually(t, "redeeming the code that was tried all the time", func() bool {
		a, err := redeem.send()
		if err == nil && a.Status == http.StatusUnauthorized {
			t.Fatalf("the outage burnt the code: %s", a.Raw)
		}
		return err == nil && a.Status == http.StatusOK
	})
	eventually(t, "the API being open", func() bool { return f.api(t, tokens.Access).Status == http.StatusOK })
	next, err := f.Refresh(tokens.Refresh)
	must(t, err)
	if next.Status != http.StatusOK || strings.Contains(next.Raw, "error") {
		t.Errorf("refreshing after it all is answered %d %s", next.Status, next.Raw)
	}
}
