package gateway_test

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway/internal/workspaces"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// trailOf makes the activity service return what the request's filter lets through.
func trailOf(p browser, next string, events ...*eventv1.Event) {
	p.services["ListEvents"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListEventsRequest)
		res := &activityv1.ListEventsResponse{
			ClientNames: map[string]string{"c1": "Example"}, WorkspaceNames: map[string]string{"ws_1": "Acme"}, NextPageToken: next,
		}
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
		operator := &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_OPERATOR}
		trailOf(p, "", &eventv1.Event{Kind: kind, Actor: operator, UserId: "user_1", ClientId: "c1", WorkspaceId: "ws_1", EventTime: timestamppb.Now()})
		all := p.services["ListEvents"]
		p.services["ListEvents"] = func(req proto.Message) (proto.Message, error) {
			res, err := all(req)
			found, _ := res.(*activityv1.ListEventsResponse)
			asked = len(found.GetEvents())
			return res, err
		}
		shown := strings.Count(p.get("/account/activity").Body.String(), `<li class="part`)
		object, _, _ := strings.Cut(kind, ".")
		concerns := slices.Contains([]string{"user", "member", "grant"}, object) || kind == "user_token.issued"
		if asked != shown || concerns != (shown == 1) {
			t.Errorf("%s: %d events are asked for, %d shown", kind, asked, shown)
		}
	}
}

// TestTheActivityHasTheSignInsOfPrograms: with the password, and through an authentication app.
func TestTheActivityHasTheSignInsOfPrograms(t *testing.T) {
	p := withConsole(t)
	event := func(app string) *eventv1.Event {
		return &eventv1.Event{
			Kind: "user_token.issued", UserId: "user_1", ClientId: app, EventTime: timestamppb.Now(),
			Details: map[string]string{"network": "203.0.113.*", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		}
	}
	trailOf(p, "", event(""))
	wantPage(t, "a password", p.get("/account/activity"), 200, "A program signed in with your password", "203.0.113.*", "<bdi>Firefox</bdi> on <bdi>Linux</bdi>")
	trailOf(p, "", event("aap_1"))
	wantPage(t, "an app", p.get("/account/activity"), 200, "The authentication app <bdi>aap_1</bdi> signed you in", "203.0.113.*")
}

// TestFailedSignInsOfAnHourAreOneEntry: the activity service returns them as one event with their sum.
func TestFailedSignInsOfAnHourAreOneEntry(t *testing.T) {
	p := withConsole(t)
	trailOf(p, "", &eventv1.Event{Kind: "user.sign_in_failed", Details: map[string]string{"count": "37"}, EventTime: timestamppb.Now()})
	wantPage(t, "a page", p.get("/account/activity"), 200, "37 failed sign-ins within an hour")
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

// TestTheActivitySaysWhereItHasOnlyTheLatest: the audit trail has everything.
func TestTheActivitySaysWhereItHasOnlyTheLatest(t *testing.T) {
	const latest = "Of each app only the latest approval and the latest end are listed right now."
	p := withConsole(t)
	p.respond("ListAccountEvents", &identityv1.ListAccountEventsResponse{}, nil)
	p.respond("ListAppEvents", &consentv1.ListAppEventsResponse{}, nil)
	trailOf(p, "", &eventv1.Event{Kind: "user.signed_in", EventTime: timestamppb.Now()})
	wantNotIn(t, "the trail", p.get("/account/activity").Body.String(), latest)
	p.respond("ListEvents", nil, oerr.Unavailable(nil))
	wantPage(t, "without the trail", p.get("/account/activity"), 200, latest)
}

// TestTheDeviceOfThePageIsTheFirst: the last use is recorded every few minutes, so that the list may have
// another before it.
func TestTheDeviceOfThePageIsTheFirst(t *testing.T) {
	p := withConsole(t)
	used := timestamppb.New(time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC))
	p.respond("ListSessions", &identityv1.ListSessionsResponse{Session: &identityv1.Session{}, Sessions: []*identityv1.UserSession{
		{SessionId: "a", Network: "203.0.113.1", LastUseTime: used, CreateTime: used},
		{SessionId: "b", Network: "203.0.113.2", LastUseTime: used, CreateTime: used},
		{SessionId: "c", Network: "203.0.113.3", LastUseTime: used, CreateTime: used, Current: true},
		{SessionId: "d", Network: "203.0.113.4", LastUseTime: used, CreateTime: used},
	}}, nil)
	body := p.get("/account/devices").Body.String()
	var order []string
	for _, found := range regexp.MustCompile(`203\.0\.113\.\d`).FindAllString(body, -1) {
		order = append(order, found[len(found)-1:])
	}
	if got := strings.Join(order, ""); got != "3124" {
		t.Errorf("the devices are in the order %s: %s", got, body)
	}
	wantNotIn(t, "the page, since access also ends by itself", body, "until you end")
}

// TestAKeyThatIsRefusedKeepsItsRestrictionInSight, whatever it was refused for.
func TestAKeyThatIsRefusedKeepsItsRestrictionInSight(t *testing.T) {
	p := withConsole(t)
	const path = workspacePages + "/keys"
	p.respond("CreateWorkspaceKey", nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "x", oerr.WithField("name")))
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"create"}, "name": {"x"}}
	for _, scopes := range [][]string{nil, {"videos:read"}} {
		form["scope"] = scopes
		wantRedirect(t, "a bad name", p.post(path, form), path)
		body := p.get(path).Body.String()
		wantIn(t, "a bad name", body, "A name has 1 to 100 characters")
		if open := strings.Contains(body, `id="limits" open`); open != (scopes != nil) {
			t.Errorf("with the scopes %v the restriction is open: %v", scopes, open)
		}
	}
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

