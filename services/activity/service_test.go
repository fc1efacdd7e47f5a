package activity_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// The sessions of the fake identity.
const (
	administrator = "ada/administrator/ws_acme"
	developer     = "dev/developer/ws_acme"
	member        = "mem/member/ws_acme"
	otherAdmin    = "eve/administrator/ws_other"
)

// finished is a refused request that names a client.
func finished(clientID, requestID string, exists bool) *activityv1.FinishedRequest {
	return &activityv1.FinishedRequest{
		Kind: &activityv1.RequestKind{
			Endpoint: "/oauth/authorize", Method: "GET", ClientId: clientID, Status: 400, Error: "invalid_request",
			Cause: errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED, Field: "redirect_uri",
			Got: &activityv1.RequestFacts{RedirectUri: "https://a.example/" + requestID}, Expected: &activityv1.RequestFacts{RedirectUri: "https://b.example"},
		},
		Count: 1, FirstTime: timestamppb.Now(), LastTime: timestamppb.Now(), RequestId: requestID, ClientExists: exists,
	}
}

func (b *bench) record(t *testing.T, requests ...*activityv1.FinishedRequest) {
	t.Helper()
	if _, err := b.gateway.RecordRequests(t.Context(), &activityv1.RecordRequestsRequest{Requests: requests}); err != nil {
		t.Fatal(err)
	}
}

