package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// restart stops every process and starts it again.
func restart(t *testing.T, d *harness.Deployment) {
	t.Helper()
	must(t, d.Close())
	must(t, d.StartAll())
}

// ownAllInOne starts an all-in-one of the test's own.
func ownAllInOne(t *testing.T, extra map[string]string) *harness.Deployment {
	t.Helper()
	d, err := harness.AllInOne(shared.bins, t.TempDir(), harness.WithLongTimeouts(extra))
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	return d
}

// TestARestartKeepsUsersConsentsAndTokens on both shapes; the all-in-one loses only sign-ins in
// progress.
func TestARestartKeepsUsersConsentsAndTokens(t *testing.T) {
	t.Parallel() // it has its own servers
	five, _ := ownFiveProcesses(t, nil)
	onShapes(t, []*harness.Deployment{ownAllInOne(t, nil), five}, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		spent, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		must(t, err)
		_, err = d.Refresh(spent.Refresh)
		must(t, err)
		restart(t, d)
		wantActive(t, d, tokens.Access, true)
		page, err := signIn(t, d, harness.JohnEmail).Get("/account/connected-apps")
		must(t, err)
		if !strings.Contains(page.Body, "Example App") {
			t.Error("the consent is gone")
		}
		next, err := d.Refresh(tokens.Refresh)
		must(t, err)
		wantTokens(t, next, fullScope)
		reused, err := d.Refresh(spent.Refresh)
		must(t, err)
		wantFailure(t, reused, http.StatusUnauthorized, "authentication_error", badRefresh)
		wantActive(t, d, spent.Access, false)
	})
}

// TestWire3_LifetimesEnd: a code expires after ten minutes, an access token after an hour, a
// refresh token after thirty days; the responses are then those for an unknown one.
func TestWire3_LifetimesEnd(t *testing.T) {
	t.Parallel() // it has its own servers
	d, _ := ownFiveProcesses(t, nil)
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	must(t, err)
	code, err := b.Approve(harness.Request{})
	must(t, err)
	later, err := b.Approve(harness.Request{Workspace: "ws_doe"})
	must(t, err)

	d.Set("USHER_CLOCK_OFFSET", "9m")
	restart(t, d)
	a, err := d.Exchange(later, harness.Request{})
	must(t, err)
	wantTokens(t, a, fullScope)
	d.Set("USHER_CLOCK_OFFSET", "10m30s")
	restart(t, d)
	a, err = d.Exchange(code, harness.Request{})
	must(t, err)
	wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badCode)
	wantCause(t, d, a.Header, "code_expired", harness.ConfidentialID) // only the log has this cause, the response has not
	wantActive(t, d, tokens.Access, true)

	d.Set("USHER_CLOCK_OFFSET", "61m")
	restart(t, d)
	wantActive(t, d, tokens.Access, false)
	a, err = d.Refresh(tokens.Refresh)
	must(t, err)
	wantTokens(t, a, fullScope)
	d.Set("USHER_CLOCK_OFFSET", "745h") // thirty days after that refresh, and some
	restart(t, d)
	a, err = d.Refresh(a.Text("refresh_token"))
	must(t, err)
	wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badRefresh)
	wantCause(t, d, a.Header, "refresh_expired", harness.ConfidentialID)
}

// TestRetryWindow_TheSameClientGetsTheSamePairAgain, byte for byte, within the retry window;
// otherwise a second use is reuse.
func TestRetryWindow_TheSameClientGetsTheSamePairAgain(t *testing.T) {
	d := ownAllInOne(t, map[string]string{"USHER_TOKEN_REFRESH_RETRY_WINDOW": "30s"})
	b := d.NewBrowser()
	t.Run("a retry", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		first, err := d.Refresh(tokens.Refresh)
		must(t, err)
		for range 3 {
			again, err := d.Refresh(tokens.Refresh)
			must(t, err)
			want(t, "the retry's response", again.Raw, first.Raw)
		}
		wantActive(t, d, first.Text("access_token"), true)
	})
	t.Run("many at once", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		responses, err := harness.Concurrently(harness.Repeat(20, func() (harness.Response, error) { return d.Refresh(tokens.Refresh) })...)
		must(t, err)
		for _, a := range responses {
			want(t, "one of twenty responses", a.Raw, responses[0].Raw)
		}
		wantTokens(t, responses[0], fullScope)
	})
	t.Run("after the successor was used", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		second, err := d.Refresh(tokens.Refresh)
		must(t, err)
		third, err := d.Refresh(second.Text("refresh_token"))
		must(t, err)
		reused, err := d.Refresh(tokens.Refresh)
		must(t, err)
		wantFailure(t, reused, http.StatusUnauthorized, "authentication_error", badRefresh)
		wantActive(t, d, third.Text("access_token"), false)
	})
	t.Run("without the client's secret", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		next, err := d.Refresh(tokens.Refresh)
		must(t, err)
		a, err := d.JSON("/oauth/token", refreshRequest(tokens.Refresh, map[string]any{"client_secret": "vdo_secret_nope"}))
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badClient)
		wantActive(t, d, next.Text("access_token"), true)
	})
	t.Run("after it was revoked", func(t *testing.T) {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		next, err := d.Refresh(tokens.Refresh)
		must(t, err)
		_, err = d.JSON("/oauth/revoke", map[string]any{"token": next.Text("refresh_token")})
		must(t, err)
		a, err := d.Refresh(tokens.Refresh)
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badRefresh)
	})
}

// TestProductionRefusesTheFixtures, and it refuses the secrets of the development profile.
func TestProductionRefusesTheFixtures(t *testing.T) {
	t.Parallel() // it has its own servers
	d, _ := ownFiveProcesses(t, nil)
	_, err := d.StopOne("authz")
	must(t, err)
	_, err = d.StopOne("identity")
	must(t, err)
	d.Set("USHER_DEVELOPMENT", "false")
	d.Set("USHER_PUBLIC_URL", "https://login.example.com")
	for name, said := range map[string]string{"authz": "vdo_client_abc123", "identity": "usr_"} {
		if err := d.StartOne(name); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v, want a refusal that names %s", name, err, said)
		}
	}
}
