package dialect_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/httpx"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// response is a status and the body's fields.
type response struct {
	status  int
	code    string
	message string
}

// expected is the table of docs/wire-contract.md §4; an empty message is the service's.
func expected() map[errorv1.Reason][2]response {
	both := func(status int, code string) [2]response { return [2]response{{status, code, ""}, {status, code, ""}} }
	grant := func(message string) [2]response {
		return [2]response{{401, "authentication_error", message}, {400, "invalid_grant", message}}
	}
	inner := [2]response{{500, "internal_error", "Something went wrong on our side"}, {500, "server_error", "Something went wrong on our side"}}
	down := "The service is temporarily unavailable, try again shortly"
	return map[errorv1.Reason][2]response{
		errorv1.Reason_REASON_INVALID_REQUEST:         both(400, "invalid_request"),
		errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE:  both(400, "unsupported_grant_type"),
		errorv1.Reason_REASON_INVALID_SCOPE:           both(400, "invalid_scope"),
		errorv1.Reason_REASON_INVALID_TARGET:          both(400, "invalid_target"),
		errorv1.Reason_REASON_UNAUTHORIZED_CLIENT:     both(400, "unauthorized_client"),
		errorv1.Reason_REASON_REQUEST_TOO_LARGE:       both(413, "invalid_request"),
		errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE:  both(415, "invalid_request"),
		errorv1.Reason_REASON_METHOD_NOT_ALLOWED:      both(405, "invalid_request"),
		errorv1.Reason_REASON_INVALID_CLIENT:          {{401, "authentication_error", "Invalid client credentials"}, {401, "invalid_client", "Invalid client credentials"}},
		errorv1.Reason_REASON_INVALID_CODE:            grant("Invalid or expired authorization code"),
		errorv1.Reason_REASON_INVALID_CODE_VERIFIER:   grant("Invalid PKCE code verifier"),
		errorv1.Reason_REASON_INVALID_REFRESH_TOKEN:   grant("Invalid or expired refresh token"),
		errorv1.Reason_REASON_INVALID_DEVICE_CODE:     grant("Invalid or expired device code"),
		errorv1.Reason_REASON_AUTHORIZATION_PENDING:   both(400, "authorization_pending"),
		errorv1.Reason_REASON_SLOW_DOWN:               both(400, "slow_down"),
		errorv1.Reason_REASON_INVALID_DPOP_PROOF:      both(400, "invalid_dpop_proof"),
		errorv1.Reason_REASON_USE_DPOP_NONCE:          both(400, "use_dpop_nonce"),
		errorv1.Reason_REASON_ACCESS_DENIED:           both(400, "access_denied"),
		errorv1.Reason_REASON_EXPIRED_DEVICE_CODE:     both(400, "expired_token"),
		errorv1.Reason_REASON_RATE_LIMITED:            {{429, "rate_limited", ""}, {429, "temporarily_unavailable", ""}},
		errorv1.Reason_REASON_UNAVAILABLE:             {{503, "unavailable", down}, {503, "temporarily_unavailable", down}},
		errorv1.Reason_REASON_UNSPECIFIED:             inner,
		errorv1.Reason_REASON_INVALID_CREDENTIALS:     inner,
		errorv1.Reason_REASON_SESSION_REQUIRED:        inner,
		errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND: inner,
		errorv1.Reason_REASON_AUTHORIZATION_STALE:     inner,
		errorv1.Reason_REASON_WORKSPACE_FORBIDDEN:     inner,
		errorv1.Reason_REASON_WORKSPACE_POLICY:        inner,
		errorv1.Reason_REASON_NOT_FOUND:               inner,
		errorv1.Reason_REASON_CALLER_DENIED:           inner,
		errorv1.Reason_REASON_CROSS_SITE_REQUEST:      inner,
		errorv1.Reason_REASON_INVALID_ACCESS_TOKEN:    inner,
		errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN:    inner,
		errorv1.Reason_REASON_UNAUTHORIZED_ACCESS:     inner,
		errorv1.Reason_REASON_ALREADY_EXISTS:          inner,
		errorv1.Reason_REASON_CONFLICT:                inner,
		errorv1.Reason_REASON_CLIENT_NOT_LIVE:         inner,
		// Of the registration endpoint, which has a format of its own.
		errorv1.Reason_REASON_INVALID_REGISTRATION_TOKEN: inner,
		errorv1.Reason_REASON_INVALID_CLIENT_METADATA:    inner,
		errorv1.Reason_REASON_INVALID_REDIRECT_URI:       inner,
		errorv1.Reason_REASON_CLIENT_FULL:                inner,
		// Of the UserInfo endpoint, likewise.
		errorv1.Reason_REASON_INSUFFICIENT_SCOPE: inner,
	}
}

