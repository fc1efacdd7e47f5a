package dialect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// row is a failure as both dialects say it (docs/wire-contract.md §4).
type row struct {
	status int
	code   string
	// message is the documented one; empty takes the service's, which says what to fix.
	message string

	formStatus int
	formError  string
}

const (
	authenticationError = "authentication_error"
	invalidRequest      = "invalid_request"
	unavailable         = "temporarily_unavailable"
)

// rowOf is the table of docs/wire-contract.md §4; what no row names gets the nearest one.
func rowOf(reason errorv1.Reason) row {
	switch reason { //nolint:exhaustive // the others belong to the pages and are internal here
	case errorv1.Reason_REASON_INVALID_REQUEST:
		return same(http.StatusBadRequest, invalidRequest)
	case errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE:
		return same(http.StatusBadRequest, "unsupported_grant_type")
	case errorv1.Reason_REASON_INVALID_SCOPE:
		return same(http.StatusBadRequest, "invalid_scope")
	case errorv1.Reason_REASON_UNAUTHORIZED_CLIENT:
		return same(http.StatusBadRequest, "unauthorized_client")
	case errorv1.Reason_REASON_METHOD_NOT_ALLOWED:
		return same(http.StatusMethodNotAllowed, invalidRequest)
	case errorv1.Reason_REASON_REQUEST_TOO_LARGE:
		return same(http.StatusRequestEntityTooLarge, invalidRequest)
	case errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE:
		return same(http.StatusUnsupportedMediaType, invalidRequest)
	case errorv1.Reason_REASON_INVALID_CLIENT:
		return row{http.StatusUnauthorized, authenticationError, "Invalid client credentials", http.StatusUnauthorized, "invalid_client"}
	case errorv1.Reason_REASON_INVALID_CODE:
		return invalidGrant("Invalid or expired authorization code")
	case errorv1.Reason_REASON_INVALID_CODE_VERIFIER:
		return invalidGrant("Invalid PKCE code verifier")
	case errorv1.Reason_REASON_INVALID_REFRESH_TOKEN:
		return invalidGrant("Invalid or expired refresh token")
	case errorv1.Reason_REASON_RATE_LIMITED:
		return row{http.StatusTooManyRequests, "rate_limited", "", http.StatusTooManyRequests, unavailable}
	case errorv1.Reason_REASON_UNAVAILABLE:
		return row{
			http.StatusServiceUnavailable, "unavailable", "The service is temporarily unavailable, try again shortly",
			http.StatusServiceUnavailable, unavailable,
		}
	}
	return row{http.StatusInternalServerError, "internal_error", "Something went wrong on our side", http.StatusInternalServerError, "server_error"}
}

func same(code int, name string) row { return row{code, name, "", code, name} }

func invalidGrant(message string) row {
	return row{http.StatusUnauthorized, authenticationError, message, http.StatusBadRequest, "invalid_grant"}
}

// The shapes of a failure in the two dialects.
type (
	documented struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	formal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		URI         string `json:"error_uri,omitempty"`
	}
)

// write answers a failure in the request's dialect.
func (e *Endpoints) write(w http.ResponseWriter, r *http.Request, err error) {
	refusal.NoteError(r.Context(), err)
	reason, message := classify(err)
	row := rowOf(reason)
	if reason == errorv1.Reason_REASON_INVALID_CLIENT && oerr.Field(err) != "" {
		row.message = "" // what is missing is told, where that says nothing of the client
	}
	if row.status >= http.StatusInternalServerError && !errors.Is(r.Context().Err(), context.Canceled) {
		e.config.Logger.WarnContext(r.Context(), "an OAuth endpoint failed", "path", r.URL.Path, "error", status.Convert(err).Message())
	}
	header := w.Header()
	if row.formError == "invalid_client" && challenged(r) {
		header.Set("WWW-Authenticate", `Basic realm="usher", charset="UTF-8"`)
	}
	if row.status == http.StatusServiceUnavailable || row.status == http.StatusTooManyRequests {
		header.Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
	}
	row.message = cmp.Or(row.message, message)
	e.say(w, r, row)
}

