// Package refusal carries why a request was refused from where that is known to where a request is logged and counted.
//
// It owns the note that a request's context holds. It never writes a response: a cause stays inside.
package refusal

import (
	"context"
	"net/http"
	"sync/atomic"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Refusal is why a request was refused.
type Refusal struct {
	Cause errorv1.Cause
	// Field is the parameter that it is about; empty if none.
	Field string
	// ClientID is the registered client that made the request; empty where it is not known.
	ClientID string
}

type key struct{}

// note holds the last refusal that was noted. Handlers may call services concurrently.
type note = atomic.Pointer[Refusal]

// Begin makes room for a note.
func Begin(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, new(note)) }

// Note records a refusal; a later one replaces it. Without Begin it does nothing.
func Note(ctx context.Context, r Refusal) {
	if n, ok := ctx.Value(key{}).(*note); ok {
		n.Store(&r)
	}
}

// NoteCause records a refusal that this process decided.
func NoteCause(ctx context.Context, cause errorv1.Cause) { Note(ctx, Refusal{Cause: cause}) }

// NoteError records a failure, unless it is a fault of ours or only leads to the sign-in page.
func NoteError(ctx context.Context, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // the others are refusals
	case errorv1.Reason_REASON_UNSPECIFIED, errorv1.Reason_REASON_SESSION_REQUIRED:
		return
	}
	Note(ctx, Refusal{Cause: oerr.Cause(err), Field: oerr.Field(err), ClientID: oerr.ClientID(err)})
}

// From is the refusal that was noted; ok is false where there is none.
func From(ctx context.Context) (r Refusal, ok bool) {
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

// ByStatus is why a request was refused that no service was asked about, by the response's status; ok is false for a status that
// refuses nothing.
func ByStatus(status int) (r Refusal, ok bool) {
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