// TestTheEndOfAnAppInSeveralWorkspacesIsOneEntry: each workspace has an event of its own, for its administrators.
func TestTheEndOfAnAppInSeveralWorkspacesIsOneEntry(t *testing.T) {
	p := withConsole(t)
	event := func(request, workspace, object string) *eventv1.Event {
		return &eventv1.Event{
			Kind: "grant.disconnected", UserId: "user_1", ClientId: "c1", WorkspaceId: workspace, ObjectId: object, RequestId: request, EventTime: timestamppb.Now(),
		}
	}
	for _, row := range []struct {
		events []*eventv1.Event
		want   []string
	}{
		{[]*eventv1.Event{event("a", "ws_1", "")}, []string{"You disconnected Example from Acme"}},
		{[]*eventv1.Event{event("a", "ws_1", ""), event("a", "ws_2", ""), event("a", "ws_3", "")}, []string{"You disconnected Example"}},
		{[]*eventv1.Event{event("b", "ws_1", ""), event("a", "ws_1", "")}, []string{"You disconnected Example from Acme", "You disconnected Example from Acme"}},
		{[]*eventv1.Event{event("a", "ws_1", "abc")}, []string{"You ended one installation of Example"}},
	} {
		trailOf(p, "", row.events...)
		body := strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(p.get("/account/activity").Body.String())
		if got := regexp.MustCompile(`You (disconnected|ended)[^<]*`).FindAllString(body, -1); !slices.Equal(got, row.want) {
			t.Errorf("%d events: the page has %q, want %q", len(row.events), got, row.want)
		}
	}
}

// TestAnEndInSeveralWorkspacesIsOneEntryOnOnePage: the page that it would continue on does not show it again.
func TestAnEndInSeveralWorkspacesIsOneEntryOnOnePage(t *testing.T) {
	p := withConsole(t)
	ended := func(workspace, request string) *eventv1.Event {
		return &eventv1.Event{
			Kind: "grant.disconnected", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_USER, Id: "user_1"}, UserId: "user_1", ClientId: "c1",
			WorkspaceId: workspace, RequestId: request, EventTime: timestamppb.Now(),
		}
	}
	events := []*eventv1.Event{ended("ws_1", "one"), ended("ws_2", "one"), ended("ws_3", "one"), ended("ws_1", "two"), ended("ws_2", "two")}
	p.services["ListEvents"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListEventsRequest)
		from, _ := strconv.Atoi(asked.GetPageToken())                 // none is the first event
		to := min(from+min(int(asked.GetPageSize()), 2), len(events)) // a page of two, for a full one
		res := &activityv1.ListEventsResponse{Events: slices.Clone(events[from:to]), ClientNames: map[string]string{"c1": "Example"}}
		if to < len(events) {
			res.NextPageToken = strconv.Itoa(to)
		}
		return res, nil
	}
	first := p.get("/account/activity").Body.String()
	if n := strings.Count(first, `<li class="part`); n != 1 || !strings.Contains(first, "from=3") {
		t.Errorf("the first page has %d entries, and not the act alone: %s", n, first)
	}
	second := p.get("/account/activity?from=3").Body.String()
	if n := strings.Count(second, `<li class="part`); n != 1 || strings.Contains(second, "from=") {
		t.Errorf("the second page has %d entries: %s", n, second)
	}
}
