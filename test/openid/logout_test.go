package openid

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const (
	loggedOutURI = "https://rp.example.com/signed-out"
	rpCallback   = "https://rp.example.com/callback"
)

// newClient registers a client, and returns it as a relying party.
func newClient(t *testing.T, d *harness.Deployment, flags ...string) *rp {
	t.Helper()
	id := "vdo_client_" + strings.ToLower(harness.NewVerifier()[:8])
	args := append([]string{
		"clients", "create", "Relying Party", "--id", id, "--redirect-uri", rpCallback, "--scope", "openid,profile,videos:read",
		"--post-logout-redirect-uri", loggedOutURI,
	}, flags...)
	secret, err := d.Operate(t.Context(), shared.Bins, args...)
	expect.NoError(t, err)
	return &rp{d: d, browser: d.NewBrowser(), id: id, secret: strings.TrimSpace(secret), callback: rpCallback}
}

// logout opens a logout request.
func (r *rp) logout(t *testing.T, q url.Values) harness.Page {
	t.Helper()
	page, err := r.browser.Follow(r.browser.Get("/oauth/logout?" + q.Encode()))
	expect.NoError(t, err)
	return page
}

// signedIn reports whether the browser has a session.
func (r *rp) signedIn(t *testing.T) bool {
	t.Helper()
	page, err := r.browser.Follow(r.browser.Get("/account/connected-apps"))
	expect.NoError(t, err)
	return !signsIn(page)
}

// TestOIDCRPInitiatedLogout: oidcc-rp-initiated-logout, its variants without and with another state, with a
// posted form, and without a page where the hint is of this session.
func TestOIDCRPInitiatedLogout(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d)
		for _, posted := range []bool{false, true} {
			hint := r.login(t).Text("id_token")
			q := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOutURI}, "state": {"a b&c"}, "client_id": {r.id}}
			page := harness.Page{}
			if posted { // as a page of the client posts it: without the session cookie, by SameSite=Lax
				req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/logout", strings.NewReader(q.Encode()))
				expect.NoError(t, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				first, err := d.NewBrowser().Do(req)
				expect.NoError(t, err)
				if first.Status != http.StatusSeeOther {
					t.Fatalf("a form of another site: %d", first.Status)
				}
				page, err = r.browser.Follow(r.browser.Get(first.Location()))
				expect.NoError(t, err)
			} else {
				page = r.logout(t, q)
			}
			if page.Location() != loggedOutURI+"?state=a+b%26c" && page.Location() != loggedOutURI+"?state=a%20b%26c" {
				t.Fatalf("posted %v: it leads to %d, %q", posted, page.Status, page.Location())
			}
			if r.signedIn(t) {
				t.Error("the user is still signed in")
			}
		}
		hint := r.login(t).Text("id_token")
		if page := r.logout(t, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOutURI}}); page.Location() != loggedOutURI {
			t.Errorf("without state: %q", page.Location())
		}
		hint = r.login(t).Text("id_token")
		page := r.logout(t, url.Values{"id_token_hint": {hint}}) // oidcc-rp-initiated-logout-no-post-logout-redirect-uri
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "You are signed out") || r.signedIn(t) {
			t.Errorf("without an address: %d %s", page.Status, page.URL)
		}
	})
}

// TestRFC9700_4_11_2_ALogoutIsNoOpenRedirector: with the ID token of a client that is not verified, any
// browser would follow a link to wherever the client likes.
func TestRFC9700_4_11_2_ALogoutIsNoOpenRedirector(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d, "--unverified")
		q := url.Values{"id_token_hint": {r.login(t).Text("id_token")}, "post_logout_redirect_uri": {loggedOutURI}, "state": {"x"}}
		own := r.browser
		if page := r.logout(t, q); page.Location() != loggedOutURI+"?state=x" {
			t.Fatalf("the session's own client: %d, %q", page.Status, page.Location())
		}
		for _, browser := range []*harness.Browser{d.NewBrowser(), own} {
			r.browser = browser
			page := r.logout(t, q)
			if page.Status != http.StatusOK || page.Location() != "" || !strings.Contains(page.Body, "You are signed out") || len(page.Forms) != 1 {
				t.Fatalf("it leads to %d, %q", page.Status, page.Location())
			}
			back, err := r.browser.Submit(page, page.Forms[0], map[string]string{"decision": "return"})
			expect.NoError(t, err)
			if back.Location() != loggedOutURI+"?state=x" {
				t.Errorf("the button leads to %d, %q", back.Status, back.Location())
			}
		}
		if r.signedIn(t) {
			t.Error("the user is still signed in")
		}
	})
}

// TestOIDCRPInitiatedLogout_RefreshTokensStay: they are offline grants by contract.
func TestOIDCRPInitiatedLogout_RefreshTokensStay(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d)
		a := r.login(t)
		r.logout(t, url.Values{"id_token_hint": {a.Text("id_token")}})
		if b := r.refresh(t, a.Text("refresh_token")); b.Status != http.StatusOK {
			t.Errorf("a refresh after the logout: %d %s", b.Status, b.Raw)
		}
	})
}

