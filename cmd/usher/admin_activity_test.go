package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
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

// TestAListOfWhatHappenedGoesOnOverPages: a service ends a page of large entries early. A list that ends at the
// limit says how it continues, and one that ends by itself says nothing.
func TestAListOfWhatHappenedGoesOnOverPages(t *testing.T) {
	d := newConsole(t)
	const all = 7
	page := func(req interface {
		GetPageSize() int32
		GetPageToken() string
	},
	) (from, to int, next string) {
		from, _ = strconv.Atoi(req.GetPageToken())
		to = min(from+2, from+int(req.GetPageSize()), all) // two fit into a message
		if to < all {
			next = strconv.Itoa(to)
		}
		return from, to, next
	}
	d.responses["ListEvents"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListEventsRequest)
		from, to, next := page(asked)
		res := &activityv1.ListEventsResponse{NextPageToken: next}
		for n := from; n < to; n++ {
			res.Events = append(res.Events, &eventv1.Event{
				Kind: "user.signed_in", RequestId: fmt.Sprintf("request-%d", n), Details: map[string]string{"network": "2001:db8::/64"}, EventTime: at,
			})
		}
		return res, nil
	}
	d.responses["ListRequests"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListRequestsRequest)
		from, to, next := page(asked)
		res := &activityv1.ListRequestsResponse{NextPageToken: next}
		for n := from; n < to; n++ {
			res.Requests = append(res.Requests, &activityv1.LoggedRequest{RequestId: fmt.Sprintf("request-%d", n), LastTime: at})
		}
		return res, nil
	}
	for _, command := range []string{"audit", "requests"} {
		r := d.run("", command, "--limit", "5")
		if strings.Count(r.out, "request-") != 5 || r.errors != "There are more: --cursor 5 continues the list.\n" {
			t.Errorf("%s: %+v", command, r)
		}
		if command == "audit" && !strings.Contains(r.out, `network="2001:db8::/64"`) {
			t.Errorf("no details in %s", r.out)
		}
		r = d.run("", command, "--limit", "5", "--cursor", "5")
		if strings.Count(r.out, "request-") != 2 || r.errors != "" {
			t.Errorf("%s continued: %+v", command, r)
		}
		r = d.run("", command, "--output", "json")
		if strings.Count(r.out, "request-") != all || !strings.Contains(r.out, `"next_page_token": ""`) || r.errors != "" {
			t.Errorf("%s in JSON: %+v", command, r)
		}
	}
}

// TestAKindOfEventsMustExist: a list without events would say that nothing happened.
func TestAKindOfEventsMustExist(t *testing.T) {
	d := newConsole(t)
	d.respond("ListEvents", &activityv1.ListEventsResponse{}, nil)
	for _, kind := range []string{"client.updated", "client.", "registration_token."} {
		if r := d.run("", "audit", "--kind", kind); r.status != succeeded {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	for _, kind := range []string{"client.update", "clients.", "client", "clie.", "."} {
		if r := d.run("", "audit", "--kind", "user.", "--kind", kind); r.status != wrongUsage || !strings.Contains(r.errors, "docs/activity.md") {
			t.Errorf("%s: %+v", kind, r)
		}
	}
}
