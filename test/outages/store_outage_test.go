package outages

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// wantUnavailable checks the 503 row of docs/wire-contract.md §4 in both dialects.
func wantUnavailable(t *testing.T, d *harness.Deployment, what, path string, body map[string]any) {
	t.Helper()
	a, err := d.JSON(path, body)
	expect.NoError(t, err)
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
	expect.NoError(t, err)
	if a.Status != http.StatusServiceUnavailable || a.Text("error") != "temporarily_unavailable" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s, RFC 6749 dialect: %d %s", what, a.Status, a.Raw)
	}
}

// TestCase104_PostgreSQLStopped: requests return 503 in the endpoint's dialect and on the pages,
// consume no token, raise no reuse alarm, and succeed again once PostgreSQL is back.
func TestCase104_PostgreSQLStopped(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := shared.OwnProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	expect.NoError(t, servers.StopPostgres())

	introspection := map[string]any{"token": tokens.Access, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW}
	wantUnavailable(t, d, "redeeming", "/oauth/token", harness.CodeRequest(code, nil))
	wantUnavailable(t, d, "refreshing", "/oauth/token", harness.RefreshRequest(tokens.Refresh, nil))
	wantUnavailable(t, d, "revoking", "/oauth/revoke", map[string]any{"token": tokens.Access})
	wantUnavailable(t, d, "introspecting", "/oauth/introspect", introspection)
	for _, path := range []string{harness.Request{}.Path(), "/account/connected-apps"} {
		page, err := b.Get(path)
		expect.NoError(t, err)
		expect.Equal(t, "status of "+path, page.Status, http.StatusServiceUnavailable)
		expect.PageHeaders(t, path, page)
	}
	conn, err := d.Dial("video-api", "token")
	expect.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: tokens.Access})
	expect.Equal(t, "gRPC code", status.Code(err), codes.Unavailable)

	expect.NoError(t, servers.StartPostgres())
	expect.Eventually(t, "redeeming the code that was tried during the outage", func() bool {
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		return a.Status == http.StatusOK
	})
	a, err := d.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	expect.Tokens(t, a, harness.FullScope)
	expect.Active(t, d, tokens.Access, true)
}

// TestCase104_RedisAway: requests that need no short-lived data succeed; the others return 503 and
// lose nothing.
func TestCase104_RedisAway(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := shared.OwnProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	resume, err := servers.PauseRedis()
	expect.NoError(t, err)

	wantUnavailable(t, d, "redeeming", "/oauth/token", harness.CodeRequest(code, nil))
	page, err := b.Get(harness.Request{}.Path())
	expect.NoError(t, err)
	expect.Equal(t, "status of the authorization endpoint", page.Status, http.StatusServiceUnavailable)
	expect.Equal(t, "status of the account page", accountStatus(t, b), http.StatusOK)
	next, err := d.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	expect.Tokens(t, next, harness.FullScope)
	expect.Active(t, d, next.Text("access_token"), true)

	expect.NoError(t, resume())
	expect.Eventually(t, "redeeming the code that was tried during the outage", func() bool {
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		return a.Status == http.StatusOK
	})
	expect.Active(t, d, next.Text("access_token"), true)
}

// TestADR0002_RedisDecidesNothing: rotation, reuse, revocation and single use are correct after
// Redis was flushed or restored.
func TestADR0002_RedisDecidesNothing(t *testing.T) {
	t.Parallel() // it has its own servers
	d, servers := shared.OwnProcesses(t, nil)
	redis := servers.Redis()
	b := d.NewBrowser()

	t.Run("a code's record restored after redemption redeems nothing", func(t *testing.T) {
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		keys, err := redis.Keys(t.Context(), "*authz:code:*").Result()
		expect.NoError(t, err)
		expect.Equal(t, "number of codes in Redis", len(keys), 1)
		record, err := redis.Dump(t.Context(), keys[0]).Result()
		expect.NoError(t, err)
		first, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, first, harness.FullScope)
		expect.NoError(t, redis.RestoreReplace(t.Context(), keys[0], 10*time.Minute, record).Err())
		second, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, second, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		expect.Active(t, d, first.Text("access_token"), false)
	})

	t.Run("flushed", func(t *testing.T) {
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		unused, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		first, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		other, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		expect.NoError(t, redis.FlushAll(t.Context()).Err())

		a, err := d.Exchange(unused, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		a, err = d.Exchange(code, harness.Request{}) // a replay, which Redis has no record of
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		expect.Active(t, d, first.Text("access_token"), false)
		expect.Active(t, d, other.Access, true)

		next, err := d.Refresh(other.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, next, harness.FullScope)
		a, err = d.Refresh(other.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		expect.Active(t, d, next.Text("access_token"), false)
		expect.Equal(t, "status for a session, which is in PostgreSQL", accountStatus(t, b), http.StatusOK)
	})
}
