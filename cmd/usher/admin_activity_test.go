package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// TestTheAuditTrailIsAskedForUsersByAddressAndForDates: an address is resolved, and a date is its beginning in UTC.
func TestTheAuditTrailIsAskedForUsersByAddressAndForDates(t *testing.T) {
	d := newConsole(t)
	d.respond("FindUser", &identityv1.FindUserResponse{User: john}, nil)
	d.respond("ListEvents", &activityv1.ListEventsResponse{}, nil)
	day := timestamppb.New(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	for args, want := range map[string]*activityv1.ListEventsRequest{
		"audit --user john.doe@gmail.com":                       {UserId: "usr_john", PageSize: 100},
		"audit --actor john.doe@gmail.com":                      {ActorId: "usr_john", PageSize: 100},
		"audit --user usr_a --actor vdo_client_a":               {UserId: "usr_a", ActorId: "vdo_client_a", PageSize: 100},
		"audit --since 2026-12-01 --until 2026-12-01T00:00:00Z": {StartTime: day, EndTime: day, PageSize: 100},
	} {
		if r := d.run("", strings.Fields(args)...); r.status != succeeded {
			t.Errorf("%s: %+v", args, r)
		}
		if diff := cmp.Diff(proto.Message(want), d.last, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
	if r := d.run("", "audit", "--since", "1.12.2026"); r.status != wrongUsage || !strings.Contains(r.errors, "write 2027-01-31") {
		t.Errorf("another format: %+v", r)
	}
}

// TestTheRequestLogIsAskedInEitherSpelling of a cause and of an endpoint.
func TestTheRequestLogIsAskedInEitherSpelling(t *testing.T) {
	d := newConsole(t)
	d.respond("ListRequests", &activityv1.ListRequestsResponse{}, nil)
	for args, want := range map[string]*activityv1.ListRequestsRequest{
		"requests --cause secret_wrong":       {Cause: "secret_wrong", PageSize: 100},
		"requests --cause CAUSE_SECRET_WRONG": {Cause: "secret_wrong", PageSize: 100},
		"requests --endpoint token":           {Endpoint: "/oauth/token", PageSize: 100},
		"requests --endpoint /oauth/token":    {Endpoint: "/oauth/token", PageSize: 100},
		"requests --endpoint /v1/videos":      {Endpoint: "/v1/videos", PageSize: 100},
	} {
		if r := d.run("", strings.Fields(args)...); r.status != succeeded {
			t.Errorf("%s: %+v", args, r)
		}
		if diff := cmp.Diff(proto.Message(want), d.last, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}

// TestARefusedRequestNamesItsParameter, without which parameter_missing says little.
func TestARefusedRequestNamesItsParameter(t *testing.T) {
	d := newConsole(t)
	d.respond("ListRequests", &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{{
		Kind: &activityv1.RequestKind{
			Endpoint: "/oauth/token", Status: 400, Cause: errorv1.Cause_CAUSE_PARAMETER_MISSING, Field: "code_verifier",
		},
		Count: 1, LastTime: at,
	}}}, nil)
	r := d.run("", "requests")
	if r.status != succeeded || !strings.Contains(r.out, "PARAMETER") || !strings.Contains(r.out, "parameter_missing  code_verifier") {
		t.Errorf("%+v", r)
	}
}
