package flow_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// FuzzPush checks that any body of a pushed request is refused with a code and a cause, or stored without the
// credentials of the client; and that the user comes back to the client that pushed it, with its state.
func FuzzPush(f *testing.F) {
	for _, form := range []string{
		query(), query("client_secret", "hidden-secret"), query("scope", "openid videos:read", "nonce", "n"), also(query(), "state=2"),
		query("request_uri", "urn:ietf:params:oauth:request_uri:x"), query("request", "eyJ.eyJ.x"), query("redirect_uri", "https://evil.test"),
		query("dpop_jkt", thumbprint), query("dpop_jkt", "short"), query("code_challenge_method", "plain"), query("client_id", authztest.Native),
		query("state", "\x00\r\n&=#"), query("prompt", "none"), query("max_age", "-1"), "%", "", "&client_id", "a=b;c", "client_assertion=hidden-secret",
		also(query(), strings.Repeat("&x", 100-strings.Count(query(), "&")-2)),
	} {
		f.Add(form)
	}
	clients := allClients()
	f.Fuzz(func(t *testing.T, form string) {
		b := over(clients)
		uri, _, err := b.Push(t.Context(), flow.PushRequest{ClientID: authztest.Web, Form: form})
		if err != nil {
			var refused *flow.RequestError
			if !errors.As(err, &refused) || refused.Code == "" || refused.Cause == "" || refused.Text == "" {
				t.Errorf("%q: %v", form, err)
			}
			return
		}
		sent, err := url.ParseQuery(form)
		if err != nil || len(sent["redirect_uri"]) != 1 || len(sent["client_id"]) > 1 {
			t.Fatalf("%q is ambiguous (%v), and accepted", form, err)
		}
		for _, key := range b.entries.Keys() {
			if kept, _ := b.entries.Kept(key); strings.Contains(string(kept), "client_secret") || strings.Contains(string(kept), "client_assertion") {
				t.Errorf("%q: %s is kept", form, kept)
			}
		}
		step := b.start(t, url.Values{"client_id": {authztest.Web}, "request_uri": {uri.Reveal()}}.Encode(), b.signedIn())
		sent.Set("client_id", authztest.Web) // as the client's authentication named it
		switch step.Kind {
		case flow.Redirect:
			wantHome(t, clients, sent.Encode(), step.Location)
		case flow.SignIn, flow.Consent:
			decide(t, b, clients, sent.Encode(), step.RequestID)
		default:
			t.Errorf("%q: %+v", form, step)
		}
	})
}
