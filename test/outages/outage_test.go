package outages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// outage is a deployment from which a test removes one part at a time.
type outage struct {
	*harness.Deployment

	servers *harness.OwnServers
	tokens  harness.Tokens
}

// closeDatabase closes a service's database for connections; reopen opens it again.
func (d outage) closeDatabase(t *testing.T, service string) (reopen func()) {
	t.Helper()
	u, err := url.Parse(d.servers.Databases[service])
	expect.NoError(t, err)
	name := strings.TrimPrefix(u.Path, "/")
	allow := func(whether string) {
		expect.NoError(t, d.servers.SQL(t.Context(), "", "ALTER DATABASE "+name+" ALLOW_CONNECTIONS "+whether))
	}
	allow("false")
	expect.NoError(t, d.servers.SQL(t.Context(), "", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'"))
	return func() {
		allow("true")
		d.waitUntilActive(t, "once "+service+" has its database again")
	}
}

// waitUntilActive polls introspection until the token is active.
func (d outage) waitUntilActive(t *testing.T, when string) {
	t.Helper()
	expect.Eventually(t, "introspecting "+when, func() bool {
		active, err := d.Active(d.tokens.Access)
		return err == nil && active
	})
}

func (d outage) introspectionRequest() map[string]any {
	return map[string]any{"token": d.tokens.Access, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW}
}

// wantSignIn signs a user in on the sign-in page, which must succeed during the outage.
func (d outage) wantSignIn(t *testing.T) *harness.Browser {
	t.Helper()
	b := d.NewBrowser()
	page, err := b.Get("/signin")
	expect.NoError(t, err)
	page, err = b.SignIn(page, harness.EstherEmail, harness.UserPassword)
	expect.NoError(t, err)
	if b.Cookie(harness.SessionCookie) == "" {
		t.Errorf("signing in led to %d %q", page.Status, page.Location())
	}
	return b
}

// wantGRPCIntrospection introspects over gRPC as a resource server, which must succeed during the
// outage.
func (d outage) wantGRPCIntrospection(t *testing.T) {
	t.Helper()
	conn, err := d.Dial("video-api", "token")
	expect.NoError(t, err)
	defer func() { _ = conn.Close() }()
	res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: d.tokens.Access})
	if err != nil || !res.GetActive() {
		t.Errorf("introspecting over gRPC: %v %v", res, err)
	}
}

// TestOutageTableOfTheOperationsPage checks the table of outages in docs/operations.md, line by
// line.
func TestOutageTableOfTheOperationsPage(t *testing.T) {
	t.Parallel() // it has its own servers
	deployment, servers := shared.OwnProcesses(t, nil)
	tokens, err := deployment.Issue(deployment.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	d := outage{deployment, servers, tokens}

	t.Run("PostgreSQL of token", func(t *testing.T) {
		reopen := d.closeDatabase(t, "token")
		d.wantSignIn(t)
		wantUnavailable(t, d.Deployment, "refreshing", "/oauth/token", harness.RefreshRequest(tokens.Refresh, nil))
		wantUnavailable(t, d.Deployment, "introspecting", "/oauth/introspect", d.introspectionRequest())
		page, err := d.NewBrowser().Consent(harness.Request{})
		if err == nil && page.Status != http.StatusServiceUnavailable {
			t.Errorf("the consent page: status %d", page.Status)
		}
		reopen()
	})
	t.Run("PostgreSQL of authz", func(t *testing.T) {
		reopen := d.closeDatabase(t, "authz")
		d.wantGRPCIntrospection(t)
		wantUnavailable(t, d.Deployment, "refreshing", "/oauth/token", harness.RefreshRequest(tokens.Refresh, nil))
		wantUnavailable(t, d.Deployment, "introspecting as a client", "/oauth/introspect", d.introspectionRequest())
		reopen()
	})
	t.Run("token", func(t *testing.T) {
		_, err := d.StopOne("token")
		expect.NoError(t, err)
		d.wantSignIn(t)
		wantUnavailable(t, d.Deployment, "refreshing", "/oauth/token", harness.RefreshRequest(tokens.Refresh, nil))
		expect.Eventually(t, "/v1 after three heartbeats", func() bool {
			req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/v1/videos", nil)
			expect.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+tokens.Access)
			a, err := harness.Send(req)
			expect.NoError(t, err)
			return a.Status == http.StatusServiceUnavailable && a.Code() == "unavailable"
		})
		expect.NoError(t, d.StartOne("token"))
		d.waitUntilActive(t, "once token is back")
	})
	t.Run("Redis", d.redisPaused)
	t.Run("the statement for UsherTokenReuse", func(t *testing.T) {
		statement := regexp.MustCompile("`(SELECT [^`]+)`").FindStringSubmatch(expect.File(t, "docs", "operations.md"))
		if statement == nil {
			t.Fatal("docs/operations.md has no statement")
		}
		expect.NoError(t, servers.SQL(t.Context(), "token", statement[1]))
	})
}

// redisPaused checks what TestCase104_RedisAway does not.
func (d outage) redisPaused(t *testing.T) {
	const authenticate = "/api/v1/user/authenticate"
	password := `{"emailAddress":"` + harness.EstherEmail + `","password":"` + harness.UserPassword + `"}`
	user := expect.UserAPI(t, d.Deployment, http.MethodPost, authenticate, "", password)
	expect.Equal(t, "status", user.Status, http.StatusOK)
	b := d.NewBrowser()
	signin, err := b.Get("/signin")
	expect.NoError(t, err)
	resume, err := d.servers.PauseRedis()
	expect.NoError(t, err)
	for _, body := range []string{password, `{"emailAddress":"` + harness.EstherEmail + `","clientSecret":"exampleclientsecret"}`} {
		expect.Equal(t, "status of "+body, expect.UserAPI(t, d.Deployment, http.MethodPost, authenticate, "", body).Status, http.StatusServiceUnavailable)
	}
	page, err := b.Follow(b.SignIn(signin, harness.EstherEmail, harness.UserPassword))
	expect.NoError(t, err)
	expect.Page(t, "signing in", page, http.StatusOK, "Please try once more in a moment.")
	expect.Equal(t, "session", b.Cookie(harness.SessionCookie), "")
	used := expect.UserAPI(t, d.Deployment, http.MethodGet, "/api/v1/user/"+url.PathEscape(harness.EstherEmail), strings.Trim(strings.TrimSpace(user.Raw), `"`), "")
	expect.Equal(t, "status of a user token in use", used.Status, http.StatusOK)
	a, err := d.JSON("/oauth/revoke", map[string]any{"token": "vdo_oat_x"})
	expect.NoError(t, err)
	expect.Equal(t, "status of a revocation", a.Status, http.StatusOK)
	for name, admin := range d.AdminURLs() {
		req, err := http.NewRequest(http.MethodGet, admin+"/readyz", nil)
		expect.NoError(t, err)
		text, status, err := harness.SendText(req)
		expect.NoError(t, err)
		if status != http.StatusOK {
			t.Errorf("%s is not ready while Redis is away: %s", name, text)
		}
	}
	expect.NoError(t, resume())
}
