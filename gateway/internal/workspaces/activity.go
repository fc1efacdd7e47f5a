package workspaces

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oerr"
)

const (
	// eventsPerPage is the number of events on a page.
	eventsPerPage = 25
	// eventsPerCall is that of a part of a download.
	eventsPerCall = 1000
	// partTimeout is that of reading a part of a download, which as a whole may take longer than a page, and
	// downloadStall how long a client may take to receive a part.
	partTimeout   = 5 * time.Second
	downloadStall = 30 * time.Second
)

// events reads a page of what happened in the workspace.
func (s Workspaces) events(ctx context.Context, v visit, size int32, after string) (*activityv1.ListEventsResponse, error) {
	return s.Activity.ListEvents(ctx, &activityv1.ListEventsRequest{
		SessionToken: v.token, WorkspaceId: v.id, PageSize: size, PageToken: after,
	})
}

// activity shows what happened in the workspace. The rest of the pages does not depend on the service.
func (s Workspaces) activity(v visit) (page.View, error) {
	data := page.WorkspaceActivity{Workspaceframe: v.head}
	members, leave := s.memberNames(v) // meanwhile
	defer leave()
	var res *activityv1.ListEventsResponse
	err := oerr.Unavailable(nil)
	if s.Activity != nil {
		res, err = s.events(v.r.Context(), v, eventsPerPage, v.after())
	}
	if oerr.Reason(oerr.UnlessImplemented(err)) == errorv1.Reason_REASON_UNAVAILABLE {
		// Who may see the page is asked of another service then.
		if _, err := s.policy(v); err != nil {
			return page.View{}, err
		}
		data.Missing = true
		return page.View{Template: "wsactivity", Data: data}, nil
	}
	if err != nil {
		return page.View{}, err
	}
	data.Next = v.next(res.GetNextPageToken())
	known := names{users: members(), clients: res.GetClientNames(), sentences: Sentences()}
	for _, e := range res.GetEvents() {
		shown := page.WorkspaceEvent{At: browser.At(e.GetEventTime(), v.in), What: known.sentence(e), By: known.actor(e.GetActor()), Count: e.GetCount()}
		if e.GetUserId() != "" && e.GetUserId() != e.GetActor().GetId() {
			if member := known.user(e.GetUserId()); !slices.Contains(shown.What.Names, member) {
				shown.Member = member
			}
		}
		for _, row := range facts(e) {
			shown.Facts = append(shown.Facts, page.Fact{Label: row[0], Text: row[1], Code: true})
		}
		data.Events = append(data.Events, shown)
	}
	return page.View{Template: "wsactivity", Data: data}, nil
}

// mostNamed is how many members the page of the activity names; the others have their identifier.
const mostNamed = 1000

// namesTimeout is how long the page waits for the names of the members: it is shown without.
const namesTimeout = time.Second

// memberNames starts to read the names of the members, as browser.Meanwhile: wait returns them by
// identifier, and nil where they cannot be read in time.
func (s Workspaces) memberNames(v visit) (wait func() map[string]string, leave func()) {
	return browser.Meanwhile(s.Flow, v.r, func(r *http.Request) map[string]string {
		ctx, cancel := context.WithTimeout(r.Context(), namesTimeout)
		defer cancel()
		res, err := s.Members.ListWorkspaceMembers(ctx, &identityv1.ListWorkspaceMembersRequest{
			SessionToken: v.token, WorkspaceId: v.id, PageSize: mostNamed,
		})
		if err != nil {
			s.Flow.Log(r, err)
			return nil
		}
		known := make(map[string]string, len(res.GetMembers()))
		for _, m := range res.GetMembers() {
			known[m.GetUserId()] = m.GetDisplayName()
		}
		return known
	})
}

// facts returns what an event concerns and changed, as names and values.
func facts(e *eventv1.Event) [][2]string {
	list := [][2]string{{"event", e.GetKind()}}
	for _, f := range [][2]string{
		{"actor", e.GetActor().GetId()}, {"user", e.GetUserId()}, {"client", e.GetClientId()}, {"object", e.GetObjectId()}, {"request", e.GetRequestId()},
	} {
		if f[1] != "" {
			list = append(list, f)
		}
	}
	for _, c := range e.GetChanges() {
		list = append(list, [2]string{c.GetField(), change(c)})
	}
	for _, name := range slices.Sorted(maps.Keys(e.GetDetails())) {
		list = append(list, [2]string{name, e.GetDetails()[name]})
	}
	return list
}

