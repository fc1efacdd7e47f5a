package activity

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/secret"
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

// moreRefusals are those of endpoints and parameters of other standards, of the API and of the pages.
func moreRefusals(t *testing.T, documents string) []refusal {
	t.Helper()
	const token, register = "/oauth/token", "/oauth/register"
	id, secret := harness.ConfidentialID, harness.ConfidentialPW
	api := func(cause, credential string) refusal {
		r := refusal{cause: cause, method: http.MethodGet, path: "/v1/videos"}
		if credential != "" {
			r.header = [2]string{"Authorization", "Bearer " + credential}
		}
		return r
	}
	user := func(cause, credential string) refusal {
		return refusal{cause: cause, method: http.MethodGet, path: "/api/v1/user/nobody%40example.com", header: [2]string{"Authorization", "Bearer " + credential}}
	}
	json := func(cause, path, body string) refusal {
		return refusal{cause: cause, method: http.MethodPost, path: path, media: jsonMedia, body: body}
	}
	return []refusal{
		{cause: "parameter_repeated", method: http.MethodPost, path: token, media: formMedia, body: "grant_type=refresh_token&grant_type=refresh_token"},
		json("parameter_malformed", token, `{"grant_type":5}`),
		form("parameter_unsupported", token, "grant_type", "refresh_token", "refresh_token", "x", "client_assertion", "x",
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
		{cause: "not_found", method: http.MethodGet, path: "/nowhere"},
		form("authentication_malformed", token, "grant_type", "refresh_token", "refresh_token", "x", "client_id", "not a client", "client_secret", "x"),
		form("refresh_unknown", token, "grant_type", "refresh_token", "refresh_token", secretOf("vdo_ort_"), "client_id", id, "client_secret", secret),
		form("device_code_unknown", token, "grant_type", harness.DeviceGrant, "device_code", harness.NewVerifier(), "client_id", harness.DeviceID),
		form("request_uri_pushed", "/oauth/par", "request_uri", "x", "client_id", id, "client_secret", secret, "response_type", "code",
			"redirect_uri", harness.CallbackURI, "scope", "videos:read"),
		authorize(t, "scope_missing", "scope", ""),
		authorize(t, "challenge_missing", "code_challenge", "", "code_challenge_method", ""),
		authorize(t, "nonce_malformed", "scope", "videos:read", "nonce", strings.Repeat("x", 256)),
		authorize(t, "id_token_hint_invalid", "id_token_hint", "x"),
		authorize(t, "client_document_not_accepted", "client_id", "http://client.example/c"),
		authorize(t, "client_document_unreadable", "client_id", documents+"/500"),
		authorize(t, "client_document_invalid", "client_id", documents+"/empty"),
		json("redirect_uri_refused", register, `{"redirect_uris":["http://evil.example/cb"]}`),
		json("client_metadata_refused", register, `{"redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"nope"}`),
		{cause: "registration_token_invalid", method: http.MethodGet, path: register + "/vdo_client_nobody", header: [2]string{"Authorization", "Bearer x"}},
		api("access_token_missing", ""),
		api("access_token_malformed", "x"),
		api("access_token_is_refresh_token", secretOf("vdo_ort_")),
		api("access_token_inactive", secretOf("vdo_oat_")),
		api("api_key_inactive", secretOf("vdo_live_")),
		user("user_token_missing", "x"),
		user("user_token_unknown", strings.Repeat("A", 180)),
		json("credentials_wrong", "/api/v1/user/authenticate", `{"emailAddress":"john.doe@gmail.com","password":"wrong password"}`),
		{cause: "form_not_ours", method: http.MethodPost, path: "/signin", media: formMedia, body: "email=x"},
	}
}

// secretOf returns a well-formed credential that was never issued.
func secretOf(kind secret.Kind) string { return secret.Generate(kind).Reveal() }

// documents serves a document that describes no client, at /empty, and fails at any other path.
func documents(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", jsonMedia)
		if r.URL.Path != "/empty" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// atOnce sends the requests that are each refused at once.
func (w *walk) atOnce() {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	// A client of its own: the flood has used up the rows of the fixtures' client.
	own := w.public(func(r *authzv1.CreateClientRequest) { r.Scopes = []string{"videos:read", "analyze:write", "jobs:read"} })
	for _, r := range append(refusals(w.t), moreRefusals(w.t, documents(w.t))...) {
		r.path, r.body = strings.ReplaceAll(r.path, harness.PublicID, own.id), strings.ReplaceAll(r.body, harness.PublicID, own.id)
		req, err := http.NewRequestWithContext(w.t.Context(), r.method, w.d.PublicURL+r.path, strings.NewReader(r.body))
		expect.NoError(w.t, err)
		if r.media != "" {
			req.Header.Set("Content-Type", r.media)
		}
		if r.header[0] != "" {
			req.Header.Set(r.header[0], r.header[1])
		}
		res, err := client.Do(req)
		expect.NoError(w.t, err)
		expect.NoError(w.t, res.Body.Close())
		w.refused(r.cause, res.Header, nil)
	}
}

// basic returns the credentials of HTTP Basic authentication.
func basic(id, secret string) string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(id, secret)
	return strings.TrimPrefix(req.Header.Get("Authorization"), "Basic ")
}
