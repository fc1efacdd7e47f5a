// Package oerr is how a failure crosses gRPC: a status with a reason from the contract (usher.error.v1), a text for the
// caller, and the field it is about. The cause stays on this side, for the log.
//
// It owns the mapping from reasons to gRPC codes and back. It never names a failure in an HTTP dialect: the gateway does.
package oerr

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// domain marks our reasons among those of other systems.
const domain = "usher"

const reasonPrefix = "REASON_"

// failure is a status with the cause that never travels.
type failure struct {
	status *status.Status
	cause  error
}

// Error is for logs: the text and the cause.
func (f *failure) Error() string {
	if f.cause == nil {
		return f.status.Message()
	}
	return f.status.Message() + ": " + f.cause.Error()
}

// GRPCStatus is what travels.
func (f *failure) GRPCStatus() *status.Status { return f.status }

// Unwrap leads to the cause.
func (f *failure) Unwrap() error { return f.cause }

// options collect what New puts into the details.
type options struct {
	cause      error
	field      string
	retryAfter time.Duration
}

// Option adds a detail.
type Option func(*options)

// WithField names the request's field that is wrong, as the caller knows it.
func WithField(name string) Option { return func(o *options) { o.field = name } }

// WithRetryAfter says when to come back.
func WithRetryAfter(d time.Duration) Option { return func(o *options) { o.retryAfter = d } }

// WithCause keeps what went wrong inside for the log.
func WithCause(err error) Option { return func(o *options) { o.cause = err } }

// New makes a failure. The message is for the caller: it never repeats a value that the caller sent.
func New(reason errorv1.Reason, message string, opts ...Option) error {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	info := &errdetails.ErrorInfo{Reason: strings.TrimPrefix(reason.String(), reasonPrefix), Domain: domain}
	if o.field != "" {
		info.Metadata = map[string]string{"field": o.field}
	}
	details := []protoadapt.MessageV1{protoadapt.MessageV1Of(info)}
	if o.retryAfter > 0 {
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: durationpb.New(o.retryAfter)}))
	}
	st := status.New(codeOf(reason), message)
	if with, err := st.WithDetails(details...); err == nil {
		st = with
	}
	return &failure{status: st, cause: o.cause}
}

// retryUnavailable is how long a caller waits before it asks a dependency that was down again. With the time that a question
// then waits for a database it covers a restart (sqldb, docs/resilience.md).
const retryUnavailable = 2 * time.Second

// Unavailable is a dependency that cannot be asked now.
func Unavailable(cause error) error {
	return New(errorv1.Reason_REASON_UNAVAILABLE, "a dependency is unavailable, try again shortly",
		WithCause(cause), WithRetryAfter(retryUnavailable))
}

// Reason names a failure on either side of the wire. A peer that is gone or too slow is UNAVAILABLE; what is none of ours
// is UNSPECIFIED, as is nil.
func Reason(err error) errorv1.Reason {
	st, ok := statusOf(err)
	if !ok {
		return errorv1.Reason_REASON_UNSPECIFIED
	}
	if info := infoOf(st); info != nil {
		return errorv1.Reason(errorv1.Reason_value[reasonPrefix+info.GetReason()])
	}
	switch st.Code() { //nolint:exhaustive // the others say nothing about availability
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		return errorv1.Reason_REASON_UNAVAILABLE
	}
	return errorv1.Reason_REASON_UNSPECIFIED
}

// Field is the request's field that a failure is about; empty if none.
func Field(err error) string {
	st, _ := statusOf(err)
	return infoOf(st).GetMetadata()["field"]
}

// Message is the text for the caller; empty for a failure that is none of ours.
func Message(err error) string {
	st, ok := statusOf(err)
	if !ok || infoOf(st) == nil {
		return ""
	}
	return st.Message()
}

// RetryAfter is when to come back; 0 if the failure does not say.
func RetryAfter(err error) time.Duration {
	st, _ := statusOf(err)
	for _, d := range st.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// Edge is what leaves a server: our own failures as they are, the end of the caller's patience as such, a peer's loss as
// UNAVAILABLE, and everything else as an internal error that says nothing.
func Edge(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), canceled(err):
		return status.Error(codes.Canceled, "the caller went away")
	case Reason(err) == errorv1.Reason_REASON_UNSPECIFIED && errors.Is(err, context.DeadlineExceeded):
		return statusError(Unavailable(err))
	case Reason(err) == errorv1.Reason_REASON_UNSPECIFIED:
		return status.Error(codes.Internal, "internal error")
	}
	if st, _ := statusOf(err); infoOf(st) == nil {
		return statusError(Unavailable(err))
	}
	return statusError(err)
}

// canceled is the caller's going away as a service further down tells it.
func canceled(err error) bool {
	st, ok := statusOf(err)
	return ok && st.Code() == codes.Canceled
}

// statusError drops all but what travels.
func statusError(err error) error {
	st, _ := statusOf(err)
	return st.Err()
}

// statusOf finds the status inside a wrapped error, with its own text and not the wrapping's.
func statusOf(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if err == nil || !errors.As(err, &carrier) {
		return nil, false
	}
	return carrier.GRPCStatus(), true
}

func infoOf(st *status.Status) *errdetails.ErrorInfo {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == domain {
			return info
		}
	}
	return nil
}
