package dialect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/jsonbody"
	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/gateway/internal/requestlog"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Failure is an error response of the endpoints in both dialects (docs/wire-contract.md §4).
type Failure struct {
	// Status, Code and Message are those of the response to JSON. Message is the documented one; empty
	// where the service names the problem.
	Status        int
	Code, Message string
	// FormStatus and FormError are those of the response to a form.
	FormStatus int
	FormError  string
}

const (
	authenticationError = "authentication_error"
	invalidRequest      = "invalid_request"
	unavailable         = "temporarily_unavailable"
)

// failures is the table of docs/wire-contract.md §4. A reason that is not in it is an internal error.
func failures() map[errorv1.Reason]Failure {
	return map[errorv1.Reason]Failure{
		errorv1.Reason_REASON_INVALID_REQUEST:        sameInBoth(http.StatusBadRequest, invalidRequest),
		errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE: sameInBoth(http.StatusBadRequest, "unsupported_grant_type"),
		errorv1.Reason_REASON_INVALID_SCOPE:          sameInBoth(http.StatusBadRequest, "invalid_scope"),
		errorv1.Reason_REASON_INVALID_TARGET:         sameInBoth(http.StatusBadRequest, "invalid_target"),
		errorv1.Reason_REASON_INVALID_DPOP_PROOF:     sameInBoth(http.StatusBadRequest, "invalid_dpop_proof"),
		errorv1.Reason_REASON_USE_DPOP_NONCE:         sameInBoth(http.StatusBadRequest, "use_dpop_nonce"),
		errorv1.Reason_REASON_UNAUTHORIZED_CLIENT:    sameInBoth(http.StatusBadRequest, "unauthorized_client"),
		errorv1.Reason_REASON_METHOD_NOT_ALLOWED:     sameInBoth(http.StatusMethodNotAllowed, invalidRequest),
		errorv1.Reason_REASON_REQUEST_TOO_LARGE:      sameInBoth(http.StatusRequestEntityTooLarge, invalidRequest),
		errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE: sameInBoth(http.StatusUnsupportedMediaType, invalidRequest),
		errorv1.Reason_REASON_INVALID_CLIENT:         {http.StatusUnauthorized, authenticationError, "Invalid client credentials", http.StatusUnauthorized, "invalid_client"},
		errorv1.Reason_REASON_INVALID_CODE:           invalidGrant("Invalid or expired authorization code"),
		errorv1.Reason_REASON_INVALID_CODE_VERIFIER:  invalidGrant("Invalid PKCE code verifier"),
		errorv1.Reason_REASON_INVALID_REFRESH_TOKEN:  invalidGrant("Invalid or expired refresh token"),
		errorv1.Reason_REASON_INVALID_DEVICE_CODE:    invalidGrant("Invalid or expired device code"),
		errorv1.Reason_REASON_AUTHORIZATION_PENDING:  sameInBoth(http.StatusBadRequest, "authorization_pending"),
		errorv1.Reason_REASON_SLOW_DOWN:              sameInBoth(http.StatusBadRequest, "slow_down"),
		errorv1.Reason_REASON_ACCESS_DENIED:          sameInBoth(http.StatusBadRequest, "access_denied"),
		errorv1.Reason_REASON_EXPIRED_DEVICE_CODE:    sameInBoth(http.StatusBadRequest, "expired_token"),
		errorv1.Reason_REASON_RATE_LIMITED:           {http.StatusTooManyRequests, "rate_limited", "", http.StatusTooManyRequests, unavailable},
		errorv1.Reason_REASON_UNAVAILABLE: {
			http.StatusServiceUnavailable, "unavailable", "The service is temporarily unavailable, try again shortly",
			http.StatusServiceUnavailable, unavailable,
		},
	}
}

// internalError is the response to a reason that no client can cause.
func internalError() Failure {
	return Failure{http.StatusInternalServerError, "internal_error", "Something went wrong on our side", http.StatusInternalServerError, "server_error"}
}

func sameInBoth(code int, name string) Failure { return Failure{code, name, "", code, name} }

func invalidGrant(message string) Failure {
	return Failure{http.StatusUnauthorized, authenticationError, message, http.StatusBadRequest, "invalid_grant"}
}

// find returns the response to a reason: that to an internal error, and false, for one that table lacks.
func find(table map[errorv1.Reason]Failure, reason errorv1.Reason) (Failure, bool) {
	if f, ok := table[reason]; ok {
		return f, true
	}
	return internalError(), false
}

// FailureOf returns the response to a reason; ok is false for one that the endpoints do not return.
func FailureOf(reason errorv1.Reason) (f Failure, ok bool) {
	return find(failures(), reason)
}

// The JSON of an error in the two dialects.
type (
	documentedError struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	oauthError struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		URI         string `json:"error_uri,omitempty"`
	}
)

