package activity

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// codes provokes the refusals of an authorization code and of the client that sends it.
func (w *walk) codes() {
	proven, plain := harness.Request{Verifier: harness.NewVerifier()}, harness.Request{}
	exchange := func(cause, code string, r harness.Request) {
		w.t.Helper()
		res, err := w.d.Exchange(code, r)
		w.refused(cause, res.Header, err)
	}
	exchange("redirect_uri_other", w.approve(proven), harness.Request{Verifier: proven.Verifier, RedirectURI: harness.CallbackURI + "/other"})
	exchange("code_other_client", w.approve(proven), harness.Request{Verifier: proven.Verifier, ClientID: harness.PublicID})
	exchange("verifier_missing", w.approve(proven), plain)
	exchange("verifier_malformed", w.approve(proven), harness.Request{Verifier: "x"})
	exchange("verifier_wrong", w.approve(proven), harness.Request{Verifier: harness.NewVerifier()})
	exchange("verifier_unexpected", w.approve(plain), proven)
	used := w.approve(proven)
	_, err := w.d.Exchange(used, proven)
	expect.NoError(w.t, err)
	exchange("code_replayed", used, proven)
	expires := w.approve(proven)
	w.after(11*time.Minute, func() { exchange("code_expired", expires, proven) })
	w.after(20*time.Minute, func() {
		exchange("code_used", used, harness.Request{Verifier: harness.NewVerifier()}) // the code itself is gone, and only the evidence of its use is left
	})

	c := w.public(nil)
	verifier := harness.NewVerifier()
	revoked := w.approve(harness.Request{ClientID: c.id, Scope: "videos:read", Verifier: verifier})
	_, err = w.john.Disconnect(c.id)
	expect.NoError(w.t, err)
	w.form("consent_revoked", "/oauth/token", c.with("grant_type", "authorization_code", "code", revoked, "redirect_uri", harness.CallbackURI, "code_verifier", verifier)...)
}

// refreshes provokes the refusals of a refresh token.
func (w *walk) refreshes() {
	const path = "/oauth/token"
	tokens, err := w.d.Issue(w.john, harness.Request{Verifier: harness.NewVerifier()})
	expect.NoError(w.t, err)
	w.form("refresh_other_client", path, "grant_type", "refresh_token", "refresh_token", tokens.Refresh, "client_id", harness.PublicID)
	second, err := w.d.Refresh(tokens.Refresh)
	expect.NoError(w.t, err)
	_, err = w.d.Refresh(second.Text("refresh_token")) // the first one cannot be a retry any more
	expect.NoError(w.t, err)
	refresh := func(cause, token string) {
		w.t.Helper()
		res, err := w.d.Refresh(token)
		w.refused(cause, res.Header, err)
	}
	refresh("refresh_reused", tokens.Refresh)
	refresh("refresh_rotated", tokens.Refresh)

	c := w.client(func(r *authzv1.CreateClientRequest) { r.RefreshRetrySeconds = proto.Int32(30) })
	granted := w.issue(c, "videos:read jobs:read").Text("refresh_token")
	with := func(token string, more ...string) []string {
		return c.with(append([]string{"grant_type", "refresh_token", "refresh_token", token}, more...)...)
	}
	w.form("scope_not_granted", path, with(granted, "scope", "videos:read export:write")...)
	w.form("resource_not_granted", path, with(granted, "resource", "https://other.example/")...)
	_, err = w.d.Form(path, values(with(granted, "scope", "jobs:read")))
	expect.NoError(w.t, err)
	w.form("scope_other_at_retry", path, with(granted, "scope", "videos:read")...)
	revoked := w.issue(c, "videos:read").Text("refresh_token")
	_, err = w.d.Form("/oauth/revoke", values(c.with("token", revoked)))
	expect.NoError(w.t, err)
	w.form("refresh_revoked", path, with(revoked)...)
	page, err := w.john.Follow(w.john.Get(harness.Request{ClientID: c.id, Scope: "videos:read", Resource: otherResource}.Path() +
		"&resource=" + url.QueryEscape(w.d.PublicURL+"/v1")))
	expect.NoError(w.t, err)
	page, err = w.john.Decide(page, "ws_acme", "approve")
	expect.NoError(w.t, err)
	both, err := w.d.Form(path, values(c.with("grant_type", "authorization_code", "code", page.Query().Get("code"), "redirect_uri", harness.CallbackURI)))
	expect.NoError(w.t, err)
	_, err = w.d.Form(path, values(with(both.Text("refresh_token"), "resource", otherResource)))
	expect.NoError(w.t, err)
	w.form("resource_other_at_retry", path, with(both.Text("refresh_token"), "resource", w.d.PublicURL+"/v1")...)
	expires := w.issue(c, "videos:read").Text("refresh_token")
	w.after(allLifetimes, func() { w.form("refresh_expired", path, with(expires)...) })
}

