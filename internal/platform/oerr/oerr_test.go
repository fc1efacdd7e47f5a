package oerr_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// overTheWire returns the error that a client receives for an error that a server returns.
func overTheWire(err error) error {
	return status.FromProto(status.Convert(oerr.Edge(err)).Proto()).Err()
}

func TestEveryReasonCrossesTheWire(t *testing.T) {
	for number := range errorv1.Reason_name {
		reason := errorv1.Reason(number)
		if reason == errorv1.Reason_REASON_UNSPECIFIED {
			continue
		}
		sent := oerr.New(reason, "text", oerr.WithField("scope"), oerr.WithRetryAfter(3*time.Second), oerr.WithInner(errors.New("inner")))
		got := overTheWire(fmt.Errorf("doing something: %w", sent))
		if oerr.Reason(got) != reason || oerr.Field(got) != "scope" || oerr.Message(got) != "text" || oerr.RetryAfter(got) != 3*time.Second {
			t.Errorf("%s arrives as %s, field %q, message %q", reason, oerr.Reason(got), oerr.Field(got), oerr.Message(got))
		}
		if status.Code(got) == codes.Internal || status.Code(got) == codes.OK {
			t.Errorf("%s has the code %s", reason, status.Code(got))
		}
		if strings.Contains(got.Error(), "inner") || strings.Contains(got.Error(), "doing something") {
			t.Errorf("%s carries its cause outside: %v", reason, got)
		}
	}
}

func TestWhatIsNotOursSaysNothing(t *testing.T) {
	got := overTheWire(errors.New("pq: password authentication failed for 10.0.0.1"))
	if status.Code(got) != codes.Internal || oerr.Message(got) != "" || strings.Contains(got.Error(), "10.0.0.1") {
		t.Errorf("an inner error is sent as %v", got)
	}
}

func TestADeadPeerIsUnavailable(t *testing.T) {
	for _, err := range []error{
		status.Error(codes.Unavailable, "connection refused to 10.0.0.1"), status.Error(codes.DeadlineExceeded, "x"), context.DeadlineExceeded,
	} {
		got := overTheWire(fmt.Errorf("calling: %w", err))
		if oerr.Reason(got) != errorv1.Reason_REASON_UNAVAILABLE || strings.Contains(got.Error(), "10.0.0.1") {
			t.Errorf("%v is sent as %v", err, got)
		}
	}
}
