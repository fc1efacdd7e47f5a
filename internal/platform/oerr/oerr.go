// Package oerr defines how an error crosses gRPC: a status with a reason from the contract
// (usher.error.v1), the cause of a refusal where it is known, a message for the caller, and the
// invalid field. The underlying error is not sent; it is for the log.
//
// It owns the mapping from reasons to gRPC codes and back, and from causes to reasons. It never
// translates an error into an HTTP dialect: the gateway does.
package oerr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// domain is the ErrorInfo domain of our reasons.
const domain = "usher"

const reasonPrefix = "REASON_"

// failure is a status with the underlying error, which is never sent.
type failure struct {
	status *status.Status
	inner  error
}

// Error is for logs: the message and the underlying error.
func (f *failure) Error() string {
	if f.inner == nil {
		return f.status.Message()
	}
	return f.status.Message() + ": " + f.inner.Error()
}

// GRPCStatus returns the status that is sent.
func (f *failure) GRPCStatus() *status.Status { return f.status }

// Unwrap returns the underlying error.
func (f *failure) Unwrap() error { return f.inner }

// The members of ErrorInfo.metadata.
const (
	metaField  = "field"
	metaCause  = "cause"
	metaClient = "client_id"
	// metaExpected begins the name of a member with the value that was expected of a parameter.
	metaExpected = "expected_"
	metaNonce    = "dpop_nonce"
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

// WithField names the request's invalid field, as the caller knows it.
func WithField(name string) Option { return func(o *options) { o.set(metaField, name) } }

// WithClient names the registered client that is refused, for the log. It must never be an unknown
// identifier: a caller may send a secret in its place.
func WithClient(id string) Option { return func(o *options) { o.set(metaClient, id) } }

// WithNonce adds the nonce that the client's next DPoP proof must have.
func WithNonce(nonce string) Option { return func(o *options) { o.set(metaNonce, nonce) } }

// WithExpected says which value was expected of a parameter, for the log of the client's author: no
// public response contains it. It must never be a secret.
func WithExpected(parameter, value string) Option {
	return func(o *options) {
		if parameter != "" {
			o.set(metaExpected+parameter, value)
		}
	}
}

// Expected returns the parameter and the value of WithExpected; empty without one.
func Expected(err error) (parameter, value string) {
	st, _ := statusOf(err)
	for name, value := range infoOf(st).GetMetadata() {
		if parameter, found := strings.CutPrefix(name, metaExpected); found {
			return parameter, value
		}
	}
	return "", ""
}

// WithRetryAfter adds the time to wait before a retry.
func WithRetryAfter(d time.Duration) Option { return func(o *options) { o.retryAfter = d } }

// WithInner keeps the underlying error for the log.
func WithInner(err error) Option { return func(o *options) { o.inner = err } }

// New creates an error whose cause follows from its reason, or that is not a refusal. The message
// is for the caller: the only input that it may repeat is scope names (oauth.Quote).
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

// retryUnavailable is how long a caller should wait before it retries after a dependency was down.
// Together with the time that a request then waits for a database it covers a restart (sqldb,
// docs/resilience.md).
const retryUnavailable = 2 * time.Second

// Unavailable is the error of a dependency that is down.
func Unavailable(inner error) error {
	return New(errorv1.Reason_REASON_UNAVAILABLE, "a dependency is unavailable, try again shortly",
		WithInner(inner), WithRetryAfter(retryUnavailable))
}

// RateLimited is the error of a caller that must wait. The time is rounded up to whole seconds, the
// unit of Retry-After.
func RateLimited(err error, after time.Duration) error {
	whole := (after + time.Second - 1).Truncate(time.Second)
	return New(errorv1.Reason_REASON_RATE_LIMITED, err.Error(), WithRetryAfter(whole))
}

// Reason returns the reason of an error on either side of the wire. A peer that is gone or too slow
// is UNAVAILABLE; errors that are not ours, and nil, are UNSPECIFIED.
func Reason(err error) errorv1.Reason {
	st, ok := statusOf(err)
	if !ok {
		return errorv1.Reason_REASON_UNSPECIFIED
	}
	if info := infoOf(st); info != nil {
		return errorv1.Reason(errorv1.Reason_value[reasonPrefix+info.GetReason()])
	}
	switch st.Code() { //nolint:exhaustive // the other codes do not concern availability
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		return errorv1.Reason_REASON_UNAVAILABLE
	}
	return errorv1.Reason_REASON_UNSPECIFIED
}

// Nonce returns the nonce that the client's next DPoP proof must have; empty for none.
func Nonce(err error) string {
	st, _ := statusOf(err)
	return infoOf(st).GetMetadata()[metaNonce]
}

// Field returns the request's field that an error is about; empty if none.
func Field(err error) string {
	st, _ := statusOf(err)
	return infoOf(st).GetMetadata()[metaField]
}

// ClientID returns the registered client that an error is about; empty if unknown.
func ClientID(err error) string {
	st, _ := statusOf(err)
	return infoOf(st).GetMetadata()[metaClient]
}

// Message returns the message for the caller; empty for errors that are not ours.
func Message(err error) string {
	st, ok := statusOf(err)
	if !ok || infoOf(st) == nil {
		return ""
	}
	return st.Message()
}

// RetryAfter returns the time to wait before a retry; 0 if the error has none.
func RetryAfter(err error) time.Duration {
	st, _ := statusOf(err)
	for _, d := range st.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// Edge returns the error that leaves a server: our own errors unchanged, the caller's cancellation
// or deadline as such, a lost peer as UNAVAILABLE, and everything else as an internal error without
// details.
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

// canceled reports whether a downstream service returned the caller's cancellation.
func canceled(err error) bool {
	st, ok := statusOf(err)
	return ok && st.Code() == codes.Canceled
}

// statusError drops everything but the status.
func statusError(err error) error {
	st, _ := statusOf(err)
	return st.Err()
}

// statusOf finds the status inside a wrapped error, with its own message and not the wrapping's.
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

// Wrap says what an error was met in doing; nil stays nil. The status is that of the error.
func Wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// UnlessImplemented returns the error of an RPC, as one that passes where the process is of an earlier
// release: a rolling upgrade replaces it.
func UnlessImplemented(err error) error {
	if status.Code(err) == codes.Unimplemented {
		return Unavailable(err)
	}
	return err
}
