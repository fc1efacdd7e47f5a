package admin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/internal/platform/convert"
)

// page are the flags of a list that is read a page at a time.
type page struct {
	Limit  int32  `help:"List at most this many, 1 to 1000." default:"100"`
	Cursor string `help:"Continue a list: the next_page_token of the page before, which --output json shows." placeholder:"TOKEN"`
}

func (p page) validate() error {
	if p.Limit < 1 || p.Limit > maxPage {
		return errors.New("--limit must be from 1 to 1000; --cursor continues where a list ended")
	}
	return nil
}

// Audit is `usher audit`.
type Audit struct {
	page

	User      string    `help:"Only events that concern this user." placeholder:"USER"`
	Workspace string    `help:"Only events that concern this workspace." placeholder:"WORKSPACE"`
	Client    string    `help:"Only events that concern this client." placeholder:"CLIENT"`
	Actor     string    `help:"Only events that this user, client or service caused." placeholder:"ID"`
	Request   string    `help:"Only events of this request: the response header Usher-Request-Id." placeholder:"ID"`
	Kind      []string  `help:"Only events of this kind, such as client.updated; client. stands for all that begin with it. Repeatable." placeholder:"KIND"`
	Since     time.Time `help:"Only events from this time on, such as 2027-01-31T00:00:00Z." placeholder:"TIME"`
	Until     time.Time `help:"Only events before this time." placeholder:"TIME"`
}

// Validate is called by kong.
func (c Audit) Validate() error { return c.validate() }

// Run lists events, the latest first.
func (c Audit) Run(ctx context.Context, s *Session) error {
	req := &activityv1.ListEventsRequest{
		UserId: c.User, WorkspaceId: c.Workspace, ClientId: c.Client, ActorId: c.Actor, RequestId: c.Request, Kinds: c.Kind,
		PageSize: c.Limit, PageToken: c.Cursor, StartTime: convert.TimeToProto(c.Since), EndTime: convert.TimeToProto(c.Until),
	}
	return call(ctx, activityv1.NewAuditServiceClient(remote{s, "activity"}).ListEvents, req, rows(s, eventRows))
}

func eventRows(res *activityv1.ListEventsResponse) table.Rows {
	t := table.Rows{{"TIME", "EVENT", "BY", "OF", "CHANGES"}}
	for _, e := range res.GetEvents() {
		t.Add(e.GetEventTime().AsTime().Format(time.RFC3339), e.GetKind(), actorText(e.GetActor()), objectsOf(e), changesText(e.GetChanges()))
	}
	return t
}

func actorText(a *eventv1.Actor) string {
	if a.GetId() != "" {
		return a.GetId()
	}
	return strings.ToLower(strings.TrimPrefix(a.GetKind().String(), "ACTOR_KIND_"))
}

func objectsOf(e *eventv1.Event) string {
	var parts []string
	for _, id := range []string{e.GetUserId(), e.GetClientId(), e.GetWorkspaceId(), e.GetObjectId()} {
		if id != "" {
			parts = append(parts, id)
		}
	}
	return strings.Join(parts, " ")
}

func changesText(changes []*eventv1.Change) string {
	var parts []string
	for _, c := range changes {
		parts = append(parts, c.GetField()+": "+strconv.Quote(c.GetBefore())+" → "+strconv.Quote(c.GetAfter()))
	}
	return strings.Join(parts, ", ")
}

// Requests is `usher requests`.
type Requests struct {
	page

	Client   string `arg:"" optional:"" help:"Only requests that named this client; without it, those of all clients."`
	Refused  bool   `help:"Only requests that were refused."`
	Endpoint string `help:"Only requests to this endpoint, such as /oauth/token." placeholder:"PATH"`
	Cause    string `help:"Only requests that were refused for this cause of docs/errors.md, such as code_expired." placeholder:"CAUSE"`
	Request  string `help:"Only the request of this id: the response header Usher-Request-Id." placeholder:"ID"`
}

// Validate is called by kong.
func (c Requests) Validate() error { return c.validate() }

// Run lists requests, the latest first.
func (c Requests) Run(ctx context.Context, s *Session) error {
	req := &activityv1.ListRequestsRequest{
		ClientId: c.Client, RefusedOnly: c.Refused, Endpoint: c.Endpoint, Cause: c.Cause, RequestId: c.Request, PageSize: c.Limit, PageToken: c.Cursor,
	}
	return call(ctx, activityv1.NewRequestLogServiceClient(remote{s, "activity"}).ListRequests, req, rows(s, requestRows))
}

func requestRows(res *activityv1.ListRequestsResponse) table.Rows {
	t := table.Rows{{"LAST", "COUNT", "CLIENT", "ENDPOINT", "STATUS", "CAUSE", "GOT", "EXPECTED", "REQUEST"}}
	for _, r := range res.GetRequests() {
		k := r.GetKind()
		cause := ""
		if k.GetCause() != errorv1.Cause_CAUSE_UNSPECIFIED {
			cause = strings.ToLower(strings.TrimPrefix(k.GetCause().String(), "CAUSE_"))
		}
		t.Add(r.GetLastTime().AsTime().Format(time.RFC3339), strconv.FormatInt(r.GetCount(), 10), k.GetClientId(), k.GetEndpoint(),
			strconv.Itoa(int(k.GetStatus())), cause, factsText(k.GetGot()), factsText(k.GetExpected()), r.GetRequestId())
	}
	return t
}

func factsText(f *activityv1.RequestFacts) string {
	var parts []string
	for _, one := range []struct{ name, value string }{
		{"redirect_uri", f.GetRedirectUri()},
		{"scope", f.GetScope()},
		{"grant_type", f.GetGrantType()},
		{"auth", f.GetAuthMethod()},
		{"code_challenge_method", f.GetCodeChallengeMethod()},
		{"response_type", f.GetResponseType()},
		{"resource", f.GetResource()},
		{"media_type", f.GetMediaType()},
		{"tolerated", f.GetTolerated()},
		{"value", f.GetValue()},
	} {
		if one.value != "" {
			parts = append(parts, one.name+"="+strconv.Quote(one.value))
		}
	}
	return strings.Join(parts, " ")
}
