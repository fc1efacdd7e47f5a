package activity

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// refusal is a request that is refused for a cause.
type refusal struct {
	cause, method, path string
	// media is the Content-Type, and body what is sent with it.
	media, body string
	header      [2]string
}

const (
	formMedia = "application/x-www-form-urlencoded"
	jsonMedia = "application/json"
)

// form is a request to an endpoint with the fields in a form, as pairs.
func form(cause, path string, pairs ...string) refusal {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return refusal{cause: cause, method: http.MethodPost, path: path, media: formMedia, body: values.Encode()}
}

// authorize is an authorization request with some parameters replaced.
func authorize(t *testing.T, cause string, pairs ...string) refusal {
	t.Helper()
	u, err := url.Parse(harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()}.Path())
	expect.NoError(t, err)
	q := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return refusal{cause: cause, method: http.MethodGet, path: u.Path + "?" + q.Encode()}
}

// refusals are requests that are each refused at once, without an earlier one.
func refusals(t *testing.T) []refusal {
	t.Helper()
	const token = "/oauth/token"
	id, secret := harness.ConfidentialID, harness.ConfidentialPW
	with := func(r refusal, name, value string) refusal {
		r.header = [2]string{name, value}
		return r
	}
	refresh := form("", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", id, "client_secret", secret)
	proof := func(cause, value string) refusal {
		r := with(refresh, "DPoP", value)
		r.cause = cause
		return r
	}
	twice := with(refresh, "Authorization", "Basic "+basic(id, secret))
	twice.cause = "authentication_twice"
	return []refusal{
		{cause: "body_malformed", method: http.MethodPost, path: token, media: jsonMedia, body: "{"},
		{cause: "body_json_sent_as_form", method: http.MethodPost, path: token, media: formMedia, body: `{"grant_type":"refresh_token"}`},
		{cause: "body_form_sent_as_json", method: http.MethodPost, path: token, media: jsonMedia, body: "grant_type=refresh_token&client_id=" + id},
		{cause: "body_too_large", method: http.MethodPost, path: token, media: formMedia, body: "x=" + strings.Repeat("x", 1<<20)},
		{cause: "media_type_unsupported", method: http.MethodPost, path: token, media: "text/plain", body: "x"},
		{cause: "method_not_allowed", method: http.MethodGet, path: token},
		form("parameter_missing", token, "client_id", id, "client_secret", secret),
		form("grant_type_unsupported", token, "grant_type", "password", "client_id", id, "client_secret", secret),
		form("grant_not_allowed", token, "grant_type", "client_credentials", "client_id", id, "client_secret", secret),
		form("client_not_named", token, "grant_type", "refresh_token", "refresh_token", "x"),
		form("secret_wrong", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", id, "client_secret", "wrong"),
		form("secret_missing", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", id),
		form("secret_unexpected", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", harness.PublicID, "client_secret", "x"),
		form("client_unknown", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", "vdo_client_nobody", "client_secret", "x"),
		form("code_malformed", token, "grant_type", "authorization_code", "code", "x", "redirect_uri", harness.CallbackURI, "client_id", id, "client_secret", secret),
		form("code_unknown", token, "grant_type", "authorization_code", "code", harness.NewVerifier(), "redirect_uri", harness.CallbackURI,
			"client_id", id, "client_secret", secret),
		form("refresh_malformed", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", id, "client_secret", secret),
		form("introspection_without_secret", "/oauth/introspect", "token", "x", "client_id", id),
		form("device_code_malformed", token, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", "x", "client_id", harness.DeviceID),
		twice,
		proof("proof_malformed", "x"),
		authorize(t, "redirect_uri_unregistered", "redirect_uri", "https://evil.example"),
		authorize(t, "scope_unknown", "scope", "video:read"),
		authorize(t, "scope_malformed", "scope", "videos:read\tjobs:read"),
		authorize(t, "challenge_method", "code_challenge_method", "plain"),
		authorize(t, "challenge_malformed", "code_challenge", "x"),
		authorize(t, "response_type_unsupported", "response_type", "token"),
		authorize(t, "response_mode_unsupported", "response_mode", "form_post"),
		authorize(t, "request_object_unsupported", "request", "x"),
		authorize(t, "prompt_contradictory", "prompt", "none login"),
		authorize(t, "login_required", "prompt", "none"),
		authorize(t, "max_age_malformed", "max_age", "x"),
		authorize(t, "resource_malformed", "resource", "x"),
		authorize(t, "resource_unknown", "resource", "https://none.example/"),
		authorize(t, "state_too_long", "state", strings.Repeat("x", 2049)),
		authorize(t, "dpop_key_malformed", "dpop_jkt", "x"),
		authorize(t, "pushed_request_unknown", "request_uri", "urn:ietf:params:oauth:request_uri:"+harness.NewVerifier()),
		{cause: "query_malformed", method: http.MethodGet, path: "/oauth/authorize?client_id=%zz"},
	}
}

// basic returns the credentials of HTTP Basic authentication.
func basic(id, secret string) string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(id, secret)
	return strings.TrimPrefix(req.Header.Get("Authorization"), "Basic ")
}

// TestFault_D3_EveryRefusalIsInTheLogWithItsCause, by the id of the response.
func TestFault_D3_EveryRefusalIsInTheLogWithItsCause(t *testing.T) {
	d := shared.Processes()
	ids := map[string]string{}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, r := range refusals(t) {
		req, err := http.NewRequestWithContext(t.Context(), r.method, d.PublicURL+r.path, strings.NewReader(r.body))
		expect.NoError(t, err)
		if r.media != "" {
			req.Header.Set("Content-Type", r.media)
		}
		if r.header[0] != "" {
			req.Header.Set(r.header[0], r.header[1])
		}
		res, err := client.Do(req)
		expect.NoError(t, err)
		expect.NoError(t, res.Body.Close())
		ids[res.Header.Get(requestID)] = r.cause
	}
	mustLog(t, d, ids)
}

// TestFault_D3_ARefusedCodeTokenOrDeviceIsInTheLogWithItsCause: refusals that need an earlier request.
func TestFault_D3_ARefusedCodeTokenOrDeviceIsInTheLogWithItsCause(t *testing.T) {
	d, b := shared.Processes(), shared.Processes().NewBrowser()
	ids := map[string]string{}
	refused := func(cause string) func(res harness.Response, err error) {
		return func(res harness.Response, err error) {
			t.Helper()
			expect.NoError(t, err)
			if res.Status < http.StatusBadRequest {
				t.Errorf("nothing is refused for %s: %d", cause, res.Status)
			}
			ids[res.Header.Get(requestID)] = cause
		}
	}
	proven, plain := harness.Request{Verifier: harness.NewVerifier()}, harness.Request{}
	code := func(r harness.Request) string {
		t.Helper()
		issued, err := b.Approve(r)
		expect.NoError(t, err)
		return issued
	}
	refused("redirect_uri_other")(d.Exchange(code(proven), harness.Request{Verifier: proven.Verifier, RedirectURI: harness.CallbackURI + "/other"}))
	refused("code_other_client")(d.Exchange(code(proven), harness.Request{Verifier: proven.Verifier, ClientID: harness.PublicID}))
	refused("verifier_missing")(d.Exchange(code(proven), plain))
	refused("verifier_malformed")(d.Exchange(code(proven), harness.Request{Verifier: "x"}))
	refused("verifier_wrong")(d.Exchange(code(proven), harness.Request{Verifier: harness.NewVerifier()}))
	refused("verifier_unexpected")(d.Exchange(code(plain), proven))
	used := code(proven)
	_, err := d.Exchange(used, proven)
	expect.NoError(t, err)
	refused("code_replayed")(d.Exchange(used, proven))

	tokens, err := d.Issue(b, proven)
	expect.NoError(t, err)
	refused("refresh_other_client")(d.Form("/oauth/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "client_id": {harness.PublicID},
	}))
	second, err := d.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	_, err = d.Refresh(second.Text("refresh_token")) // the first one cannot be a retry any more
	expect.NoError(t, err)
	refused("refresh_reused")(d.Refresh(tokens.Refresh))
	refused("refresh_rotated")(d.Refresh(tokens.Refresh))

	device, err := d.StartDevice("videos:read")
	expect.NoError(t, err)
	refused("device_pending")(device.Poll())
	refused("device_slow_down")(device.Poll())
	mustLog(t, d, ids)
}

// requestID is the header with the id of a request.
const requestID = "Usher-Request-Id"

// mustLog waits until the log has each refused request with its cause, by the id of the response.
func mustLog(t *testing.T, d *harness.Deployment, ids map[string]string) {
	t.Helper()
	logged := map[string]string{}
	expect.Eventually(t, "every refused request in the log", func() bool {
		for _, row := range requests(t, d, "--refused") {
			logged[row.RequestID] = strings.ToLower(strings.TrimPrefix(row.Kind.Cause, "CAUSE_"))
		}
		for id := range ids {
			if _, ok := logged[id]; !ok {
				return false
			}
		}
		return true
	})
	for id, want := range ids {
		if got := logged[id]; got != want {
			t.Errorf("the log has the cause %s, want %s", got, want)
		}
	}
}