func TestEveryReasonMatchesTheWireContract(t *testing.T) {
	b, table := newFixture(t), expected()
	const own = `field "scope" is ünusual`
	for number := range errorv1.Reason_name {
		reason := errorv1.Reason(number)
		row, ok := table[reason]
		if !ok {
			t.Errorf("the table has no %s", reason)
		}
		b.service.err = oerr.New(reason, own, oerr.WithRetryAfter(1500*time.Millisecond))
		for i, kind := range []string{httpx.TypeJSON, httpx.TypeForm} {
			w, want := b.post("/oauth/token", kind, []string{"{}", ""}[i], "Authorization", "Basic YTpi"), row[i]
			got := failure(t, kind, w)
			if want.message == "" {
				want.message = []string{own, "field 'scope' is 'nusual"}[i]
			}
			if (response{w.Code, got.code, got.message}) != want {
				t.Errorf("%s in %s is %d %v, want %v", reason, kind, w.Code, got, want)
			}
			if later := w.Header().Get("Retry-After"); (later == "2") != (w.Code == 429 || w.Code == 503) {
				t.Errorf("%s in %s has Retry-After %q", reason, kind, later)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (reason == errorv1.Reason_REASON_INVALID_CLIENT) {
				t.Errorf("%s in %s has WWW-Authenticate %q", reason, kind, challenge)
			}
		}
	}
}

func TestFault_B14_A401NamesBasicWhereNoClientAuthenticationWasSent(t *testing.T) {
	b := newFixture(t)
	b.service.err = oerr.New(errorv1.Reason_REASON_INVALID_CLIENT, "x")
	for _, row := range []struct {
		name, kind, body string
		header           []string
		want             bool
	}{
		{"a form with client_id", httpx.TypeForm, "client_id=a", nil, true},
		{"a form without client_id", httpx.TypeForm, "token=x", nil, true},
		{"JSON with client_id", httpx.TypeJSON, `{"client_id":"a"}`, nil, true},
		{"an empty secret", httpx.TypeForm, "client_id=a&client_secret=", nil, true},
		{"another scheme", httpx.TypeForm, "client_id=a", []string{"Authorization", "Bearer x"}, true},
		{"Basic", httpx.TypeForm, "", []string{"Authorization", "Basic YTpi"}, true},
		{"a form with a secret", httpx.TypeForm, "client_id=a&client_secret=b", nil, false},
		{"JSON with a secret", httpx.TypeJSON, `{"client_id":"a","client_secret":"b"}`, nil, false},
		{"JSON with an assertion", httpx.TypeJSON, `{"client_assertion":"x"}`, nil, false},
		{"JSON with an empty secret", httpx.TypeJSON, `{"client_id":"a","client_secret":""}`, nil, true},
		{"JSON with the name in capitals", httpx.TypeJSON, `{"client_id":"a","CLIENT_SECRET":"b","Client_Assertion":"c"}`, nil, true},
		{"a form with the name in capitals", httpx.TypeForm, "client_id=a&CLIENT_SECRET=b", nil, true},
		{"an assertion", httpx.TypeForm, "client_assertion=x", nil, false},
		{"a secret beside another scheme", httpx.TypeForm, "client_id=a&client_secret=b", []string{"Authorization", "Bearer x"}, false},
	} {
		for _, path := range []string{"/oauth/token", "/oauth/introspect", "/oauth/revoke"} {
			w := b.post(path, row.kind, row.body, row.header...)
			challenge := w.Header().Get("WWW-Authenticate")
			if w.Code != http.StatusUnauthorized || strings.HasPrefix(challenge, "Basic ") != row.want {
				t.Errorf("%s at %s gets %d, WWW-Authenticate %q", row.name, path, w.Code, challenge)
			}
		}
	}
}

func TestAnInternalErrorIsLoggedAndAnInvalidRequestIsNot(t *testing.T) {
	b := newFixture(t)
	b.service.err = oerr.New(errorv1.Reason_REASON_INVALID_CODE, "x")
	b.post("/oauth/token", httpx.TypeJSON, "{}")
	if b.logs.Len() > 0 {
		t.Errorf("a wrong code is in the log: %s", b.logs)
	}
	b.service.err = errors.New("pq: relation missing")
	w := b.post("/oauth/token", httpx.TypeJSON, "{}")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "pq") {
		t.Errorf("an internal error gets %d %s", w.Code, w.Body)
	}
	if !strings.Contains(b.logs.String(), "/oauth/token") {
		t.Errorf("a failure of Usher is not in the log: %s", b.logs)
	}
}
