package gateway_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway/internal/workspaces"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
)

// trailOf makes the activity service answer with what the request's filter lets through.
func trailOf(p browser, next string, events ...*eventv1.Event) {
	p.services["ListEvents"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListEventsRequest)
		res := &activityv1.ListEventsResponse{ClientNames: map[string]string{"c1": "Example"}, NextPageToken: next}
		for _, e := range events {
			if kinds := asked.GetKinds(); len(kinds) == 0 || slices.ContainsFunc(kinds, func(kind string) bool {
				return kind == e.GetKind() || strings.HasSuffix(kind, ".") && strings.HasPrefix(e.GetKind(), kind)
			}) {
				res.Events = append(res.Events, e)
			}
		}
		return res, nil
	}
}

// TestTheActivityAsksForWhatItShows: of events that are not shown, pages would be empty.
func TestTheActivityAsksForWhatItShows(t *testing.T) {
	p := withConsole(t)
	for kind := range maps.Keys(workspaces.Sentences()) {
		asked := 0
		trailOf(p, "", &eventv1.Event{Kind: kind, UserId: "user_1", ClientId: "c1", WorkspaceId: "ws_1", EventTime: timestamppb.Now()})
		answer := p.services["ListEvents"]
		p.services["ListEvents"] = func(req proto.Message) (proto.Message, error) {
			res, err := answer(req)
			found, _ := res.(*activityv1.ListEventsResponse)
			asked = len(found.GetEvents())
			return res, err
		}
		shown := strings.Count(p.get("/account/activity").Body.String(), `<li class="part`)
		object, _, _ := strings.Cut(kind, ".")
		concerns := slices.Contains([]string{"user", "member", "grant"}, object) && kind != "grant.token_revoked"
		if asked != shown || concerns != (shown == 1) {
			t.Errorf("%s: %d events are asked for, %d shown", kind, asked, shown)
		}
	}
}

// TestAnEmptyPageOfTheActivitySaysNothingOfTheOthers: "nothing yet" stands only where it is known.
func TestAnEmptyPageOfTheActivitySaysNothingOfTheOthers(t *testing.T) {
	const nothing = "Nothing has happened yet"
	p := withConsole(t)
	trailOf(p, "")
	wantPage(t, "an empty trail", p.get("/account/activity"), 200, nothing)
	later := p.get("/account/activity?from=x")
	wantPage(t, "the last page", later, 200, "This page is empty", "The newest")
	wantNotIn(t, "the last page", later.Body.String(), nothing)
	trailOf(p, "next")
	first := p.get("/account/activity")
	wantPage(t, "the first page", first, 200, "This page is empty", "Earlier")
	wantNotIn(t, "the first page", first.Body.String(), nothing)
}

// TestACodeThatWasUsedTwiceDisconnectsNothingElse, as a refresh token does: the revocation of a family
// leaves the others.
func TestACodeThatWasUsedTwiceDisconnectsNothingElse(t *testing.T) {
	p := withConsole(t)
	event := func(kind, object string) *eventv1.Event {
		return &eventv1.Event{Kind: kind, UserId: "user_1", ClientId: "c1", WorkspaceId: "ws_1", ObjectId: object, EventTime: timestamppb.Now()}
	}
	for _, path := range []string{"/account/activity", workspacePages + "/activity"} {
		trailOf(p, "", event("grant.code_replayed", "abc"))
		body := p.get(path).Body.String()
		wantIn(t, path, body, "Access that <bdi>Example</bdi> had just got was ended, because its code was used twice")
		wantNotIn(t, path, body, "disconnected because")
		trailOf(p, "", event("grant.refresh_reused", ""))
		wantIn(t, path, p.get(path).Body.String(), "<bdi>Example</bdi> was disconnected because its token was used twice")
		trailOf(p, "", event("grant.refresh_reused", "abc"))
		wantIn(t, path, p.get(path).Body.String(), "One installation of <bdi>Example</bdi> was disconnected because its token was used twice")
	}
}
