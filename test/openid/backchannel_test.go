package openid

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// receiver is the backchannel_logout_uri of a relying party. It responds with a status, and keeps the
// requests.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	status int
	got    []url.Values
	types  []string
	// block, if not nil, is waited for before the response.
	block chan struct{}
}

func newReceiver(t *testing.T, status int) *receiver {
	t.Helper()
	r := &receiver{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm()
		r.mu.Lock()
		r.got, r.types = append(r.got, req.PostForm), append(r.types, req.Method+" "+req.Header.Get("Content-Type"))
		block, status := r.block, r.status
		r.mu.Unlock()
		if block != nil {
			select {
			case <-block:
			case <-req.Context().Done():
			}
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) requests() []url.Values {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// wait waits until the receiver has got so many requests, and returns them.
func (r *receiver) wait(t *testing.T, n int) []url.Values {
	t.Helper()
	expect.Eventually(t, "logout tokens", func() bool { return len(r.requests()) >= n })
	return r.requests()
}

// delivery is one of `usher logouts list`.
type delivery struct {
	ClientID   string `json:"client_id"`
	Subject    string `json:"subject"`
	SessionID  string `json:"session_id"`
	Reason     string `json:"reason"`
	State      string `json:"state"`
	Attempts   int    `json:"attempts"`
	HTTPStatus int    `json:"http_status"`
	Problem    string `json:"problem"`
}

// deliveries lists the deliveries of a client.
func deliveries(t *testing.T, d *harness.Deployment, clientID string) []delivery {
	t.Helper()
	out, err := d.Operate(t.Context(), shared.Bins, "logouts", "list", clientID, "--output", "json")
	expect.NoError(t, err)
	var list struct {
		Deliveries []delivery `json:"deliveries"`
	}
	expect.NoError(t, json.Unmarshal([]byte(out), &list))
	return list.Deliveries
}

// wantLogoutToken checks a logout token as OpenID Connect Back-Channel Logout 1.0 §2.6 requires of the
// relying party, for the session of an ID token.
func wantLogoutToken(t *testing.T, r *rp, form url.Values, login response) {
	t.Helper()
	if len(form) != 1 || len(form["logout_token"]) != 1 {
		t.Fatalf("the request has %v", form)
	}
	claims, header := r.verify(t, form.Get("logout_token"))
	events, _ := claims["events"].(map[string]any)
	event, isObject := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	now := float64(time.Now().Unix())
	iat, _ := claims["iat"].(float64)
	exp, _ := claims["exp"].(float64)
	_, nonce := claims["nonce"]
	jti, _ := claims["jti"].(string)
	switch {
	case header["typ"] != "logout+jwt" || header["alg"] != login.header["alg"]:
		t.Errorf("the header is %v", header)
	case claims["iss"] != r.d.PublicURL || claims["aud"] != r.id:
		t.Errorf("it is of %v for %v", claims["iss"], claims["aud"])
	case claims["sub"] != login.text("sub") || claims["sid"] != login.text("sid") || login.text("sid") == "":
		t.Errorf("it is about %v, %v; the ID token about %v, %v", claims["sub"], claims["sid"], login.text("sub"), login.text("sid"))
	case iat > now+5 || iat < now-60 || exp <= iat || exp > iat+120:
		t.Errorf("iat is %v, exp %v, and it is %v", iat, exp, now)
	case jti == "" || nonce || !isObject || len(event) != 0 || len(events) != 1:
		t.Errorf("the claims are %v", claims)
	}
}

// TestOIDCBackchannelRPInitiatedLogout: oidcc-backchannel-rp-initiated-logout. The relying party that starts the
// logout, and every other one that has a session of this browser, gets one logout token; a relying party
// with a session of another browser gets none.
func TestOIDCBackchannelRPInitiatedLogout(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		at := newReceiver(t, http.StatusOK)
		one := newClient(t, d, "--backchannel-logout-uri", at.URL+"/one", "--backchannel-logout-session-required")
		second := newReceiver(t, http.StatusNoContent)
		two := newClient(t, d, "--backchannel-logout-uri", second.URL, "--id-token-alg", "ES256", "--subject-type", "pairwise")
		two.browser = one.browser
		none := newClient(t, d)
		none.browser = one.browser
		third := newReceiver(t, http.StatusOK)
		elsewhere := newClient(t, d, "--backchannel-logout-uri", third.URL)
		a, b := one.login(t), two.login(t)
		none.login(t)
		elsewhere.login(t)

		page := one.logout(t, url.Values{"id_token_hint": {a.Text("id_token")}, "post_logout_redirect_uri": {loggedOutURI}, "state": {"x"}})
		if page.Location() != loggedOutURI+"?state=x" {
			t.Fatalf("it leads to %d, %q", page.Status, page.Location())
		}
		wantLogoutToken(t, one, at.wait(t, 1)[0], a)
		wantLogoutToken(t, two, second.wait(t, 1)[0], b)
		if at.types[0] != "POST application/x-www-form-urlencoded" {
			t.Errorf("the request is %s", at.types[0])
		}
		for _, r := range []*rp{one, two} {
			expect.Eventually(t, "the delivery's log", func() bool {
				list := deliveries(t, d, r.id)
				return len(list) == 1 && list[0].State == "LOGOUT_DELIVERY_STATE_DELIVERED"
			})
			if list := deliveries(t, d, r.id); list[0].Attempts != 1 || list[0].Reason != "logout" || list[0].HTTPStatus/100 != 2 || list[0].Problem != "" {
				t.Errorf("the log has %+v", list)
			}
		}
		if n := len(third.requests()) + len(deliveries(t, d, elsewhere.id)) + len(deliveries(t, d, none.id)); n != 0 {
			t.Errorf("%d clients were told that have no session of this browser, or no address", n)
		}
		if len(at.requests()) != 1 || len(second.requests()) != 1 {
			t.Errorf("%d and %d logout tokens arrived", len(at.requests()), len(second.requests()))
		}
	})
}

// TestOIDCBackchannel_TheSignInAgainContinues: prompt=login continues the session for relying parties: those with ID tokens
// of before and after are notified of the logout, and none of the second sign-in.
func TestOIDCBackchannel_TheSignInAgainContinues(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		at := newReceiver(t, http.StatusOK)
		r := newClient(t, d, "--backchannel-logout-uri", at.URL)
		before := r.login(t)
		after := r.login(t, "prompt", "login")
		if before.text("sid") == after.text("sid") {
			t.Fatal("the sign-in again has the same session: the test shows nothing")
		}
		r.logout(t, url.Values{"id_token_hint": {after.Text("id_token")}})
		var sids []string
		for _, form := range at.wait(t, 2) {
			claims, _ := r.verify(t, form.Get("logout_token"))
			sid, _ := claims["sid"].(string)
			sids = append(sids, sid)
		}
		if !slices.Contains(sids, before.text("sid")) || !slices.Contains(sids, after.text("sid")) || len(sids) != 2 {
			t.Errorf("told about %v", sids)
		}
	})
}

