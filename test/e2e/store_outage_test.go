package e2e

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// ownFiveProcesses starts five processes on PostgreSQL and Redis servers of the test's own.
func ownFiveProcesses(t *testing.T, extra map[string]string) (*harness.Deployment, *harness.OwnServers) {
	t.Helper()
	dir := t.TempDir()
	servers, err := harness.StartOwnServers(t.Context(), dir)
	must(t, err)
	t.Cleanup(func() { must(t, servers.Close()) })
	d, err := harness.FiveProcesses(shared.bins, dir, servers.Servers, harness.WithLongTimeouts(extra))
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	return d, servers
}

// wantUnavailable checks the 503 row of docs/wire-contract.md §4 in both dialects.
func wantUnavailable(t *testing.T, d *harness.Deployment, what, path string, body map[string]any) {
	t.Helper()
	a, err := d.JSON(path, body)
	must(t, err)
	if a.Status != http.StatusServiceUnavailable || a.Code() != "unavailable" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s, documented dialect: %d %s, Retry-After %q", what, a.Status, a.Raw, a.Header.Get("Retry-After"))
	}
	form := url.Values{}
	for k, v := range body {
		if s, ok := v.(string); ok {
			form.Set(k, s)
		}
	}
	a, err = d.Form(path, form)
	must(t, err)
	if a.Status != http.StatusServiceUnavailable || a.Text("error") != "temporarily_unavailable" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s, RFC 6749 dialect: %d %s", what, a.Status, a.Raw)
	}
}

// eventually polls a check until it returns true, and fails the test after a minute.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !check(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// TestCase104_PostgreSQLStopped: requests return 503 in the endpoint's dialect and on the pages,
// consume no token, raise no reuse alarm, and succeed again once PostgreSQL is back.
func TestCase104_PostgreSQLStopped(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := ownFiveProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	must(t, err)
	code, err := b.Approve(harness.Request{})
	must(t, err)
	must(t, servers.StopPostgres())

	introspection := map[string]any{"token": tokens.Access, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW}
	wantUnavailable(t, d, "redeeming", "/oauth/token", codeRequest(code, nil))
	wantUnavailable(t, d, "refreshing", "/oauth/token", refreshRequest(tokens.Refresh, nil))
	wantUnavailable(t, d, "revoking", "/oauth/revoke", map[string]any{"token": tokens.Access})
	wantUnavailable(t, d, "introspecting", "/oauth/introspect", introspection)
	for _, path := range []string{harness.Request{}.Path(), "/account/connected-apps"} {
		page, err := b.Get(path)
		must(t, err)
		want(t, "status of "+path, page.Status, http.StatusServiceUnavailable)
		wantPageHeaders(t, path, page)
	}
	conn, err := d.Dial("video-api", "token")
	must(t, err)
	defer func() { _ = conn.Close() }()
	_, err = tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: tokens.Access})
	want(t, "gRPC code", status.Code(err), codes.Unavailable)

	must(t, servers.StartPostgres())
	eventually(t, "redeeming the code that was tried during the outage", func() bool {
		a, err := d.Exchange(code, harness.Request{})
		must(t, err)
		return a.Status == http.StatusOK
	})
	a, err := d.Refresh(tokens.Refresh)
	must(t, err)
	wantTokens(t, a, fullScope)
	wantActive(t, d, tokens.Access, true)
}

// TestCase104_RedisAway: requests that need no short-lived data succeed; the others return 503 and
// lose nothing.
func TestCase104_RedisAway(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := ownFiveProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	must(t, err)
	code, err := b.Approve(harness.Request{})
	must(t, err)
	resume, err := servers.PauseRedis()
	must(t, err)

	wantUnavailable(t, d, "redeeming", "/oauth/token", codeRequest(code, nil))
	page, err := b.Get(harness.Request{}.Path())
	must(t, err)
	want(t, "status of the authorization endpoint", page.Status, http.StatusServiceUnavailable)
	next, err := d.Refresh(tokens.Refresh)
	must(t, err)
	wantTokens(t, next, fullScope)
	wantActive(t, d, next.Text("access_token"), true)

	must(t, resume())
	eventually(t, "redeeming the code that was tried during the outage", func() bool {
		a, err := d.Exchange(code, harness.Request{})
		must(t, err)
		return a.Status == http.StatusOK
	})
	wantActive(t, d, next.Text("access_token"), true)
}

// TestADR0002_RedisDecidesNothing: rotation, reuse, revocation and single use are correct after
// Redis was flushed or restored.
func TestADR0002_RedisDecidesNothing(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := ownFiveProcesses(t, nil)
	redis := servers.Redis()
	b := d.NewBrowser()

	t.Run("a code's record restored after redemption redeems nothing", func(t *testing.T) {
		code, err := b.Approve(harness.Request{})
		must(t, err)
		keys, err := redis.Keys(t.Context(), "*authz:code:*").Result()
		must(t, err)
		want(t, "number of codes in Redis", len(keys), 1)
		record, err := redis.Dump(t.Context(), keys[0]).Result()
		must(t, err)
		first, err := d.Exchange(code, harness.Request{})
		must(t, err)
		wantTokens(t, first, fullScope)
		must(t, redis.RestoreReplace(t.Context(), keys[0], 10*time.Minute, record).Err())
		second, err := d.Exchange(code, harness.Request{})
		must(t, err)
		wantFailure(t, second, http.StatusUnauthorized, "authentication_error", badCode)
		wantActive(t, d, first.Text("access_token"), false)
	})

	t.Run("flushed", func(t *testing.T) {
		code, err := b.Approve(harness.Request{})
		must(t, err)
		unused, err := b.Approve(harness.Request{})
		must(t, err)
		first, err := d.Exchange(code, harness.Request{})
		must(t, err)
		other, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		must(t, err)
		must(t, redis.FlushAll(t.Context()).Err())

		a, err := d.Exchange(unused, harness.Request{})
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badCode)
		a, err = d.Exchange(code, harness.Request{}) // a replay, which Redis has no record of
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badCode)
		wantActive(t, d, first.Text("access_token"), false)
		wantActive(t, d, other.Access, true)

		next, err := d.Refresh(other.Refresh)
		must(t, err)
		wantTokens(t, next, fullScope)
		a, err = d.Refresh(other.Refresh)
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badRefresh)
		wantActive(t, d, next.Text("access_token"), false)
		page, err := b.Get("/account/connected-apps")
		must(t, err)
		want(t, "status for a session that is gone", page.Status, http.StatusSeeOther)
	})
}
