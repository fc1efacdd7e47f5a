package registration

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// The error codes (RFC 7591 §3.2.2, RFC 6750 §3.1 and RFC 6749 §5.2).
const (
	invalidMetadata = "invalid_client_metadata"
	invalidRequest  = "invalid_request"
	invalidToken    = "invalid_token"
	unavailable     = "temporarily_unavailable"
)

// failure is the JSON of an error.
type failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// rowOf returns the status and the code of a reason. A reason that it does not list is an internal
// error.
func rowOf(reason errorv1.Reason, field string) (code int, name string) {
	switch reason { //nolint:exhaustive // the others belong to other endpoints and are internal here
	case errorv1.Reason_REASON_INVALID_REDIRECT_URI:
		return http.StatusBadRequest, "invalid_redirect_uri"
	case errorv1.Reason_REASON_INVALID_CLIENT_METADATA, errorv1.Reason_REASON_INVALID_REQUEST:
		if field == "software_statement" {
			return http.StatusBadRequest, "unapproved_software_statement"
		}
		return http.StatusBadRequest, invalidMetadata
	case errorv1.Reason_REASON_INVALID_REGISTRATION_TOKEN:
		return http.StatusUnauthorized, invalidToken
	case errorv1.Reason_REASON_UNAUTHORIZED_CLIENT:
		return http.StatusForbidden, "unauthorized_client"
	case errorv1.Reason_REASON_NOT_FOUND:
		return http.StatusNotFound, invalidRequest
	case errorv1.Reason_REASON_METHOD_NOT_ALLOWED:
		return http.StatusMethodNotAllowed, invalidRequest
	case errorv1.Reason_REASON_REQUEST_TOO_LARGE:
		return http.StatusRequestEntityTooLarge, invalidMetadata
	case errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE:
		return http.StatusUnsupportedMediaType, invalidMetadata
	case errorv1.Reason_REASON_RATE_LIMITED:
		return http.StatusTooManyRequests, unavailable
	case errorv1.Reason_REASON_UNAVAILABLE:
		return http.StatusServiceUnavailable, unavailable
	}
	return http.StatusInternalServerError, "server_error"
}

// writeError writes an error response.
func (e *Endpoints) writeError(w http.ResponseWriter, r *http.Request, err error) {
	refusal.NoteError(r.Context(), err)
	code, name := rowOf(oerr.Reason(err), oerr.Field(err))
	description := oerr.Message(err)
	switch code {
	case http.StatusUnauthorized:
		description = challenge(w.Header(), httpx.Bearer(r) != "")
	case http.StatusServiceUnavailable:
		description = "The service cannot register clients at present, try again later"
	case http.StatusInternalServerError:
		description = "Something went wrong on our side"
	}
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
	}
	if code >= http.StatusInternalServerError && !errors.Is(r.Context().Err(), context.Canceled) {
		e.Logger.WarnContext(r.Context(), "the registration of a client failed", "error", status.Convert(err).Message())
	}
	httpx.WriteJSON(w, code, failure{Error: name, Description: httpx.ErrorDescription(description)})
}

// challenge sets WWW-Authenticate (RFC 6750 §3), without an error code if no token was sent, and
// returns the description.
func challenge(header http.Header, sent bool) string {
	if !sent {
		header.Set("WWW-Authenticate", "Bearer")
		return "Send a token in the header Authorization: Bearer"
	}
	header.Set("WWW-Authenticate", `Bearer error="`+invalidToken+`"`)
	return "The token is unknown, expired or used up, or not this client's"
}

// Problem writes the error response of a request that the endpoints did not serve.
func (e *Endpoints) Problem(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	name := invalidRequest
	if status >= http.StatusInternalServerError {
		name = "server_error"
	}
	httpx.WriteJSON(w, status, failure{Error: name, Description: http.StatusText(status)})
}
