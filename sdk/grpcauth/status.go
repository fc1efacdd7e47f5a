package grpcauth

import (
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/vidocu/usher/sdk/enforce"
)

// domain distinguishes Usher's reasons from those of other systems.
const domain = "usher"

// retryDelay is the delay before a retry after Unavailable.
const retryDelay = time.Second

// statusOf converts a denial to a gRPC status. scope is the missing one, if any.
func statusOf(d *enforce.Denial, scope string) error {
	info := &errdetails.ErrorInfo{Domain: domain, Reason: strings.ToUpper(d.Code)}
	switch d.Status {
	case http.StatusUnauthorized:
		return withDetails(codes.Unauthenticated, d.Message, info)
	case http.StatusForbidden:
		info.Metadata = map[string]string{"scope": scope}
		return withDetails(codes.PermissionDenied, d.Message, info)
	}
	return withDetails(codes.Unavailable, d.Message, info, &errdetails.RetryInfo{RetryDelay: durationpb.New(retryDelay)})
}

// methodDenied returns the status for a method without a scope.
func methodDenied() error {
	return withDetails(codes.PermissionDenied, "This method is not open to tokens", &errdetails.ErrorInfo{Domain: domain, Reason: "METHOD_NOT_ALLOWED"})
}

func withDetails(code codes.Code, message string, details ...protoadapt.MessageV1) error {
	s := status.New(code, message)
	if with, err := s.WithDetails(details...); err == nil { // fails only for a message that cannot be encoded
		s = with
	}
	return s.Err()
}
