package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// parallel is a public client with a retry window of its own, or none.
type parallel struct {
	d       *harness.Deployment
	id      string
	browser *harness.Browser
}

// registerParallel registers a client by the command line.
func registerParallel(t *testing.T, d *harness.Deployment, id string, flags ...string) parallel {
	t.Helper()
	args := append([]string{
		"clients", "create", id, "--id", id, "--public", "--redirect-uri", harness.CallbackURI, "--scope", strings.ReplaceAll(harness.FullScope, " ", ","),
	}, flags...)
	_, err := d.Operate(t.Context(), shared.Bins, args...)
	expect.NoError(t, err)
	return parallel{d: d, id: id, browser: d.NewBrowser()}
}

func (p parallel) issue(t *testing.T) harness.Tokens {
	t.Helper()
	tokens, err := p.d.Issue(p.browser, harness.Request{ClientID: p.id, Verifier: harness.NewVerifier()})
	expect.NoError(t, err)
	return tokens
}

func (p parallel) refresh(token string) (harness.Response, error) {
	return p.d.JSON("/oauth/token", harness.RefreshRequest(token, map[string]any{"client_id": p.id, "client_secret": nil}))
}

// fiveAtOnce refreshes five times with one token, behind a barrier.
func (p parallel) fiveAtOnce(t *testing.T, token string) []harness.Response {
	t.Helper()
	responses, err := harness.Concurrently(harness.Repeat(5, func() (harness.Response, error) { return p.refresh(token) })...)
	expect.NoError(t, err)
	return responses
}

// wantLenient: every repeat returns the same token pair, which lives.
func (p parallel) wantLenient(t *testing.T) {
	t.Helper()
	token := p.issue(t).Refresh
	for range 2 { // the successor is refreshed in the same way
		responses := p.fiveAtOnce(t, token)
		for _, a := range responses {
			expect.Tokens(t, a, harness.FullScope)
			expect.Equal(t, "one of five responses to "+p.id, a.Raw, responses[0].Raw)
		}
		expect.Active(t, p.d, responses[0].Text("access_token"), true)
		token = responses[0].Text("refresh_token")
	}
}

// wantStrict: at most one repeat returns tokens, and they are revoked.
func (p parallel) wantStrict(t *testing.T) {
	t.Helper()
	tokens := p.issue(t)
	first, err := p.refresh(tokens.Refresh)
	expect.NoError(t, err)
	expect.Tokens(t, first, harness.FullScope)
	second, err := p.refresh(first.Text("refresh_token"))
	expect.NoError(t, err)
	expect.Tokens(t, second, harness.FullScope)
	issued := 0
	for _, a := range p.fiveAtOnce(t, second.Text("refresh_token")) {
		if a.Status == http.StatusOK {
			issued++
			expect.Active(t, p.d, a.Text("access_token"), false)
			continue
		}
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
	}
	expect.Equal(t, "responses with tokens", issued, 1)
	expect.Active(t, p.d, tokens.Access, false)
}

// TestFault_D10_EachClientHasItsOwnRetryWindow: of two clients that refresh at the same time, the one
// whose registration allows repeats gets the same tokens five times, and the other loses its tokens.
// The operator changes it by the command that the warning proposes.
func TestFault_D10_EachClientHasItsOwnRetryWindow(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		lenient := registerParallel(t, d, "vdo_client_lenient", "--refresh-retry", "30s")
		strict := registerParallel(t, d, "vdo_client_strict")
		lenient.wantLenient(t)
		strict.wantStrict(t)
		for _, step := range []struct {
			flags []string
			wants func(p parallel, t *testing.T)
		}{
			{[]string{"--refresh-retry", "30s"}, parallel.wantLenient},
			{[]string{"--refresh-retry", "0s"}, parallel.wantStrict},
			{[]string{"--refresh-retry", "30s"}, parallel.wantLenient},
			{[]string{"--name", "Renamed"}, parallel.wantLenient}, // which leaves the window
			{[]string{"--default-refresh-retry"}, parallel.wantStrict},
		} {
			_, err := d.Operate(t.Context(), shared.Bins, append([]string{"clients", "update", strict.id}, step.flags...)...)
			expect.NoError(t, err)
			step.wants(strict, t)
		}
		lenient.wantLenient(t)
		wantShownWindow(t, d, lenient.id, "30s", `"refresh_retry_seconds":30`)
		wantShownWindow(t, d, strict.id, "default", "")
	})
}

// wantShownWindow compares what `usher clients show` prints as a table and as JSON.
func wantShownWindow(t *testing.T, d *harness.Deployment, id, cell, member string) {
	t.Helper()
	table, err := d.Operate(t.Context(), shared.Bins, "clients", "show", id)
	expect.NoError(t, err)
	if !strings.Contains(table, "REFRESH RETRY") || !strings.Contains(table, cell) {
		t.Errorf("the table does not show %q:\n%s", cell, table)
	}
	printed, err := d.Operate(t.Context(), shared.Bins, "clients", "show", id, "-o", "json")
	expect.NoError(t, err)
	var shown struct {
		Registration struct{ Client json.RawMessage }
	}
	expect.NoError(t, json.Unmarshal([]byte(printed), &shown))
	text := strings.Join(strings.Fields(string(shown.Registration.Client)), "")
	if member != "" && !strings.Contains(text, member) || member == "" && strings.Contains(text, "refresh_retry") {
		t.Errorf("the JSON of %s is %s, want %q", id, text, member)
	}
}

// TestFault_D10_AClientsOwnWindowReplacesTheDeployments, also where the deployment's is longer.
func TestFault_D10_AClientsOwnWindowReplacesTheDeployments(t *testing.T) {
	t.Parallel() // it has its own server
	d := shared.OwnAllInOne(t, map[string]string{"USHER_TOKEN_REFRESH_RETRY_WINDOW": "30s"})
	registerParallel(t, d, "vdo_client_default").wantLenient(t)
	registerParallel(t, d, "vdo_client_strict", "--refresh-retry", "0s").wantStrict(t)
}
