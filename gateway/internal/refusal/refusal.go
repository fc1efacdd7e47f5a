// Package refusal passes the cause of a refused request from the code that refuses it to the code
// that logs and counts it.
//
// It owns the record in a request's context. It never writes a response: the cause is not for
// clients.
package refusal

import (
	"context"
	"net/http"
	"sync/atomic"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Refusal is the cause of a refused request.
type Refusal struct {
	Cause errorv1.Cause
	// Field is the parameter that was refused; empty if none.
	Field string
	// ClientID is the registered client that made the request; empty where it is unknown.
	ClientID string
	// Parameter is the parameter whose value was not the Expected one; empty where that is not known.
	// Sent is its value where the request does not have it as a parameter.
	Parameter, Expected, Sent string
	// LoggedAs is the identifier of the earlier request that was refused and logged, whose refusal the page
	// shows; empty for a request that is refused itself.
	LoggedAs string
	// Logged is true where a line about it was already logged, so that it is only counted.
	Logged bool
}

// Expecting returns the refusal with the value that was expected of a parameter. A parameter without one is
// the one that was refused.
func (r Refusal) Expecting(parameter, expected string) Refusal {
	if r.Parameter, r.Expected = parameter, expected; expected == "" {
		r.Field = parameter
	}
	return r
}

type key struct{}

// note holds the last recorded refusal. Handlers may call services concurrently.
type note = atomic.Pointer[Refusal]

// NewContext returns a context that can hold a refusal.
func NewContext(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, new(note)) }

// Note records a refusal and replaces an earlier one. It does nothing without NewContext.
func Note(ctx context.Context, r Refusal) {
	if n, ok := ctx.Value(key{}).(*note); ok {
		n.Store(&r)
	}
}

// NoteCause records a refusal of this process.
func NoteCause(ctx context.Context, cause errorv1.Cause) { Note(ctx, Refusal{Cause: cause}) }

// NoteError records the refusal of FromError, if there is one.
func NoteError(ctx context.Context, err error) {
	if r, refused := FromError(err); refused {
		Note(ctx, r)
	}
}

// FromError returns the refusal that an error stands for. refused is false for an internal error
// and for a missing session, which redirects to the sign-in page.
func FromError(err error) (r Refusal, refused bool) {
	switch oerr.Reason(err) { //nolint:exhaustive // the others are refusals
	case errorv1.Reason_REASON_UNSPECIFIED, errorv1.Reason_REASON_SESSION_REQUIRED:
		return Refusal{}, false
	}
	r = Refusal{Cause: oerr.Cause(err), Field: oerr.Field(err), ClientID: oerr.ClientID(err)}
	r.Parameter, r.Expected = oerr.Expected(err)
	return r, true
}

// FromContext returns the recorded refusal; ok is false where there is none.
func FromContext(ctx context.Context) (r Refusal, ok bool) {
	n, found := ctx.Value(key{}).(*note)
	if !found {
		return Refusal{}, false
	}
	last := n.Load()
	if last == nil {
		return Refusal{}, false
	}
	return *last, true
}

// FromStatus returns the refusal of a request that this gateway refused without a call to a
// service, by the status of its response; ok is false for a status that refuses nothing.
func FromStatus(status int) (r Refusal, ok bool) {
	switch status {
	case http.StatusBadRequest:
		r.Cause = errorv1.Cause_CAUSE_QUERY_MALFORMED
	case http.StatusForbidden:
		r.Cause = errorv1.Cause_CAUSE_FORM_NOT_OURS
	case http.StatusNotFound:
		r.Cause = errorv1.Cause_CAUSE_NOT_FOUND
	case http.StatusMethodNotAllowed:
		r.Cause = errorv1.Cause_CAUSE_METHOD_NOT_ALLOWED
	case http.StatusRequestEntityTooLarge:
		r.Cause = errorv1.Cause_CAUSE_BODY_TOO_LARGE
	case http.StatusUnsupportedMediaType:
		r.Cause = errorv1.Cause_CAUSE_MEDIA_TYPE_UNSUPPORTED
	case http.StatusTooManyRequests:
		r.Cause = errorv1.Cause_CAUSE_RATE_LIMITED
	}
	return r, r.Cause != errorv1.Cause_CAUSE_UNSPECIFIED
}
