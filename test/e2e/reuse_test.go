package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestReuse_OfASharedClientEndsOneInstallation: all installations of a client share its identifier,
// and the client is registered with `--reuse family`. The reuse in one of them leaves the others
// alone; with `--reuse subject` it ends all of them.
func TestReuse_OfASharedClientEndsOneInstallation(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		installed := registerParallel(t, d, "vdo_client_installed", "--reuse", "family")
		laptop, phone := installed.issue(t), installed.issue(t)
		installed.wantReuse(t, laptop)
		expect.Active(t, d, phone.Access, true)
		next, err := installed.refresh(phone.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, next, harness.FullScope)

		installed.update(t, "--reuse", "subject")
		laptop = installed.issue(t)
		installed.wantReuse(t, laptop)
		expect.Active(t, d, next.Text("access_token"), false)
		installed.update(t, "--name", "Renamed")
		installed.wantShown(t, "REUSE REVOKES", "subject")
		installed.update(t, "--reuse", "family")
		installed.wantShown(t, "REUSE REVOKES", "family")
	})
}

// wantReuse refreshes twice with one token: the second time revokes the tokens of the first.
func (p parallel) wantReuse(t *testing.T, tokens harness.Tokens) {
	t.Helper()
	current, err := p.refresh(tokens.Refresh)
	expect.NoError(t, err)
	expect.Tokens(t, current, harness.FullScope)
	for range 2 {
		reused, err := p.refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, reused, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
	}
	expect.Active(t, p.d, tokens.Access, false)
	expect.Active(t, p.d, current.Text("access_token"), false)
	gone, err := p.refresh(current.Text("refresh_token"))
	expect.NoError(t, err)
	expect.Equal(t, "status of a refresh after the reuse", gone.Status, http.StatusUnauthorized)
}

func (p parallel) update(t *testing.T, flags ...string) {
	t.Helper()
	_, err := p.d.Operate(t.Context(), shared.Bins, append([]string{"clients", "update", p.id}, flags...)...)
	expect.NoError(t, err)
}

// wantShown checks a line of `usher clients show`.
func (p parallel) wantShown(t *testing.T, name, value string) {
	t.Helper()
	table, err := p.d.Operate(t.Context(), shared.Bins, "clients", "show", p.id)
	expect.NoError(t, err)
	for line := range strings.Lines(table) {
		if rest, found := strings.CutPrefix(line, name); found && strings.TrimSpace(rest) == value {
			return
		}
	}
	t.Errorf("no line is %s %s:\n%s", name, value, table)
}

// TestReuse_TwoEgressAddressesRefreshAtOnce: a client behind two addresses, such as a hosted
// connector, gets the same tokens at both inside its retry window, and both use them.
func TestReuse_TwoEgressAddressesRefreshAtOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		connector := registerParallel(t, d, "vdo_client_connector", "--reuse", "family", "--refresh-retry", "30s")
		token := connector.issue(t).Refresh
		for range 3 {
			at := func(source string) func() (harness.Response, error) {
				return func() (harness.Response, error) { return d.RefreshFrom(connector.id, token, source) }
			}
			responses, err := harness.Concurrently(at("203.0.113.10"), at("198.51.100.10"))
			expect.NoError(t, err)
			for _, a := range responses {
				expect.Equal(t, "status of a refresh", a.Status, http.StatusOK)
				expect.Equal(t, "tokens", a.Raw, responses[0].Raw)
			}
			expect.Active(t, d, responses[0].Text("access_token"), true)
			token = responses[0].Text("refresh_token")
		}
	})
}
