package userapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// The documented bodies.
type (
	user struct {
		EmailAddress string      `json:"emailAddress"`
		FirstName    string      `json:"firstName"`
		LastName     string      `json:"lastName"`
		DisplayName  string      `json:"displayName"`
		Status       string      `json:"status"`
		Workspaces   []workspace `json:"workspaces"`
	}
	workspace struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Role string `json:"role"`
	}
	exception struct {
		Name       string   `json:"name"`
		IncidentID string   `json:"incidentId"`
		Details    []string `json:"exceptionDetails"`
	}
)

func userOf(res *tokenv1.GetUserResponse) user {
	u := user{
		EmailAddress: res.GetEmailAddress(), FirstName: res.GetFirstName(), LastName: res.GetLastName(),
		DisplayName: res.GetDisplayName(), Status: res.GetStatus(), Workspaces: make([]workspace, len(res.GetWorkspaces())),
	}
	for i, w := range res.GetWorkspaces() {
		u.Workspaces[i] = workspace{ID: w.GetId(), Name: w.GetName(), Role: w.GetRole()}
	}
	return u
}

// rowOf is the table of docs/wire-contract.md §8. A reason that is not in it is an internal error.
func rowOf(reason errorv1.Reason) (code int, name string) {
	switch reason { //nolint:exhaustive // the others belong to other endpoints and are internal here
	case errorv1.Reason_REASON_INVALID_ACCESS_TOKEN:
		return http.StatusBadRequest, "InvalidAccessTokenException"
	case errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN:
		return http.StatusBadRequest, "ExpiredAccessTokenException"
	case errorv1.Reason_REASON_INVALID_CREDENTIALS:
		return http.StatusBadRequest, "InvalidCredentialsException"
	case errorv1.Reason_REASON_INVALID_REQUEST:
		return http.StatusBadRequest, "InvalidRequestException"
	case errorv1.Reason_REASON_UNAUTHORIZED_ACCESS:
		return http.StatusForbidden, "UnauthorizedAccessException"
	case errorv1.Reason_REASON_RATE_LIMITED:
		return http.StatusTooManyRequests, "TooManyRequestsException"
	case errorv1.Reason_REASON_METHOD_NOT_ALLOWED:
		return http.StatusMethodNotAllowed, "MethodNotAllowedException"
	case errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE:
		return http.StatusUnsupportedMediaType, "UnsupportedMediaTypeException"
	case errorv1.Reason_REASON_REQUEST_TOO_LARGE:
		return http.StatusRequestEntityTooLarge, "RequestTooLargeException"
	case errorv1.Reason_REASON_NOT_FOUND:
		return http.StatusNotFound, "NotFoundException"
	case errorv1.Reason_REASON_UNAVAILABLE:
		return http.StatusServiceUnavailable, "ServiceUnavailableException"
	}
	return http.StatusInternalServerError, "InternalServerException"
}

// hasDetails reports whether the response to a reason says what to change: for the requests that are
// wrong in their form. For the others a detail could help to guess, or there is nothing to change.
func hasDetails(reason errorv1.Reason) bool {
	switch reason { //nolint:exhaustive // see above
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_METHOD_NOT_ALLOWED, errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE,
		errorv1.Reason_REASON_REQUEST_TOO_LARGE, errorv1.Reason_REASON_NOT_FOUND:
		return true
	}
	return false
}

// unknownPath is the detail of a path without an endpoint.
const unknownPath = "there is no such endpoint: compare the path with the documentation, and send a / within the e-mail address as %2F"

// Problem writes the error response of a request that no endpoint served, in the documented format.
// The explanation says what is wrong with it, where the status alone is known.
func (a API) Problem(w http.ResponseWriter, r *http.Request, status int, explanation string) {
	details := []string{explanation}
	name := "InvalidRequestException"
	switch status {
	case http.StatusNotFound:
		_, name = rowOf(errorv1.Reason_REASON_NOT_FOUND)
		details = []string{unknownPath}
	case http.StatusMethodNotAllowed:
		_, name = rowOf(errorv1.Reason_REASON_METHOD_NOT_ALLOWED)
	case http.StatusRequestHeaderFieldsTooLarge:
		_, name = rowOf(errorv1.Reason_REASON_REQUEST_TOO_LARGE)
	case http.StatusInternalServerError:
		_, name = rowOf(errorv1.Reason_REASON_UNSPECIFIED)
		details = nil
	}
	w.Header().Set("Cache-Control", "no-store")
	a.writeFailure(w, r, failure{status: status, name: name, details: details})
}

// problemSeparator stands between the problems of one request in an error's message, as in those of
// the token service.
const problemSeparator = "; "

// failure is an error response. err is for the log.
type failure struct {
	status  int
	name    string
	details []string
	err     error
}

// refusal returns why the request was refused; refused is false for an internal error.
func (f failure) refusal() (why refusal.Refusal, refused bool) {
	if f.err == nil {
		return refusal.FromStatus(f.status)
	}
	return refusal.FromError(f.err)
}

// writeError writes the response of an error. Its incident ID is the request ID, which is in every
// log line of every service about the request and contains no part of the request.
func (a API) writeError(w http.ResponseWriter, r *http.Request, err error) {
	code, name := rowOf(oerr.Reason(err))
	f := failure{status: code, name: name, err: err}
	if hasDetails(oerr.Reason(err)) {
		f.details = strings.Split(oerr.Message(err), problemSeparator)
	}
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
	}
	a.writeFailure(w, r, f)
}

func (a API) writeFailure(w http.ResponseWriter, r *http.Request, f failure) {
	body := exception{Name: f.name, IncidentID: cmp.Or(requestid.From(r.Context()), requestid.New()), Details: f.details}
	if body.Details == nil {
		body.Details = []string{}
	}
	attrs := []slog.Attr{slog.String("incident_id", body.IncidentID), slog.Int("status", f.status), slog.String("name", f.name)}
	if why, refused := f.refusal(); refused {
		why.Logged = true // the line below is at INFO, so that an incident can be found in production
		refusal.Note(r.Context(), why)
		attrs = append(attrs, slog.String("cause", oerr.CauseLabel(why.Cause)))
	}
	level := slog.LevelInfo
	if f.status >= http.StatusInternalServerError && !errors.Is(r.Context().Err(), context.Canceled) {
		level = slog.LevelWarn
		if f.err != nil {
			attrs = append(attrs, slog.String("error", status.Convert(f.err).Message()))
		}
	}
	a.Logger.LogAttrs(r.Context(), level, "a user API request failed", attrs...)
	httpx.WriteJSON(w, f.status, body)
}