// TestN11_4_TheSecondButtonDisconnectsTheApps: all of the user's, which the first button leaves connected.
func TestN11_4_TheSecondButtonDisconnectsTheApps(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r, second := newClient(t, d), newClient(t, d)
		second.browser = r.browser
		a, b := r.login(t), second.login(t)
		page := r.logout(t, url.Values{"client_id": {r.id}})
		var form harness.Form
		for _, f := range page.Forms {
			if strings.HasSuffix(f.Action, "/decision") {
				form = f
			}
		}
		done, err := r.browser.Follow(r.browser.Submit(page, form, map[string]string{"decision": "logout_all"}))
		expect.NoError(t, err)
		if r.signedIn(t) || !strings.Contains(done.Body, "You are signed out") {
			t.Errorf("afterwards: %d %s", done.Status, done.URL)
		}
		for client, tokens := range map[*rp]response{r: a, second: b} {
			if c := client.refresh(t, tokens.Text("refresh_token")); c.Code() != "invalid_grant" {
				t.Errorf("a refresh after the logout: %d %s", c.Status, c.Raw)
			}
		}
	})
}

// TestOIDCRPInitiatedLogout_AsksOtherwise: oidcc-rp-initiated-logout-no-params, -only-state and
// -no-id-token-hint, and a hint of another session: the user decides, and no address of the request is used
// without a hint.
func TestOIDCRPInitiatedLogout_AsksOtherwise(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r, other := newClient(t, d), newRP(d)
		other.id, other.secret, other.callback = r.id, r.secret, r.callback
		foreign := other.login(t).Text("id_token")
		for name, c := range map[string]struct {
			q  url.Values
			to string
		}{
			"no parameters":   {url.Values{}, ""},
			"only state":      {url.Values{"state": {"x"}}, ""},
			"no hint":         {url.Values{"client_id": {r.id}, "post_logout_redirect_uri": {loggedOutURI}, "state": {"x"}}, ""},
			"another session": {url.Values{"id_token_hint": {foreign}, "post_logout_redirect_uri": {loggedOutURI}, "state": {"x"}}, loggedOutURI + "?state=x"},
		} {
			t.Run(name, func(t *testing.T) {
				r.login(t)
				page := r.logout(t, c.q)
				form, err := page.FormWith("csrf_token")
				for _, f := range page.Forms {
					if strings.HasSuffix(f.Action, "/decision") {
						form = f
					}
				}
				if err != nil || page.Status != http.StatusOK || !r.signedIn(t) {
					t.Fatalf("%d %s, %v", page.Status, page.URL, err)
				}
				stay, err := r.browser.Submit(page, form, map[string]string{"decision": "stay"})
				expect.NoError(t, err)
				if stay.Status != http.StatusSeeOther || !r.signedIn(t) {
					t.Errorf("staying: %d", stay.Status)
				}
				forged, err := r.browser.Submit(page, form, map[string]string{"decision": "logout", "csrf_token": "x"})
				expect.NoError(t, err)
				if forged.Status != http.StatusSeeOther || !r.signedIn(t) {
					t.Errorf("a form with another token signs out: %d", forged.Status)
				}
				done, err := r.browser.Follow(r.browser.Submit(page, form, map[string]string{"decision": "logout"}))
				expect.NoError(t, err)
				if done.Location() != c.to || r.signedIn(t) {
					t.Errorf("afterwards: %d %q %s", done.Status, done.Location(), done.URL)
				}
			})
		}
	})
}

// TestOIDCRPInitiatedLogout_ErrorsAreShown: oidcc-rp-initiated-logout-bad-post-logout-redirect-uri,
// -query-added-to-post-logout-redirect-uri, -bad-id-token-hint and -modified-id-token-hint.
func TestOIDCRPInitiatedLogout_ErrorsAreShown(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newClient(t, d)
		hint := r.login(t).Text("id_token")
		parts := strings.Split(hint, ".")
		for name, q := range map[string]url.Values{
			"another address":    {"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example/"}},
			"without a token":    {"client_id": {r.id}, "post_logout_redirect_uri": {loggedOutURI + "/"}},
			"a query added":      {"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOutURI + "?foo=bar"}},
			"the redirect URI":   {"id_token_hint": {hint}, "post_logout_redirect_uri": {rpCallback}},
			"no token":           {"id_token_hint": {"x"}, "post_logout_redirect_uri": {loggedOutURI}},
			"a modified token":   {"id_token_hint": {parts[0] + "." + parts[1] + "A." + parts[2]}, "post_logout_redirect_uri": {loggedOutURI}},
			"another client":     {"id_token_hint": {hint}, "client_id": {harness.ConfidentialID}, "post_logout_redirect_uri": {loggedOutURI}},
			"an unknown client":  {"client_id": {"vdo_client_unknown"}},
			"a repeated address": {"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOutURI, loggedOutURI}},
		} {
			page := r.logout(t, q)
			if page.Status != http.StatusBadRequest || page.Location() != "" || !r.signedIn(t) {
				t.Errorf("%s: %d, %q", name, page.Status, page.Location())
			}
		}
	})
}
