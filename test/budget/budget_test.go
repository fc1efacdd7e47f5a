package budget

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// rounds is the number of times each operation runs: enough that periodic work, such as a
// heartbeat, is rounded away.
const rounds = 60

// serviceID is a client that gets tokens for itself.
const serviceID = "vdo_client_service"

// budget is the maximum cost of one operation. Where it is not 0, the operation must cost something: otherwise nothing
// is counted.
type budget struct{ calls, statements, commands int }

// TestTheHotOperationsKeepTheirBudget: the authorization code flow with a signed-in browser, a
// refresh, client_credentials, an introspection, a replay.
func TestTheHotOperationsKeepTheirBudget(t *testing.T) {
	bins, err := harness.Build(os.Getenv("USHER_TEST_BIN"))
	expect.NoError(t, err)
	servers, err := harness.NewServers(t.Context())
	expect.NoError(t, err)
	// Statements are counted by database, and commands for the whole server.
	addr, stop, err := harness.StartOwnRedis(t.Context(), t.TempDir())
	expect.NoError(t, err)
	defer func() { expect.NoError(t, stop()) }()
	servers.RedisAddr = addr
	d, err := harness.Processes(bins, t.TempDir(), servers, harness.WithLongTimeouts(map[string]string{
		"USHER_TOKEN_GRANT_LIMIT": "0", "USHER_TOKEN_REFRESH_LIMIT": "0", "USHER_TOKEN_INTROSPECTION_CACHE_SIZE": "0",
	}))
	expect.NoError(t, err)
	d.Own = servers
	defer func() { expect.NoError(t, d.Close()) }()
	counter, err := harness.NewCounter(t.Context(), d, servers)
	expect.NoError(t, err)
	defer func() { expect.NoError(t, counter.Close()) }()

	serviceSecret, err := d.Operate(t.Context(), bins, "clients", "create", "Service", "--id", serviceID,
		"--grant-type", "client_credentials", "--workspace", "ws_acme", "--scope", "videos:read")
	expect.NoError(t, err)
	serviceSecret = strings.TrimSpace(serviceSecret)
	browser := d.NewBrowser()
	tokens, err := d.Issue(browser, harness.Request{})
	expect.NoError(t, err)
	rotated := tokens.Refresh // the second row rotates it
	conn, err := d.Dial("video-api", "token")
	expect.NoError(t, err)
	introspection := tokenv1.NewIntrospectionServiceClient(conn)

	for _, row := range []struct {
		name      string
		budget    budget
		operation func(ctx context.Context)
	}{
		{"authorize, consent page, decision, token", budget{11, 6, 6}, func(context.Context) {
			issued, err := d.Issue(browser, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
			expect.NoError(t, err)
			if issued.Access == "" {
				t.Fatal("no token")
			}
		}},
		{"refresh", budget{2, 1, 0}, func(context.Context) {
			a, err := d.Refresh(tokens.Refresh)
			expect.NoError(t, err)
			if a.Status != http.StatusOK {
				t.Fatalf("refresh: %d %s", a.Status, a.Raw)
			}
			tokens = harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}
		}},
		{"client_credentials", budget{2, 1, 0}, func(context.Context) {
			a, err := d.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, serviceID, serviceSecret)
			expect.NoError(t, err)
			if a.Status != http.StatusOK {
				t.Fatalf("client_credentials: %d %s", a.Status, a.Raw)
			}
		}},
		{"introspection from the store", budget{1, 1, 0}, func(ctx context.Context) {
			res, err := introspection.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: tokens.Access})
			expect.NoError(t, err)
			if !res.GetActive() {
				t.Fatal("a live token is inactive")
			}
		}},
		{"replay of a refresh token that is revoked", budget{2, 0, 0}, func(context.Context) {
			a, err := d.Refresh(rotated)
			expect.NoError(t, err)
			if a.Status != http.StatusUnauthorized {
				t.Fatalf("replay: %d %s", a.Status, a.Raw)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.operation(t.Context()) // the first run prepares statements and connections
			before, err := counter.Count(t.Context())
			expect.NoError(t, err)
			for range rounds {
				row.operation(t.Context())
			}
			after, err := counter.Count(t.Context())
			expect.NoError(t, err)
			per := after.Per(before, rounds)
			calls, statements, commands := per.Totals()
			t.Logf("%d calls, %d statements, %d commands\n%s", calls, statements, commands, per)
			if got := (budget{calls, statements, commands}); calls > row.budget.calls || statements > row.budget.statements || commands > row.budget.commands {
				t.Errorf("each takes %+v, the budget is %+v", got, row.budget)
			}
			for what, n := range map[string][2]int{
				"calls": {calls, row.budget.calls}, "statements": {statements, row.budget.statements}, "commands": {commands, row.budget.commands},
			} {
				if n[0] == 0 && n[1] > 0 {
					t.Errorf("no %s are counted, and the budget is %d", what, n[1])
				}
			}
		})
	}
}
