// Package oerr is how a failure crosses gRPC: a status with a reason from the contract (usher.error.v1), the cause of a refusal
// where it is known, a text for the caller, and the field it is about. The underlying error stays on this side, for the log.
//
// It owns the mapping from reasons to gRPC codes and back, and from causes to reasons. It never names a failure in an HTTP
// dialect: the gateway does.
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

// failure is a status with the underlying error, which never travels.
type failure struct {
	status *status.Status
	inner  error
}

// Error is for logs: the text and the underlying error.
func (f *failure) Error() string {
	if f.inner == nil {
		return f.status.Message()
	}
	return f.status.Message() + ": " + f.inner.Error()
}

// GRPCStatus is what travels.
func (f *failure) GRPCStatus() *status.Status { return f.status }

// Unwrap returns the underlying error.
func (f *failure) Unwrap() error { return f.inner }

// The members of ErrorInfo.metadata.
const (
	metaField  = "field"
	metaCause  = "cause"
	metaClient = "client_id"
)

// options collect what New puts into the details.
type options struct {
	inner      error
	metadata   map[string]string
	retryAfter time.Duration
}

func (o *options) set(name, value string) {
	if value == "" {
		return
	}
	if o.metadata == nil {
		o.metadata = make(map[string]string)
	}
	o.metadata[name] = value
}

// Option adds a detail.
type Option func(*options)

// WithField names the request's field that is wrong, as the caller knows it.
func WithField(name string) Option { return func(o *options) { o.set(metaField, name) } }

// WithClient names the registered client that is refused, for the log. It is never an identifier that nothing was found under:
// what a caller sends in its place may be a secret.
func WithClient(id string) Option { return func(o *options) { o.set(metaClient, id) } }

// WithRetryAfter says when to come back.
func WithRetryAfter(d time.Duration) Option { return func(o *options) { o.retryAfter = d } }

// WithInner keeps the underlying error on this side, for the log.
func WithInner(err error) Option { return func(o *options) { o.inner = err } }

// New makes a failure whose cause its reason says, or that is no refusal. The message is for the caller: of what the caller sent
// it repeats scope names alone (oauth.Quote).
func New(reason errorv1.Reason, message string, opts ...Option) error {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	info := &errdetails.ErrorInfo{
		Reason: strings.TrimPrefix(reason.String(), reasonPrefix), Domain: domain, Metadata: o.metadata,
	}
	details := []protoadapt.MessageV1{protoadapt.MessageV1Of(info)}
	if o.retryAfter > 0 {
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: durationpb.New(o.retryAfter)}))
	}
	st := status.New(codeOf(reason), message)
	if with, err := st.WithDetails(details...); err == nil {
		st = with
	}
	return &failure{status: st, inner: o.inner}
}

// retryUnavailable is how long a caller waits before it asks a dependency that was down again. With the time that a question
// then waits for a database it covers a restart (sqldb, docs/resilience.md).
const retryUnavailable = 2 * time.Second

// Unavailable is a dependency that cannot be asked now.
func Unavailable(inner error) error {
	return New(errorv1.Reason_REASON_UNAVAILABLE, "a dependency is unavailable, try again shortly",
		WithInner(inner), WithRetryAfter(retryUnavailable))
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
	return infoOf(st).GetMetadata()[metaField]
}

// ClientID is the registered client that a failure is about; empty where it is not known.
func ClientID(err error) string {
	st, _ := statusOf(err)
	return infoOf(st).GetMetadata()[metaClient]
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