// The matrix of roles and objects: an object that a user may not read looks like one that does not exist.
func TestOnlyTheTeamOfAClientReadsItsRequests(t *testing.T) {
	b := newBench(t)
	b.record(t, finished("mine", "one", true), finished("operators", "two", true))
	for _, session := range []string{administrator, developer} {
		res, err := b.gateway.ListRequests(t.Context(), &activityv1.ListRequestsRequest{SessionToken: session, ClientId: "mine"})
		if err != nil || len(res.GetRequests()) != 1 || res.GetRequests()[0].GetKind().GetGot().GetRedirectUri() != "https://a.example/one" {
			t.Errorf("%s: %v, %v", session, res, err)
		}
	}
	var texts []string
	for _, row := range []struct{ session, id string }{
		{member, "mine"}, {otherAdmin, "mine"}, {administrator, "operators"}, {administrator, "none"}, {otherAdmin, "none"},
	} {
		_, err := b.gateway.ListRequests(t.Context(), &activityv1.ListRequestsRequest{SessionToken: row.session, ClientId: row.id})
		wantReason(t, row.session+" of "+row.id, err, errorv1.Reason_REASON_NOT_FOUND)
		texts = append(texts, fmt.Sprint(err))
	}
	if len(slices.Compact(texts)) != 1 {
		t.Errorf("the refusals tell clients apart: %q", texts)
	}
	for _, session := range []string{"", "ended"} {
		_, err := b.gateway.ListRequests(t.Context(), &activityv1.ListRequestsRequest{SessionToken: session, ClientId: "mine"})
		wantReason(t, "signed out", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	}
	_, err := b.gateway.ListRequests(t.Context(), &activityv1.ListRequestsRequest{SessionToken: administrator})
	if oerr.Field(err) != "client_id" {
		t.Errorf("a session without a client: %v", err)
	}
	res, err := b.operator.ListRequests(t.Context(), &activityv1.ListRequestsRequest{})
	if err != nil || len(res.GetRequests()) != 2 {
		t.Errorf("an operator: %v, %v", res, err)
	}
}

// TestAClientThatDoesNotExistHasNoNameInTheLog: a request may name as many as it wants. Where nothing can
// be looked up, no unconfirmed name is kept either.
func TestAClientThatDoesNotExistHasNoNameInTheLog(t *testing.T) {
	b := newBench(t)
	b.record(t, finished("mine", "looked up", false), finished("none", "unknown", false), finished("gone", "confirmed", true))
	b.authz.breakDown(status.Error(codes.Unavailable, "gone"))
	b.record(t, finished("mine", "away", false))
	names := map[string]string{}
	res, err := b.operator.ListRequests(t.Context(), &activityv1.ListRequestsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.GetRequests() {
		names[r.GetRequestId()] = r.GetKind().GetClientId()
	}
	for request, want := range map[string]string{"looked up": "mine", "unknown": "", "confirmed": "gone", "away": ""} {
		if got, found := names[request]; !found || got != want {
			t.Errorf("the request %q names %q, want %q", request, got, want)
		}
	}
}

// TestAClientHasAThousandRowsADay, of any number of kinds.
func TestAClientHasAThousandRowsADay(t *testing.T) {
	b := newBench(t)
	const kinds = 1500
	var batch []*activityv1.FinishedRequest
	for i := range kinds {
		batch = append(batch, finished("mine", fmt.Sprint(i), true))
	}
	b.record(t, batch...)
	b.record(t, finished("operators", "other", true))
	res, err := b.gateway.ListRequests(t.Context(), &activityv1.ListRequestsRequest{SessionToken: developer, ClientId: "mine", PageSize: 1000})
	if err != nil || len(res.GetRequests()) > 1000 {
		t.Fatalf("%d rows, %v", len(res.GetRequests()), err)
	}
	var total int64
	for _, r := range res.GetRequests() {
		total += r.GetCount()
		if r.GetOverflow() && r.GetKind().GetCause() != errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED {
			t.Errorf("the row of the overflow has no cause: %v", r)
		}
	}
	if total != kinds {
		t.Errorf("%d requests are counted", total)
	}
	_, err = b.gateway.RecordRequests(t.Context(), &activityv1.RecordRequestsRequest{Requests: make([]*activityv1.FinishedRequest, 2001)})
	if oerr.Field(err) != "requests" {
		t.Errorf("a batch that is too large: %v", err)
	}
}

func change(kind, user, workspace, client string) *eventv1.Event {
	return &eventv1.Event{
		Kind: kind, Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_USER, Id: "usr_actor"}, UserId: user, WorkspaceId: workspace,
		ClientId: client, Changes: []*eventv1.Change{{Field: "status", Before: "a", After: "b"}}, EventTime: timestamppb.New(time.Now()), RequestId: "request",
	}
}

// TestEveryFeedIsFollowedAndResumed: no event is lost and none is stored twice when streams end.
func TestEveryFeedIsFollowedAndResumed(t *testing.T) {
	b := newBench(t)
	const rounds = 3
	for range rounds {
		for _, f := range b.feeds {
			f.add(change("user.disabled", "usr_john", "", ""), change("user.enabled", "usr_john", "", ""))
		}
	}
	want := 2 * rounds * len(b.feeds)
	if got := b.events(t, want, &activityv1.ListEventsRequest{PageSize: 1000}); len(got) != want {
		t.Errorf("%d events are stored, of %d", len(got), want)
	}
	for source, f := range b.feeds {
		f.mu.Lock()
		if !slices.IsSorted(f.asked) || f.asked[0] != 0 {
			t.Errorf("%s was asked for the events after %v", source, f.asked)
		}
		f.reset = true
		f.mu.Unlock()
		f.add(change("user.unlocked", "usr_john", "", "")) // after a restored log it goes on
	}
	if got := b.events(t, want+len(b.feeds), &activityv1.ListEventsRequest{PageSize: 1000}); len(got) != want+len(b.feeds) {
		t.Errorf("%d events are stored after a reset", len(got))
	}
}

func TestASessionReadsItsOwnEventsAndThoseThatItMay(t *testing.T) {
	b := newBench(t)
	b.feeds["authz"].add(
		change("client.updated", "", "ws_acme", "mine"), change("client.updated", "", "", "operators"), change("grant.approved", "usr_mem", "ws_acme", "operators"),
		change("grant.approved", "usr_eve", "ws_other", "operators"),
	)
	b.events(t, 4, &activityv1.ListEventsRequest{})
	for name, row := range map[string]struct {
		req  *activityv1.ListEventsRequest
		want int
	}{
		"own":                                    {&activityv1.ListEventsRequest{SessionToken: member}, 1},
		"own, named":                             {&activityv1.ListEventsRequest{SessionToken: member, UserId: "usr_mem"}, 1},
		"own of a client":                        {&activityv1.ListEventsRequest{SessionToken: member, UserId: "usr_mem", ClientId: "operators"}, 1},
		"a workspace":                            {&activityv1.ListEventsRequest{SessionToken: administrator, WorkspaceId: "ws_acme"}, 2},
		"a client":                               {&activityv1.ListEventsRequest{SessionToken: developer, ClientId: "mine"}, 1},
		"another's":                              {&activityv1.ListEventsRequest{SessionToken: administrator, UserId: "usr_mem"}, -1},
		"a workspace of a developer":             {&activityv1.ListEventsRequest{SessionToken: developer, WorkspaceId: "ws_acme"}, -1},
		"a workspace of a member":                {&activityv1.ListEventsRequest{SessionToken: member, WorkspaceId: "ws_acme"}, -1},
		"another workspace":                      {&activityv1.ListEventsRequest{SessionToken: administrator, WorkspaceId: "ws_other"}, -1},
		"no workspace":                           {&activityv1.ListEventsRequest{SessionToken: administrator, WorkspaceId: "ws_none"}, -1},
		"a client of a member":                   {&activityv1.ListEventsRequest{SessionToken: member, ClientId: "mine"}, -1},
		"an operator's client":                   {&activityv1.ListEventsRequest{SessionToken: administrator, ClientId: "operators"}, -1},
		"no client":                              {&activityv1.ListEventsRequest{SessionToken: administrator, ClientId: "none"}, -1},
		"another's in a workspace of one's own":  {&activityv1.ListEventsRequest{SessionToken: administrator, WorkspaceId: "ws_acme", UserId: "usr_eve"}, 0},
		"another client in one's own workspace ": {&activityv1.ListEventsRequest{SessionToken: administrator, WorkspaceId: "ws_acme", ClientId: "operators"}, 1},
	} {
		res, err := b.people.ListEvents(t.Context(), row.req)
		if row.want < 0 {
			wantReason(t, name, err, errorv1.Reason_REASON_NOT_FOUND)
			continue
		}
		if err != nil || len(res.GetEvents()) != row.want {
			t.Errorf("%s: %d events, %v; want %d", name, len(res.GetEvents()), err, row.want)
		}
	}
	res, err := b.people.ListEvents(t.Context(), &activityv1.ListEventsRequest{SessionToken: administrator, WorkspaceId: "ws_acme"})
	if err != nil || res.GetClientNames()["mine"] != "My app" || res.GetWorkspaceNames()["ws_acme"] != "The ws_acme" {
		t.Errorf("the names are %v and %v, %v", res.GetClientNames(), res.GetWorkspaceNames(), err)
	}
	_, err = b.people.ListEvents(t.Context(), &activityv1.ListEventsRequest{})
	wantReason(t, "signed out", err, errorv1.Reason_REASON_SESSION_REQUIRED)
}

// TestTheFailedSignInsOfAnHourAreOneEventOfOnesOwn: each would fill the person's pages while a stranger
// tries passwords. An operator reads each.
func TestTheFailedSignInsOfAnHourAreOneEventOfOnesOwn(t *testing.T) {
	b := newBench(t)
	at := time.Now().Truncate(time.Hour).Add(-time.Hour)
	after := func(kind string, passed time.Duration) *eventv1.Event {
		e := change(kind, "usr_mem", "", "")
		e.EventTime, e.Details = timestamppb.New(at.Add(passed)), map[string]string{"count": "2"}
		return e
	}
	list := []*eventv1.Event{after("user.signed_in", time.Second)}
	const tries = 30
	for n := range tries {
		list = append(list, after("user.sign_in_failed", time.Duration(n+1)*time.Minute))
	}
	list = append(list, after("user.signed_in", 40*time.Minute))
	b.feeds["identity"].add(list...)
	b.events(t, len(list), &activityv1.ListEventsRequest{UserId: "usr_mem"}) // an operator's
	var got []string
	req := &activityv1.ListEventsRequest{SessionToken: member, PageSize: 2}
	for more := true; more; more = req.GetPageToken() != "" {
		res, err := b.people.ListEvents(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range res.GetEvents() {
			got = append(got, e.GetKind()+" "+e.GetEventTime().AsTime().Sub(at).String()+" "+e.GetDetails()["count"])
		}
		req.PageToken = res.GetNextPageToken()
	}
	want := []string{"user.signed_in 40m0s 2", "user.sign_in_failed 1m0s " + strconv.Itoa(2*tries), "user.signed_in 1s 2"}
	if !slices.Equal(got, want) {
		t.Errorf("the pages have %q, want %q", got, want)
	}
}

// TestOnesOwnEventsHaveNoTokensThatAClientGaveBack: a client that gives back many would fill the pages. One that an
// operator revoked is there.
func TestOnesOwnEventsHaveNoTokensThatAClientGaveBack(t *testing.T) {
	b := newBench(t)
	revoked := func(by eventv1.ActorKind) *eventv1.Event {
		e := change("grant.token_revoked", "usr_mem", "mine", "")
		e.Actor = &eventv1.Actor{Kind: by}
		return e
	}
	b.feeds["token"].add(revoked(eventv1.ActorKind_ACTOR_KIND_CLIENT), revoked(eventv1.ActorKind_ACTOR_KIND_OPERATOR))
	b.events(t, 2, &activityv1.ListEventsRequest{UserId: "usr_mem"}) // an operator's
	res, err := b.people.ListEvents(t.Context(), &activityv1.ListEventsRequest{SessionToken: member})
	if err != nil || len(res.GetEvents()) != 1 || res.GetEvents()[0].GetActor().GetKind() != eventv1.ActorKind_ACTOR_KIND_OPERATOR {
		t.Errorf("%v, %v", res.GetEvents(), err)
	}
}

func TestADatabaseThatIsGoneIsUnavailable(t *testing.T) {
	b := newBench(t)
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := b.operator.ListRequests(t.Context(), &activityv1.ListRequestsRequest{})
	wantReason(t, "listing requests", err, errorv1.Reason_REASON_UNAVAILABLE)
	_, err = b.audit.ListEvents(t.Context(), &activityv1.ListEventsRequest{})
	wantReason(t, "listing events", err, errorv1.Reason_REASON_UNAVAILABLE)
	_, err = b.gateway.RecordRequests(t.Context(), &activityv1.RecordRequestsRequest{Requests: []*activityv1.FinishedRequest{finished("mine", "one", true)}})
	wantReason(t, "recording requests", err, errorv1.Reason_REASON_UNAVAILABLE)
}