// TestN11_6_EachEndingTellsTheClients, beside the logout: each of them ends what the client has of the user.
func TestN11_6_EachEndingTellsTheClients(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		operate := func(args ...string) {
			t.Helper()
			_, err := d.Operate(t.Context(), shared.Bins, args...)
			expect.NoError(t, err)
		}
		john := "usr_john"
		for _, c := range []struct {
			reason string
			end    func(t *testing.T, r *rp, a response)
			undo   func()
		}{
			{reason: "user_disabled", end: func(*testing.T, *rp, response) { operate("users", "disable", john, "--yes") }, undo: func() { operate("users", "enable", john) }},
			{
				reason: "member_removed", end: func(*testing.T, *rp, response) { operate("members", "remove", "ws_acme", john, "--yes") },
				undo: func() { operate("members", "add", "ws_acme", john, "--role", "administrator") },
			},
			{reason: "reuse", end: func(t *testing.T, r *rp, a response) {
				if b := r.refresh(t, a.Text("refresh_token")); b.Status != http.StatusOK {
					t.Fatalf("a refresh: %d %s", b.Status, b.Raw)
				}
				operate("clients", "update", r.id, "--refresh-retry", "0s")
				c := r.refresh(t, a.Text("refresh_token"))
				if c.Status == http.StatusOK {
					t.Fatal("the refresh token was reused without a consequence")
				}
			}},
			{reason: "disconnect", end: func(t *testing.T, r *rp, _ response) {
				_, err := r.browser.Disconnect(r.id)
				expect.NoError(t, err)
			}},
			{reason: "grants_revoked", end: func(_ *testing.T, r *rp, _ response) {
				operate("grants", "revoke", "--user", john, "--client", r.id, "--yes")
			}},
		} {
			t.Run(c.reason, func(t *testing.T) {
				at := newReceiver(t, http.StatusOK)
				r := newClient(t, d, "--backchannel-logout-uri", at.URL, "--refresh-retry", "0s")
				a := r.login(t)
				c.end(t, r, a)
				if c.undo != nil {
					defer c.undo()
				}
				wantLogoutToken(t, r, at.wait(t, 1)[0], a)
				expect.Eventually(t, "the delivery's log", func() bool {
					list := deliveries(t, d, r.id)
					return len(list) > 0 && list[len(list)-1].Reason == c.reason
				})
			})
		}
	})
}

