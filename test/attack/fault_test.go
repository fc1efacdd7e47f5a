package attack

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// proxiedDeployment is a deployment that reaches its stores through proxies that can drop traffic.
type proxiedDeployment struct {
	*harness.Deployment
	postgres, redis *harness.TCPProxy
}

func newProxiedDeployment(t *testing.T) proxiedDeployment {
	t.Helper()
	servers, err := harness.NewServers(context.WithoutCancel(t.Context()))
	expect.NoError(t, err)
	var f proxiedDeployment
	f.redis, err = harness.NewTCPProxy(servers.RedisAddr)
	expect.NoError(t, err)
	for name, text := range servers.Databases {
		u, err := url.Parse(text)
		expect.NoError(t, err)
		if f.postgres == nil {
			f.postgres, err = harness.NewTCPProxy(u.Host)
			expect.NoError(t, err)
		}
		u.Host = f.postgres.Addr()
		servers.Databases[name] = u.String()
	}
	servers.RedisAddr = f.redis.Addr()
	t.Cleanup(func() { _, _ = f.postgres.Close(), f.redis.Close() })
	f.Deployment, err = harness.Processes(shared.bins, t.TempDir(), servers, map[string]string{
		"USHER_UPSTREAM_URL": shared.upstream.URL, "USHER_REDIS_PREFIX": "fragile:",
	})
	expect.NoError(t, err)
	f.Own = servers
	t.Cleanup(func() { expect.NoError(t, f.Close()) })
	return f
}

// api sends a request to the API behind /v1.
func (f proxiedDeployment) api(t *testing.T, token string) harness.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, f.PublicURL+"/v1/videos", nil)
	expect.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	a, err := harness.Send(req)
	expect.NoError(t, err)
	return a
}

// TestCase105_ALostReplyOfRedisIsNoReplay: the code can still be redeemed, once, and no other token
// is revoked.
func TestCase105_ALostReplyOfRedisIsNoReplay(t *testing.T) {
	t.Parallel()
	f := newProxiedDeployment(t)
	b := f.NewBrowser()
	other, err := f.Issue(b, harness.Request{Workspace: "ws_doe"})
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	f.redis.LoseReply()
	first, err := f.Exchange(code, harness.Request{})
	expect.NoError(t, err)
	if !f.redis.LostReply() {
		t.Fatal("redeeming a code sends no command to Redis")
	}
	switch first.Status {
	case http.StatusOK:
		if second, err := f.Exchange(code, harness.Request{}); err != nil || second.Status == http.StatusOK {
			t.Errorf("the code is redeemed twice: %d, %v", second.Status, err)
		}
		return // the second use is a replay, which revoked the tokens of the first
	case http.StatusServiceUnavailable:
	default:
		t.Fatalf("redeeming the code returned %d %s", first.Status, first.Raw)
	}
	second, err := f.Exchange(code, harness.Request{})
	expect.NoError(t, err)
	if second.Status != http.StatusOK {
		t.Fatalf("redeeming the code again returned %d %s", second.Status, second.Raw)
	}
	for name, token := range map[string]string{"the new token": second.Text("access_token"), "the older token": other.Access} {
		active, err := f.Active(token)
		expect.NoError(t, err)
		expect.Equal(t, name+", active", active, true)
	}
	third, err := f.Exchange(code, harness.Request{})
	expect.NoError(t, err)
	expect.Equal(t, "status of a third try", third.Status, http.StatusUnauthorized)
}

// TestCase104_StoresThatHang makes one store after the other stop responding, under load: every request
// that needs the store returns 503, access is never granted, no token is revoked or consumed, and
// everything works again when the store is back.
func TestCase104_StoresThatHang(t *testing.T) {
	t.Parallel()
	f := newProxiedDeployment(t)
	b := f.NewBrowser()
	tokens, err := f.Issue(b, harness.Request{})
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	login := map[string]any{"emailAddress": harness.EstherEmail, "password": harness.UserPassword}
	type operation struct {
		what string
		send func() (harness.Response, error)
	}
	redeem := operation{"redeeming", func() (harness.Response, error) { return f.Exchange(code, harness.Request{}) }}
	signIn := operation{"signing in", func() (harness.Response, error) { return f.JSON("/api/v1/user/authenticate", login) }}
	introspect := func() (harness.Response, error) {
		return f.JSON("/oauth/introspect", map[string]any{"token": tokens.Access, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW})
	}
	others := []operation{
		{"refreshing", func() (harness.Response, error) { return f.Refresh(tokens.Refresh) }},
		{"revoking", func() (harness.Response, error) {
			return f.JSON("/oauth/revoke", map[string]any{"token": tokens.Refresh})
		}},
		{"introspecting", introspect},
	}
	for _, outage := range []struct {
		name       string
		proxy      *harness.TCPProxy
		operations []operation
	}{{"Redis", f.redis, []operation{redeem, signIn}}, {"PostgreSQL", f.postgres, append([]operation{redeem, signIn}, others...)}} {
		outage.proxy.Blackhole(true)
		if outage.proxy == f.postgres { // clients and tokens that were read just before are cached for a moment
			eventually(t, "introspection being closed", func() bool {
				a, err := introspect()
				return err == nil && a.Status == http.StatusServiceUnavailable
			})
		}
		runConcurrently(20*len(outage.operations)*(*crowd), func(i int) (harness.Response, error) {
			operation := outage.operations[i%len(outage.operations)]
			a, err := operation.send()
			if err != nil || a.Status != http.StatusServiceUnavailable && a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
				t.Errorf("%s without %s returned %d %s %v", operation.what, outage.name, a.Status, a.Raw, err)
			}
			return a, err
		})
		if outage.proxy == f.postgres {
			eventually(t, "the API being closed", func() bool {
				a := f.api(t, tokens.Access)
				if a.Status != http.StatusServiceUnavailable && a.Status != http.StatusOK { // a token checked just before is cached for a moment
					t.Fatalf("the API without PostgreSQL returned %d %s", a.Status, a.Raw)
				}
				return a.Status == http.StatusServiceUnavailable
			})
		}
		outage.proxy.Blackhole(false)
		outage.proxy.Cut()
		eventually(t, "introspection after the outage of "+outage.name, func() bool {
			active, err := f.Active(tokens.Access)
			if err == nil && !active {
				t.Fatalf("the outage of %s made a token inactive", outage.name)
			}
			return err == nil
		})
	}
	eventually(t, "redeeming the code that was sent during the outages", func() bool {
		a, err := redeem.send()
		if err == nil && a.Status == http.StatusUnauthorized {
			t.Fatalf("the outage invalidated the code: %s", a.Raw)
		}
		return err == nil && a.Status == http.StatusOK
	})
	eventually(t, "the API being open", func() bool { return f.api(t, tokens.Access).Status == http.StatusOK })
	next, err := f.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	if next.Status != http.StatusOK || strings.Contains(next.Raw, "error") {
		t.Errorf("refreshing after the outages returned %d %s", next.Status, next.Raw)
	}
}