// clients provokes the refusals of a client that an operator changed, and of one that asks for more than it
// is registered for.
func (w *walk) clients() {
	const admin = "authz.v1.AdministrationService/"
	replaced := w.client(nil)
	w.must(w.t, "operator", admin+"RotateClientSecret", &authzv1.RotateClientSecretRequest{ClientId: replaced.id})
	w.form("secret_expired", "/oauth/introspect", replaced.with("token", "x")...)
	disabled := w.client(nil)
	_, err := w.d.Operate(w.t.Context(), shared.Bins, "clients", "disable", disabled.id, "--yes")
	expect.NoError(w.t, err)
	w.form("client_disabled", "/oauth/introspect", disabled.with("token", "x")...)

	other := w.client(nil)
	w.open("scope_not_allowed", w.john, harness.Request{ClientID: other.id, Scope: "videos:read export:write"}.Path())
	pushing := w.client(func(r *authzv1.CreateClientRequest) { r.RequirePushedAuthorizationRequests = true })
	w.open("pushed_request_required", w.john, harness.Request{ClientID: pushing.id, Scope: "videos:read"}.Path())
	push := func() string {
		w.t.Helper()
		res, err := w.d.Form("/oauth/par", values(pushing.with("response_type", "code", "redirect_uri", harness.CallbackURI, "scope", "videos:read")))
		expect.NoError(w.t, err)
		return res.Text("request_uri")
	}
	address := func(id, uri string) string {
		return "/oauth/authorize?" + url.Values{"client_id": {id}, "request_uri": {uri}}.Encode()
	}
	w.open("pushed_request_other_client", w.john, address(other.id, push()))
	decided := address(pushing.id, push())
	open, err := w.john.Follow(w.john.Get(decided)) // a second tab shows the same request
	expect.NoError(w.t, err)
	page, err := w.john.Follow(w.john.Get(decided))
	expect.NoError(w.t, err)
	_, err = w.john.Decide(page, "ws_acme", "approve")
	expect.NoError(w.t, err)
	w.open("pushed_request_used", w.john, open.URL)
	expires := address(pushing.id, push())
	w.after(2*time.Minute, func() { w.open("pushed_request_expired", w.john, expires) })
}

// devices provokes the refusals of a device, and of the user code that a user enters.
func (w *walk) devices() {
	start := func() harness.Device {
		w.t.Helper()
		device, err := w.d.StartDevice("videos:read")
		expect.NoError(w.t, err)
		return device
	}
	poll := func(cause string, device harness.Device) {
		w.t.Helper()
		res, err := device.Poll()
		w.refused(cause, res.Header, err)
	}
	decide := func(device harness.Device, decision string) {
		w.t.Helper()
		page, err := w.john.EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(w.t, err)
		_, err = w.john.Decide(page, "ws_acme", decision)
		expect.NoError(w.t, err)
	}
	waiting := start()
	poll("device_pending", waiting)
	poll("device_slow_down", waiting)
	denied := start()
	decide(denied, "deny")
	poll("device_denied", denied)
	used := start()
	decide(used, "approve")
	_, err := used.Poll()
	expect.NoError(w.t, err)
	poll("device_code_used", used)
	revoked := start()
	decide(revoked, "approve")
	_, err = w.john.Disconnect(harness.DeviceID)
	expect.NoError(w.t, err)
	poll("device_consent_revoked", revoked)
	other := w.public(func(r *authzv1.CreateClientRequest) {
		r.GrantTypes, r.RedirectUris = []string{harness.DeviceGrant}, nil
	})
	res, err := start().PollAs(other.id)
	w.refused("device_code_other_client", res.Header, err)
	expires := start()
	w.after(20*time.Minute, func() { poll("device_code_expired", expires) })

	// The attempts of a user are limited for longer than the walk lasts.
	guesser := w.newPerson(w.t, "walk-"+strings.ToLower(rand.Text()[:8])+"@example.com", "ws_acme", identityv1.Role_ROLE_MEMBER)
	guesses := w.d.NewBrowser()
	expect.NoError(w.t, guesses.SignInAs(guesser.email))
	var unknown, limited http.Header // equal requests are one row, with the id of the last
	expect.RateLimit{Attempts: 5, Window: 10 * time.Minute}.Exhaust(w.t, func() time.Duration {
		page, err := guesses.Get("/device")
		expect.NoError(w.t, err)
		page, err = guesses.Submit(page, page.Forms[len(page.Forms)-1], map[string]string{"user_code": "BCDF-GHJK"})
		expect.NoError(w.t, err)
		response := page.Header
		page, err = guesses.Follow(page, nil)
		expect.NoError(w.t, err)
		wait := expect.PageWait(w.t, page)
		if wait == 0 {
			unknown = response
		} else {
			limited = response
		}
		return wait
	})
	w.refused("user_code_unknown", unknown, nil)
	w.refused("rate_limited", limited, nil)
}
