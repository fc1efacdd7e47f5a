package flow_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// registry is an in-memory registry, for speed.
type registry map[string]client.Registration

// Accepts accepts every client of a document: there is none.
func (registry) Accepts(context.Context, string) (bool, error) { return true, nil }

func (r registry) FindKnown(ctx context.Context, id string) (client.Registration, error) {
	return r.Find(ctx, id)
}

func (r registry) Find(_ context.Context, id string) (client.Registration, error) {
	registration, ok := r[id]
	if !ok {
		return client.Registration{}, client.ErrUnknown
	}
	return registration, nil
}

func allClients() registry {
	r := registry{}
	for _, registration := range authztest.Clients() {
		r[registration.ID] = registration
	}
	return r
}

// leadsHome reports, by url.Parse alone and not by our comparison, whether a location is one of the
// client's redirect URIs with parameters appended: same scheme, host, path and user, the registered
// query first, and no fragment. Any loopback port is accepted.
func leadsHome(location string, registration client.Registration) bool {
	u, err := url.Parse(location)
	if err != nil || u.User != nil || strings.ContainsAny(location, "#\r\n\\ ") {
		return false
	}
	for _, uri := range registration.RedirectURIs {
		home, err := url.Parse(uri)
		if err != nil {
			continue
		}
		loopback := home.Hostname() == "127.0.0.1" || home.Hostname() == "localhost" && registration.RunsOnDevice()
		host := u.Host == home.Host || home.Scheme == "http" && loopback && u.Hostname() == home.Hostname()
		if host && u.Scheme == home.Scheme && u.EscapedPath() == home.EscapedPath() && strings.HasPrefix(u.RawQuery, home.RawQuery) {
			return true
		}
	}
	return false
}

// FuzzARedirectLeadsToARegisteredAddress checks that, for any raw query, session and decision, a
// response is sent to a redirect URI of the client that the query names, which is not disabled;
// with one result, the issuer and the state of the query.
func FuzzARedirectLeadsToARegisteredAddress(f *testing.F) {
	for _, q := range []string{
		query(), native(), query("scope", ""), query("prompt", "none"), query("redirect_uri", authztest.WithQuery), also(query(), "state=2"),
		native("redirect_uri", "http://127.0.0.1:8080/callback", "scope", ""), native("redirect_uri", "http://127.0.0.1:80@evil.test/callback"),
		query("redirect_uri", "https://evil.test"), query("client_id", authztest.Off), query("client_id", authztest.NoCodes),
		query("state", "\x00\r\n&=#"), also(query(), "redirect_uri=https://evil.test"), query("response_type", "token", "state", ""),
		stranger(), stranger("scope", "bogus"), stranger("redirect_uri", "http://localhost:8080/callback", "scope", "bogus"), stranger("prompt", "none"),
		stranger("redirect_uri", "http://localhost:80@evil.test/callback"), stranger("redirect_uri", "http://127.0.0.1/callback", "scope", ""),
		"client_id=vdo_client_web&redirect_uri=https://app.test/callback;x", "%", "", "&client_id", "redirect_uri=//evil.test",
	} {
		f.Add(q, true)
		f.Add(q, false)
	}
	clients := allClients()
	f.Fuzz(func(t *testing.T, raw string, signedIn bool) {
		b := over(clients)
		browser := b.signedOut()
		if signedIn {
			browser = b.signedIn()
		}
		step := b.start(t, raw, browser)
		switch step.Kind {
		case flow.ErrorPage:
			if step.Message == "" || !step.Location.IsZero() || step.RequestID != "" {
				t.Errorf("%q: %+v", raw, step)
			}
		case flow.Redirect:
			wantHome(t, clients, raw, step.Location)
			if strings.Contains(step.Location.Reveal(), "&code=") || strings.Contains(step.Location.Reveal(), "?code=") {
				t.Errorf("%q: a code without a decision", raw)
			}
		case flow.ReturnPage:
			wantHome(t, clients, raw, b.lookUp(t, step.RequestID, b.signedIn()).ReturnLocation)
		case flow.SignIn, flow.Consent:
			if found := b.lookUp(t, step.RequestID, b.signedIn()); found.Status == flow.Refused {
				wantHome(t, clients, raw, found.ReturnLocation)
				return
			}
			if signedIn != (step.Kind == flow.Consent) {
				t.Errorf("%q: %+v, signed in %v", raw, step, signedIn)
			}
			decide(t, b, clients, raw, step.RequestID)
		}
	})
}

// decide approves or denies a pending request, depending on the length of the query.
func decide(t *testing.T, b *bench, clients registry, raw, id string) {
	t.Helper()
	if err := b.Pending.Bind(t.Context(), id, b.token, pending.Viewer{UserID: "usr_john"}); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	d := b.approve(id)
	if len(raw)%2 == 0 {
		d = b.deny(id)
	}
	wantHome(t, clients, raw, b.complete(t, d))
}

func wantHome(t *testing.T, clients registry, raw string, location secret.String) {
	t.Helper()
	sent, err := url.ParseQuery(raw)
	if err != nil || len(sent["client_id"]) != 1 || len(sent["redirect_uri"]) != 1 {
		t.Fatalf("%q is ambiguous (%v), and the response is sent to %q", raw, err, location.Reveal())
	}
	registration := clients[sent.Get("client_id")]
	if registration.ID == "" || registration.Disabled || !leadsHome(location.Reveal(), registration) {
		t.Fatalf("%q: the response is sent to %q", raw, location.Reveal())
	}
	got := parseResponse(t, location, sent.Get("redirect_uri"))
	if len(got["iss"]) != 1 || got.Get("iss") != issuer || len(got["code"])+len(got["error"]) != 1 {
		t.Errorf("%q: got the response %v", raw, got)
	}
	if got.Get("state") != sent.Get("state") || got.Has("state") != (sent.Get("state") != "") {
		t.Errorf("%q: state %q, want %q", raw, got["state"], sent["state"])
	}
}