// change returns the value of a field before and after.
func change(c *eventv1.Change) string {
	switch {
	case c.GetBefore() == "":
		return c.GetAfter()
	case c.GetAfter() == "":
		return c.GetBefore() + " → –"
	}
	return c.GetBefore() + " → " + c.GetAfter()
}

// byteOrderMark says to a spreadsheet that the text is UTF-8.
const byteOrderMark = "\ufeff"

// download writes everything that happened as CSV (RFC 4180), the newest first, part by part, with the
// sentences and names of the page. A client that goes away ends it: by the context of the request until
// its deadline, and by a write that fails after it.
func (s Workspaces) download(v visit) {
	if s.Activity == nil {
		s.showError(v.w, v.r, oerr.Unavailable(nil))
		return
	}
	members, leave := s.memberNames(v) // meanwhile
	defer leave()
	res, err := s.part(v, "")
	if err != nil {
		s.showError(v.w, v.r, err)
		return
	}
	header := v.w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="activity.csv"`)
	header.Set("Cache-Control", "no-store")
	if v.r.Method == http.MethodHead { // writes would be dropped, so that nothing would end the rest
		return
	}
	_, _ = io.WriteString(v.w, byteOrderMark) // out.Error has it
	out := csv.NewWriter(v.w)
	out.UseCRLF = true
	_ = out.Write([]string{
		"time", "what", "by", "event", "actor_kind", "actor", "user", "client", "object", "count", "changes", "details", "request_id",
	})
	text := s.Flow.Pages.Plain(v.r, v.session.GetLanguage())
	known := names{users: members(), sentences: Sentences()}
	control := http.NewResponseController(v.w)
	for {
		known.clients = res.GetClientNames()
		for _, e := range res.GetEvents() {
			by := known.actor(e.GetActor())
			_ = out.Write(record(e, text(known.sentence(e)), cmp.Or(by.Text, text(page.Message{Text: by.Phrase}))))
		}
		out.Flush()
		if out.Error() == nil && res.GetNextPageToken() == "" {
			return
		}
		if errors.Is(v.r.Context().Err(), context.Canceled) {
			panic(http.ErrAbortHandler)
		}
		_ = control.SetWriteDeadline(s.Flow.Time().Add(downloadStall)) // fails only where there is no connection, as in tests
		if res, err = s.part(v, res.GetNextPageToken()); err != nil || out.Error() != nil {
			panic(http.ErrAbortHandler) // half a file must not look like a whole one
		}
	}
}

// part reads a part of a download.
func (s Workspaces) part(v visit, after string) (*activityv1.ListEventsResponse, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), partTimeout)
	defer cancel()
	return s.events(ctx, v, eventsPerCall, after)
}

// record returns the row of an event, with its sentence and the name of who caused it.
func record(e *eventv1.Event, what, by string) []string {
	var changes, details []string
	for _, c := range e.GetChanges() {
		changes = append(changes, c.GetField()+": "+c.GetBefore()+" → "+c.GetAfter())
	}
	for _, name := range slices.Sorted(maps.Keys(e.GetDetails())) {
		details = append(details, name+": "+e.GetDetails()[name])
	}
	row := []string{
		e.GetEventTime().AsTime().UTC().Format(time.RFC3339Nano), what, by, e.GetKind(), enumname.Of(e.GetActor().GetKind()),
		e.GetActor().GetId(), e.GetUserId(), e.GetClientId(), e.GetObjectId(), strconv.FormatInt(max(e.GetCount(), 1), 10),
		strings.Join(changes, "; "), strings.Join(details, "; "), e.GetRequestId(),
	}
	for i := range row {
		row[i] = inert(row[i])
	}
	return row
}

// inert returns a cell that no spreadsheet takes for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
