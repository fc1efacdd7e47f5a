package rpc_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/rpc"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// store fails after a number of batches as a database that is down does.
type store struct{ left int }

func (s *store) Record(context.Context, requestlog.Batch, func(requestlog.Kinds) ([]requestlog.Row, error)) error {
	if s.left--; s.left < 0 {
		return sqldb.ErrUnavailable
	}
	return nil
}

// TestOnlyABatchOfWhichNothingWasStoredIsUnavailable: the gateway sends such a batch again, and any other one
// would be counted twice.
func TestOnlyABatchOfWhichNothingWasStoredIsUnavailable(t *testing.T) {
	for stored, unavailable := range map[int]bool{0: true, 1: false} {
		s := rpc.RequestLog{Log: requestlog.Log{Store: &store{stored}}, Clients: names{}, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
		req := &activityv1.RecordRequestsRequest{}
		for _, client := range []string{"one", "two"} {
			req.Requests = append(req.Requests, &activityv1.FinishedRequest{Kind: &activityv1.RequestKind{ClientId: client}, ClientExists: true})
		}
		_, err := s.RecordRequests(t.Context(), req)
		if err == nil || (status.Code(err) == codes.Unavailable) != unavailable {
			t.Errorf("after %d batches: %v", stored, err)
		}
	}
}

// names is a registry without clients.
type names struct{}

// Names is rpc.ClientNames.
func (names) Names(context.Context, []string) (map[string]string, error) { return nil, nil }

// TestNoRequestIsBothRefusedAndGranted: such a list would always be empty.
func TestNoRequestIsBothRefusedAndGranted(t *testing.T) {
	var s rpc.RequestLog
	_, err := s.ListRequests(t.Context(), &activityv1.ListRequestsRequest{ClientId: "one", RefusedOnly: true, GrantedOnly: true})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("the list is %v", err)
	}
}

// rows is a reader of a log and a trail that must not be read.
type rows struct{ t *testing.T }

func (r rows) Requests(context.Context, requestlog.Filter) ([]requestlog.Row, error) {
	r.t.Error("the request log was read")
	return nil, nil
}

func (r rows) Events(context.Context, trail.Filter) ([]trail.Event, error) {
	r.t.Error("the audit trail was read")
	return nil, nil
}

func TestADamagedPageTokenReadsNoPage(t *testing.T) {
	ctx := peer.NewContext(t.Context(), &peer.Peer{AuthInfo: policy.Caller{Name: "operator"}})
	log := &rpc.RequestLog{Reader: rows{t}, Now: time.Now}
	audit := &rpc.Audit{Reader: rows{t}}
	for _, row := range []struct{ requests, events string }{
		{`["1","app","!"]`, `["1","authz","!"]`},
		{`["1","app",""]`, `["1","","2"]`},
		{`["","app","AAAA"]`, `["","authz","2"]`},
		{`["x","app","AAAA"]`, `["x","authz","2"]`},
	} {
		_, requestErr := log.ListRequests(ctx, &activityv1.ListRequestsRequest{PageToken: base64.RawURLEncoding.EncodeToString([]byte(row.requests))})
		_, eventErr := audit.ListEvents(ctx, &activityv1.ListEventsRequest{PageToken: base64.RawURLEncoding.EncodeToString([]byte(row.events))})
		for token, err := range map[string]error{row.requests: requestErr, row.events: eventErr} {
			if oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST || oerr.Field(err) != "page_token" {
				t.Errorf("%s: %v, want INVALID_REQUEST of page_token", token, err)
			}
		}
	}
}
