package outages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

// restart stops every process and starts it again.
func restart(t *testing.T, d *harness.Deployment) {
	t.Helper()
	expect.NoError(t, d.Close())
	expect.NoError(t, d.StartAll())
}

// TestARestartKeepsUsersConsentsAndTokens on both shapes; the all-in-one loses only sign-ins in
// progress.
func TestARestartKeepsUsersConsentsAndTokens(t *testing.T) {
	t.Parallel() // it has its own servers
	processes, _ := shared.OwnProcesses(t, nil)
	fleet.On(t, []*harness.Deployment{shared.OwnAllInOne(t, nil), processes}, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		spent, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		_, err = d.Refresh(spent.Refresh)
		expect.NoError(t, err)
		restart(t, d)
		expect.Active(t, d, tokens.Access, true)
		page, err := expect.SignedIn(t, d, harness.JohnEmail).Get("/account/connected-apps")
		expect.NoError(t, err)
		if !strings.Contains(page.Body, "Example App") {
			t.Error("the consent is gone")
		}
		next, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, next, harness.FullScope)
		reused, err := d.Refresh(spent.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, reused, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		expect.Active(t, d, spent.Access, false)
	})
}

// TestWire3_LifetimesEnd: a code expires after ten minutes, an access token after an hour, a
// refresh token after thirty days; the responses are then those for an unknown one.
func TestWire3_LifetimesEnd(t *testing.T) {
	t.Parallel() // it has its own servers
	d, _ := shared.OwnProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	later, err := b.Approve(harness.Request{Workspace: "ws_doe"})
	expect.NoError(t, err)

	d.Set("USHER_CLOCK_OFFSET", "9m")
	restart(t, d)
	a, err := d.Exchange(later, harness.Request{})
	expect.NoError(t, err)
	expect.Tokens(t, a, harness.FullScope)
	d.Set("USHER_CLOCK_OFFSET", "10m30s")
	restart(t, d)
	a, err = d.Exchange(code, harness.Request{})
	expect.NoError(t, err)
	expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadCode)
	expect.Cause(t, d, a.Header, "code_expired", harness.ConfidentialID) // only the log has this cause, the response has not
	expect.Active(t, d, tokens.Access, true)

	d.Set("USHER_CLOCK_OFFSET", "61m")
	restart(t, d)
	expect.Active(t, d, tokens.Access, false)
	a, err = d.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	expect.Tokens(t, a, harness.FullScope)
	d.Set("USHER_CLOCK_OFFSET", "745h") // thirty days after that refresh, and some
	restart(t, d)
	a, err = d.Refresh(a.Text("refresh_token"))
	expect.NoError(t, err)
	expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
	expect.Cause(t, d, a.Header, "refresh_expired", harness.ConfidentialID)
}

// TestRetryWindow_TheSameClientGetsTheSamePairAgain, byte for byte, within the retry window;
// otherwise a second use is reuse.
func TestRetryWindow_TheSameClientGetsTheSamePairAgain(t *testing.T) {
	d := shared.OwnAllInOne(t, map[string]string{"USHER_TOKEN_REFRESH_RETRY_WINDOW": "30s"})
	b := d.NewBrowser()
	t.Run("a retry", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		first, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		for range 3 {
			again, err := d.Refresh(tokens.Refresh)
			expect.NoError(t, err)
			expect.Equal(t, "the retry's response", again.Raw, first.Raw)
		}
		expect.Active(t, d, first.Text("access_token"), true)
	})
	t.Run("many at once", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		responses, err := harness.Concurrently(harness.Repeat(20, func() (harness.Response, error) { return d.Refresh(tokens.Refresh) })...)
		expect.NoError(t, err)
		for _, a := range responses {
			expect.Equal(t, "one of twenty responses", a.Raw, responses[0].Raw)
		}
		expect.Tokens(t, responses[0], harness.FullScope)
	})
	t.Run("after the successor was used", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		second, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		third, err := d.Refresh(second.Text("refresh_token"))
		expect.NoError(t, err)
		reused, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, reused, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		expect.Active(t, d, third.Text("access_token"), false)
	})
	t.Run("without the client's secret", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		next, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		a, err := d.JSON("/oauth/token", harness.RefreshRequest(tokens.Refresh, map[string]any{"client_secret": "vdo_secret_nope"}))
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadClient)
		expect.Active(t, d, next.Text("access_token"), true)
	})
	t.Run("after it was revoked", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		next, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		_, err = d.JSON("/oauth/revoke", map[string]any{"token": next.Text("refresh_token")})
		expect.NoError(t, err)
		a, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
	})
}

// TestProductionRefusesTheFixtures, and it refuses the secrets of the development profile.
func TestProductionRefusesTheFixtures(t *testing.T) {
	t.Parallel() // it has its own servers
	d, _ := shared.OwnProcesses(t, nil)
	_, err := d.StopOne("authz")
	expect.NoError(t, err)
	_, err = d.StopOne("identity")
	expect.NoError(t, err)
	d.Set("USHER_DEVELOPMENT", "false")
	d.Set("USHER_PUBLIC_URL", "https://login.example.com")
	for name, said := range map[string]string{"authz": "vdo_client_abc123", "identity": "usr_"} {
		if err := d.StartOne(name); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v, want a refusal that names %s", name, err, said)
		}
	}
}