// writeError writes an error response in the request's dialect.
func (e *Endpoints) writeError(w http.ResponseWriter, r *http.Request, err error) {
	refusal.NoteError(r.Context(), err)
	reason, message := classify(err)
	failure, _ := find(e.failures, reason)
	if reason == errorv1.Reason_REASON_INVALID_CLIENT && oerr.Field(err) != "" {
		failure.Message = "" // a missing parameter may be named: that reveals nothing about the client
	}
	if failure.Status >= http.StatusInternalServerError && !errors.Is(r.Context().Err(), context.Canceled) {
		e.config.Logger.WarnContext(r.Context(), "an OAuth endpoint failed", "path", r.URL.Path, "error", status.Convert(err).Message())
	}
	header := w.Header()
	if failure.FormError == "invalid_client" && needsChallenge(r) {
		header.Set("WWW-Authenticate", `Basic realm="usher", charset="UTF-8"`)
	}
	if nonce := oerr.Nonce(err); nonce != "" {
		header.Set("DPoP-Nonce", nonce)
	}
	if failure.Status == http.StatusServiceUnavailable || failure.Status == http.StatusTooManyRequests {
		header.Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
	}
	failure.Message = cmp.Or(failure.Message, message)
	e.writeFailure(w, r, failure)
}

// writeFailure writes a failure in the request's dialect.
func (e *Endpoints) writeFailure(w http.ResponseWriter, r *http.Request, failure Failure) {
	requestlog.NoteError(r.Context(), cmp.Or(failure.FormError, failure.Code))
	if isFlat(r.URL.Path) || untypedForm(r) || httpx.DeclaredType(r) == httpx.TypeForm {
		writeJSON(w, failure.FormStatus, oauthError{
			Error: failure.FormError, Description: httpx.ErrorDescription(failure.Message), URI: e.errorURI(failure.FormError),
		})
		return
	}
	writeDocumented(w, failure)
}

// isFlat reports whether an endpoint writes its errors as RFC 6749 §5.2 does, whatever the media type
// of the request: the documents do not have it, and each library expects that format.
func isFlat(path string) bool { return path == "/oauth/device_authorization" || path == oauth.PushPath }

func writeDocumented(w http.ResponseWriter, failure Failure) {
	var body documentedError
	body.Error.Code, body.Error.Message = failure.Code, failure.Message
	writeJSON(w, failure.Status, body)
}

// problemOf returns the error of a request that no handler serves, by its status.
func problemOf(status int) Failure {
	if status == http.StatusNotFound {
		return Failure{status, "not_found", "There is no such endpoint", status, invalidRequest}
	}
	if status == http.StatusInternalServerError {
		return internalError()
	}
	return Failure{status, invalidRequest, Explain(status), status, invalidRequest}
}

// Explain returns the message of a status, for the developer of the client.
func Explain(status int) string {
	return cmp.Or(map[int]string{
		http.StatusBadRequest:                  "The request cannot be read: its request line or a header is malformed, or a header is missing",
		http.StatusForbidden:                   "This form did not come from a page of ours",
		http.StatusUnsupportedMediaType:        "This address takes the form of a page of ours",
		http.StatusMethodNotAllowed:            "This address does not support that method",
		http.StatusExpectationFailed:           "The only expectation that can be met is 100-continue",
		http.StatusRequestHeaderFieldsTooLarge: "The request line and the headers are longer than 32 KiB",
		http.StatusNotImplemented:              "The only transfer encoding that can be read is chunked",
		http.StatusHTTPVersionNotSupported:     "Send HTTP/1.1",
	}[status], http.StatusText(status))
}

// needsChallenge reports whether a 401 has WWW-Authenticate (RFC 9110 §15.5.2): where the client
// used HTTP Basic (RFC 6749 §5.2), and where the request had no client authentication, because
// several HTTP clients send their credentials only after a challenge. A wrong secret in the body
// gets none: oauth4webapi would report the challenge and not the error.
func needsChallenge(r *http.Request) bool {
	body, _ := r.Context().Value(bodyKey).([]byte)
	return len(clientAuthentication(r)) > 0 || !hasClientCredentials(httpx.MediaType(r), body)
}

// The parameters by which a client authenticates in the body.
const (
	clientSecret    = "client_secret"
	clientAssertion = "client_assertion"
)

// hasClientCredentials reports whether a parsed body has a client secret or assertion.
func hasClientCredentials(kind string, body []byte) bool {
	if kind == httpx.TypeJSON {
		sent, _ := jsonbody.Strings(body, isCredential) // the body was decoded before
		return sent[clientSecret].Value != "" || sent[clientAssertion].Value != ""
	}
	form, _ := oauth.ParseForm(string(body)) // likewise
	secret, _, _ := form.Get(clientSecret)
	assertion, _, _ := form.Get(clientAssertion)
	return secret != "" || assertion != ""
}

func isCredential(name string) bool { return name == clientSecret || name == clientAssertion }

// errorURI returns the address of the error's explanation, which depends on the error code alone.
func (e *Endpoints) errorURI(name string) string {
	if e.config.ErrorDocsURL == "" {
		return ""
	}
	return e.config.ErrorDocsURL + "#" + name
}

// classify returns an error's reason and message. The runtime converts the errors of its own
// decoding to a status without a reason, which no service returns.
func classify(err error) (reason errorv1.Reason, message string) {
	reason, message = oerr.Reason(err), oerr.Message(err)
	if reason == errorv1.Reason_REASON_UNSPECIFIED && status.Code(err) == codes.InvalidArgument {
		return errorv1.Reason_REASON_INVALID_REQUEST, status.Convert(err).Message()
	}
	return reason, message
}

// Problem writes the error response of a request that no handler serves, in the documented format.
func Problem(w http.ResponseWriter, status int) {
	failure := problemOf(status)
	if allow := w.Header().Get("Allow"); status == http.StatusMethodNotAllowed && allow != "" {
		failure.Message += ": use " + httpx.Methods(allow)
	}
	writeDocumented(w, failure)
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // fails only where the client has disconnected
}
