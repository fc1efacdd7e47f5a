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

// domain marks our reasons among those of other systems.
const domain = "usher"

// retryDelay is how long a caller waits where it could not be known.
const retryDelay = time.Second

// statusOf puts a denial into gRPC's words. scope is the one that was missing, if any.
func statusOf(d *enforce.Denial, scope string) error {
	info := &errdetails.ErrorInfo{Domain: domain, Reason: strings.ToUpper(d.Code)}
	switch d.Status {
	case http.StatusUnauthorized:
		return detailed(codes.Unauthenticated, d.Message, info)
	case http.StatusForbidden:
		info.Metadata = map[string]string{"scope": scope}
		return detailed(codes.PermissionDenied, d.Message, info)
	}
	return detailed(codes.Unavailable, d.Message, info, &errdetails.RetryInfo{RetryDelay: durationpb.New(retryDelay)})
}

// methodDenied is the answer for a method that nobody has said the scope of.
func methodDenied() error {
	return detailed(codes.PermissionDenied, "This method is not open to tokens", &errdetails.ErrorInfo{Domain: domain, Reason: "METHOD_NOT_ALLOWED"})
}

func detailed(code codes.Code, message string, details ...protoadapt.MessageV1) error {
	s := status.New(code, message)
	if with, err := s.WithDetails(details...); err == nil { // it fails for a message that cannot be encoded: these can
		s = with
	}
	return s.Err()
}
