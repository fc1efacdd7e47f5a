package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// page are the flags of a list that is read a page at a time.
type page struct {
	Limit  int32  `help:"List at most this many, 1 to 1000." default:"100"`
	Cursor string `help:"Continue a list: it was printed at the end of the list before, and is its next_page_token in JSON." placeholder:"TOKEN"`
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

	User      string   `help:"Only events that concern this user, by identifier (usr_…) or e-mail address." placeholder:"USER"`
	Workspace string   `help:"Only events that concern this workspace." placeholder:"WORKSPACE"`
	Client    string   `help:"Only events that concern this client." placeholder:"CLIENT"`
	Actor     string   `help:"Only events that this user (by identifier or e-mail address), client or service caused." placeholder:"ID"`
	Request   string   `help:"Only events of this request: the response header Usher-Request-Id." placeholder:"ID"`
	Kind      []string `help:"Only events of this kind, such as client.updated; client. stands for all that begin with it. Repeatable." placeholder:"KIND"`
	Since     instant  `help:"Only events from this time on, such as 2027-01-31T08:30:00Z, or a date, which is its beginning in UTC." placeholder:"TIME"`
	Until     instant  `help:"Only events before this time, or before this date." placeholder:"TIME"`
}

// Validate is called by kong.
func (c Audit) Validate() error {
	for _, kind := range c.Kind {
		if !knownKind(kind) {
			return fmt.Errorf("--kind %s is not a kind of event: docs/activity.md lists them, such as client.updated, or client. for all of clients", kind)
		}
	}
	return c.validate()
}

// knownKind reports whether a value is a kind, or begins some and ends with the period.
func knownKind(value string) bool {
	return slices.ContainsFunc(eventKinds(), func(kind string) bool {
		return kind == value || strings.HasSuffix(value, ".") && strings.HasPrefix(kind, value)
	})
}

// Run lists events, the latest first.
func (c Audit) Run(ctx context.Context, s *Session) error {
	user, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	by, err := s.userID(ctx, c.Actor)
	if err != nil {
		return err
	}
	req := &activityv1.ListEventsRequest{
		UserId: user, WorkspaceId: c.Workspace, ClientId: c.Client, ActorId: by, RequestId: c.Request, Kinds: c.Kind,
		PageToken: c.Cursor, StartTime: convert.TimeToProto(c.Since.Time), EndTime: convert.TimeToProto(c.Until.Time),
	}
	return call(ctx, continued(s, c.Limit, activityv1.NewAuditServiceClient(remote{s, "activity"}).ListEvents), req, rows(s, eventRows))
}

func eventRows(res *activityv1.ListEventsResponse) table.Rows {
	t := table.Rows{{"TIME", "EVENT", "BY", "OF", "CHANGES", "DETAILS", "REQUEST"}}
	for _, e := range res.GetEvents() {
		t.Add(e.GetEventTime().AsTime().Format(time.RFC3339), e.GetKind(), actorText(e.GetActor()),
			joinGiven(e.GetUserId(), e.GetClientId(), e.GetWorkspaceId(), e.GetObjectId()), changesText(e.GetChanges()),
			detailsText(e.GetDetails()), e.GetRequestId())
	}
	return t
}

func actorText(a *eventv1.Actor) string {
	return cmp.Or(a.GetId(), enumname.Of(a.GetKind()), none)
}

// joinGiven joins the identifiers that are not empty.
func joinGiven(ids ...string) string {
	return strings.Join(slices.DeleteFunc(ids, func(id string) bool { return id == "" }), " ")
}

func changesText(changes []*eventv1.Change) string {
	var parts []string
	for _, c := range changes {
		parts = append(parts, c.GetField()+": "+strconv.Quote(c.GetBefore())+" → "+strconv.Quote(c.GetAfter()))
	}
	return strings.Join(parts, ", ")
}

func detailsText(details map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(details)) {
		parts = append(parts, name+"="+strconv.Quote(details[name]))
	}
	return strings.Join(parts, " ")
}