// attemptLimit is the deadline of one attempt to deliver a logout token (internal/logout of the token service).
const attemptLimit = 8 * time.Second

// TestN11_5_AClientThatDoesNotAnswerDelaysOnlyItself: neither the logout nor the others. There is another attempt
// for it, and none for a client that refuses.
func TestN11_5_AClientThatDoesNotAnswerDelaysOnlyItself(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		stalled := newReceiver(t, http.StatusOK)
		stalled.block = make(chan struct{})
		t.Cleanup(func() { close(stalled.block) })
		slow := newClient(t, d, "--backchannel-logout-uri", stalled.URL)
		refusing := newReceiver(t, http.StatusBadRequest)
		wrong := newClient(t, d, "--backchannel-logout-uri", refusing.URL)
		gone := newReceiver(t, http.StatusOK)
		down := newClient(t, d, "--backchannel-logout-uri", gone.URL)
		gone.Close()
		moved := newReceiver(t, http.StatusFound)
		elsewhere := newClient(t, d, "--backchannel-logout-uri", moved.URL)
		at := newReceiver(t, http.StatusOK)
		quick := newClient(t, d, "--backchannel-logout-uri", at.URL)
		all := []*rp{slow, wrong, down, elsewhere, quick}
		var last response
		for _, r := range all {
			r.browser = quick.browser
			last = r.login(t)
		}
		begun := time.Now()
		quick.logout(t, url.Values{"id_token_hint": {last.Text("id_token")}})
		if took := time.Since(begun); took >= attemptLimit {
			t.Errorf("the logout took %s, as long as an attempt to reach a client", took)
		}
		at.wait(t, 1)
		want := map[*rp]delivery{
			slow:      {State: "LOGOUT_DELIVERY_STATE_PENDING", Problem: "not complete after"},
			wrong:     {State: "LOGOUT_DELIVERY_STATE_FAILED", HTTPStatus: 400, Problem: "status 400"},
			down:      {State: "LOGOUT_DELIVERY_STATE_PENDING", Problem: "cannot be reached"},
			elsewhere: {State: "LOGOUT_DELIVERY_STATE_FAILED", HTTPStatus: 302, Problem: "status 302"},
		}
		for r, w := range want {
			expect.Eventually(t, w.Problem, func() bool {
				list := deliveries(t, d, r.id)
				return len(list) == 1 && list[0].State == w.State && list[0].HTTPStatus == w.HTTPStatus && list[0].Attempts >= 1 &&
					strings.Contains(list[0].Problem, w.Problem)
			})
		}
		if n := len(refusing.requests()) + len(moved.requests()); n != 2 {
			t.Errorf("what was refused was sent %d times", n)
		}
	})
}

// TestN11_5_AnAddressIsCheckedAtRegistration, as that of keys: the server connects to it.
func TestN11_5_AnAddressIsCheckedAtRegistration(t *testing.T) {
	d := shared.AllInOne()
	r := newClient(t, d)
	for _, address := range []string{"https://rp.example/logout#x", "http://rp.example/logout", "https://user@rp.example/", "https://rp.example:8443/", "/logout", "ftp://rp.example/"} {
		if out, err := d.Operate(t.Context(), shared.Bins, "clients", "update", r.id, "--backchannel-logout-uri", address); err == nil {
			t.Errorf("%s is registered: %s", address, out)
		}
	}
	for _, address := range []string{"https://rp.example/logout?tenant=1", ""} {
		if out, err := d.Operate(t.Context(), shared.Bins, "clients", "update", r.id, "--backchannel-logout-uri", address); err != nil {
			t.Errorf("%s is not registered: %s, %v", address, out, err)
		}
	}
}
