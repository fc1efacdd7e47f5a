package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// refreshFrom refreshes a public client's token from a source address, and says it in RFC 6749's own
// media type.
func refreshFrom(d *harness.Deployment, clientID, token, source string) (harness.Response, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {clientID}}
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return harness.Response{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", source)
	return harness.Send(req)
}

// TestReuse_OfASharedClientEndsOneInstallation: all installations of a client share its identifier,
// and the client is registered with `--reuse family`. The reuse in one of them leaves the others
// alone; with `--reuse subject` it ends all of them.
func TestReuse_OfASharedClientEndsOneInstallation(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		installed := registerParallel(t, d, "vdo_client_installed", "--reuse", "family")
		laptop, phone := installed.issue(t), installed.issue(t)
		installed.wantReuse(t, laptop)
		wantActive(t, d, phone.Access, true)
		next, err := installed.refresh(phone.Refresh)
		must(t, err)
		wantTokens(t, next, fullScope)

		installed.update(t, "--reuse", "subject")
		laptop = installed.issue(t)
		installed.wantReuse(t, laptop)
		wantActive(t, d, next.Text("access_token"), false)
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
	must(t, err)
	wantTokens(t, current, fullScope)
	for range 2 {
		reused, err := p.refresh(tokens.Refresh)
		must(t, err)
		wantFailure(t, reused, http.StatusUnauthorized, "authentication_error", badRefresh)
	}
	wantActive(t, p.d, tokens.Access, false)
	wantActive(t, p.d, current.Text("access_token"), false)
	gone, err := p.refresh(current.Text("refresh_token"))
	must(t, err)
	want(t, "status of a refresh after the reuse", gone.Status, http.StatusUnauthorized)
}

func (p parallel) update(t *testing.T, flags ...string) {
	t.Helper()
	_, err := p.d.Operate(t.Context(), shared.bins, append([]string{"clients", "update", p.id}, flags...)...)
	must(t, err)
}

// wantShown checks a line of `usher clients show`.
func (p parallel) wantShown(t *testing.T, name, value string) {
	t.Helper()
	table, err := p.d.Operate(t.Context(), shared.bins, "clients", "show", p.id)
	must(t, err)
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
	each(t, func(t *testing.T, d *harness.Deployment) {
		connector := registerParallel(t, d, "vdo_client_connector", "--reuse", "family", "--refresh-retry", "30s")
		token := connector.issue(t).Refresh
		for range 3 {
			at := func(source string) func() (harness.Response, error) {
				return func() (harness.Response, error) { return refreshFrom(d, connector.id, token, source) }
			}
			responses, err := harness.Concurrently(at("203.0.113.10"), at("198.51.100.10"))
			must(t, err)
			for _, a := range responses {
				want(t, "status of a refresh", a.Status, http.StatusOK)
				want(t, "tokens", a.Raw, responses[0].Raw)
			}
			wantActive(t, d, responses[0].Text("access_token"), true)
			token = responses[0].Text("refresh_token")
		}
	})
}