// say writes a failure in the request's dialect.
func (e *Endpoints) say(w http.ResponseWriter, r *http.Request, row row) {
	if untypedForm(r) || httpx.DeclaredType(r) == httpx.TypeForm {
		writeJSON(w, row.formStatus, formal{
			Error: row.formError, Description: describe(row.message), URI: e.errorURI(row.formError),
		})
		return
	}
	documentedFailure(w, row)
}

func documentedFailure(w http.ResponseWriter, row row) {
	var body documented
	body.Error.Code, body.Error.Message = row.code, row.message
	writeJSON(w, row.status, body)
}

// problemOf is the failure of a request that no handler answers, by its status.
func problemOf(status int) row {
	if status == http.StatusNotFound {
		return row{status, "not_found", "There is no such endpoint", status, invalidRequest}
	}
	if status == http.StatusInternalServerError {
		return rowOf(errorv1.Reason_REASON_UNSPECIFIED)
	}
	return row{status, invalidRequest, explain(status), status, invalidRequest}
}

// explain is for the author of the client.
func explain(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "The request cannot be read: its request line or a header is malformed, or a header is missing"
	case http.StatusForbidden:
		return "This form did not come from a page of ours"
	case http.StatusUnsupportedMediaType:
		return "This address takes the form of a page of ours"
	case http.StatusMethodNotAllowed:
		return "This address does not answer that method"
	case http.StatusExpectationFailed:
		return "The only expectation that can be met is 100-continue"
	case http.StatusRequestHeaderFieldsTooLarge:
		return "The request line and the headers are longer than 32 KiB"
	case http.StatusNotImplemented:
		return "The only transfer encoding that can be read is chunked"
	case http.StatusHTTPVersionNotSupported:
		return "Send HTTP/1.1"
	}
	return http.StatusText(status)
}

// challenged reports whether a 401 names the scheme to authenticate with (RFC 9110 §15.5.2): where HTTP Basic was tried (RFC
// 6749 §5.2), and where the request had no client authentication, since several HTTP clients send their credentials only after
// a challenge. A wrong secret in the body is not challenged: oauth4webapi would stop at the challenge before it reads the error.
func challenged(r *http.Request) bool {
	body, _ := r.Context().Value(bodyKey{}).([]byte)
	return len(clientAuthentication(r)) > 0 || !authenticates(httpx.MediaType(r), body)
}

// authenticates reports whether a body that could be read has a client's secret or assertion.
func authenticates(kind string, body []byte) bool {
	if kind == httpx.TypeJSON {
		var sent struct {
			Secret    string `json:"client_secret"`
			Assertion string `json:"client_assertion"`
		}
		_ = json.Unmarshal(body, &sent) // it was read before
		return sent.Secret != "" || sent.Assertion != ""
	}
	form, _ := oauth.ParseForm(string(body)) // likewise
	secret, _, _ := form.Get("client_secret")
	assertion, _, _ := form.Get("client_assertion")
	return secret != "" || assertion != ""
}

// errorURI is where the public error is explained. It says no more than the error does.
func (e *Endpoints) errorURI(name string) string {
	if e.config.ErrorDocsURL == "" {
		return ""
	}
	return e.config.ErrorDocsURL + "#" + name
}

// classify names a failure. The runtime flattens what our decoders say into a status with nothing but its text; no service
// answers such a one.
func classify(err error) (reason errorv1.Reason, message string) {
	reason, message = oerr.Reason(err), oerr.Message(err)
	if reason == errorv1.Reason_REASON_UNSPECIFIED && status.Code(err) == codes.InvalidArgument {
		return errorv1.Reason_REASON_INVALID_REQUEST, status.Convert(err).Message()
	}
	return reason, message
}

// describe keeps to the characters that error_description may hold (RFC 6749 §5.2).
func describe(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '\''
		}
		return c
	}, s)
}

// Problem answers a request that no handler answers, in the documented shape.
func Problem(w http.ResponseWriter, status int) { documentedFailure(w, problemOf(status)) }

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone: nothing to do
}
