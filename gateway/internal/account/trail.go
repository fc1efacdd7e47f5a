package account

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// shownKinds are the events of the audit trail that a user reads about their account: those for which
// trailEntry has words. Others would fill pages of which nothing is shown; of grant.token_revoked the
// activity service leaves out the tokens that a client gives back.
func shownKinds() []string {
	return []string{
		"user.created", "user.signed_in", "user.signed_out", "user.sign_in_failed", "user.password_changed", "user.password_set", "user.others_signed_out",
		"user.session_ended", "user.profile_changed", "user.disabled", "user.enabled", "user.unlocked", "user_token.issued",
		"member.added", "member.removed", "member.role_changed",
		"grant.approved", "grant.disconnected", "grant.workspace_ended", "grant.refresh_reused", "grant.code_replayed", "grant.revoked", "grant.limit_reached",
		"grant.token_revoked",
	}
}

// fromTrail shows the account's events from the audit trail. It reports false, and writes nothing,
// if the trail cannot be read: identity and consent list what they know then.
func (a Account) fromTrail(w http.ResponseWriter, r *http.Request, token string) bool {
	after := r.URL.Query().Get("from")
	if a.Audit == nil || r.URL.Query().Has("after") {
		return false
	}
	res, err := a.Audit.ListEvents(r.Context(), &activityv1.ListEventsRequest{
		SessionToken: token, Kinds: shownKinds(), PageSize: eventsPerPage, PageToken: after,
	})
	switch oerr.Reason(err) { //nolint:exhaustive // the others are errors
	case errorv1.Reason_REASON_UNAVAILABLE, errorv1.Reason_REASON_UNSPECIFIED:
		if err != nil {
			a.Flow.Log(r, err)
			return false
		}
	case errorv1.Reason_REASON_INVALID_REQUEST: // an address that was changed
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, browser.ActivityPath, http.StatusSeeOther)
		return true
	default:
		a.showError(w, r, err)
		return true
	}
	session, err := a.Flow.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: token})
	if err != nil {
		a.showError(w, r, err)
		return true
	}
	a.readWholeAct(r, token, res)
	data := page.Activity{Later: after != "", Entries: trailEntries(res, browser.Zone(session.GetSession().GetTimeZone()))}
	if next := res.GetNextPageToken(); next != "" {
		data.Earlier = browser.ActivityPath + "?" + url.Values{"from": {next}}.Encode()
	}
	a.render(w, r, session.GetSession(), page.View{Template: "activity", Title: "Activity", Data: data})
	return true
}

// mostOfAct is how many events readWholeAct reads at most.
const mostOfAct = 20

// readWholeAct adds the first events of the next page while they are of the same act as the last event of a
// page, so that the next page does not show it again. A failure leaves them there.
func (a Account) readWholeAct(r *http.Request, token string, res *activityv1.ListEventsResponse) {
	for range mostOfAct {
		events := res.GetEvents()
		if res.GetNextPageToken() == "" || len(events) == 0 || !partOfAct(events[len(events)-1]) {
			return
		}
		next, err := a.Audit.ListEvents(r.Context(), &activityv1.ListEventsRequest{
			SessionToken: token, Kinds: shownKinds(), PageSize: 1, PageToken: res.GetNextPageToken(),
		})
		if err != nil || len(next.GetEvents()) == 0 || !sameAct(next.GetEvents()[0], events[len(events)-1]) {
			return
		}
		res.Events, res.NextPageToken = append(events, next.GetEvents()...), next.GetNextPageToken()
	}
}

// trailEntries returns the entries of a page. The failed sign-ins of an hour are one event. The end of a
// client's access in several workspaces, which has an event for each, is one entry.
func trailEntries(res *activityv1.ListEventsResponse, in *time.Location) []page.ActivityEntry {
	var entries []page.ActivityEntry
	for i, e := range res.GetEvents() {
		if i > 0 && sameAct(e, res.GetEvents()[i-1]) {
			continue
		}
		everywhere := i+1 < len(res.GetEvents()) && sameAct(res.GetEvents()[i+1], e)
		if entry, shown := trailEntry(e, res, everywhere); shown {
			entry.At = browser.At(e.GetEventTime(), in)
			entries = append(entries, page.NewActivityEntry(entry, e.GetDetails()["user_agent"]))
		}
	}
	return entries
}

// sameAct reports whether two events are of one end of a client's access, in different workspaces.
func sameAct(one, other *eventv1.Event) bool {
	return partOfAct(one) && one.GetKind() == other.GetKind() && one.GetClientId() == other.GetClientId() &&
		one.GetRequestId() == other.GetRequestId() && one.GetWorkspaceId() != other.GetWorkspaceId()
}

// partOfAct reports whether an event may be one of several of one end of a client's access.
func partOfAct(e *eventv1.Event) bool {
	return strings.HasPrefix(e.GetKind(), "grant.") && e.GetRequestId() != ""
}

func failedCount(e *eventv1.Event) int64 {
	count, err := strconv.ParseInt(e.GetDetails()["count"], 10, 64)
	if err != nil {
		return 1
	}
	return count
}

// trailEntry returns the words for an event; shown is false for one that says nothing to the user, and
// everywhere says that it names one of several workspaces.
func trailEntry(e *eventv1.Event, res *activityv1.ListEventsResponse, everywhere bool) (entry page.ActivityEntry, shown bool) {
	if e.GetKind() == "user.sign_in_failed" {
		return page.ActivityEntry{Kind: "warn", Count: failedCount(e), Text: "%d failed sign-ins within an hour"}, true
	}
	entry = page.ActivityEntry{Network: e.GetDetails()["network"]}
	if said := accountText(e.GetKind()); said.Text != "" {
		entry.Text, entry.Kind = said.Text, said.Kind
		return entry, true
	}
	where, named := res.GetWorkspaceNames()[e.GetWorkspaceId()]
	if entry.Text = memberText(e.GetKind()); entry.Text != "" {
		if !named {
			where = e.GetWorkspaceId()
		}
		entry.Names = []string{where}
		return entry, true
	}
	app, registered := res.GetClientNames()[e.GetClientId()]
	if !registered {
		app = e.GetClientId()
	}
	if e.GetKind() == "user_token.issued" {
		if entry.Text, entry.Names = "The authentication app %s signed you in", []string{app}; app == "" {
			entry.Text, entry.Names = "A program signed in with your password", nil
		}
		return entry, true
	}
	entry.Text, entry.Kind = grantText(e, app != "", named && !everywhere)
	entry.Names = []string{app, where}[:strings.Count(entry.Text, "%s")]
	return entry, entry.Text != ""
}

// accountText returns the text of an event of the account itself, and its kind of entry.
func accountText(kind string) page.Message {
	return map[string]page.Message{
		"user.created":           {Text: "Your account was created"},
		"user.signed_in":         {Text: "You signed in"},
		"user.signed_out":        {Text: "You signed out"},
		"user.password_changed":  {Kind: "ok", Text: "You changed your password"},
		"user.password_set":      {Kind: "warn", Text: "An operator set a new password for you"},
		"user.others_signed_out": {Kind: "ok", Text: "You signed out every other device"},
		"user.session_ended":     {Kind: "ok", Text: "You signed out a device"},
		"user.profile_changed":   {Text: "You changed your profile"},
		"user.disabled":          {Kind: "warn", Text: "An operator disabled your account"},
		"user.enabled":           {Kind: "ok", Text: "An operator enabled your account again"},
		"user.unlocked":          {Kind: "ok", Text: "An operator let you sign in again after failed sign-ins"},
	}[kind]
}

// memberText returns the text of an event of a membership, with a place for the workspace.
func memberText(kind string) string {
	return map[string]string{
		"member.added": "You were added to %s", "member.removed": "You were removed from %s", "member.role_changed": "Your role in %s was changed",
	}[kind]
}

// grantText returns the text of an event of a client's access, and its kind of entry. An event with an
// object concerns one installation of the client.
func grantText(e *eventv1.Event, client, where bool) (text, entryKind string) {
	switch e.GetKind() {
	case "grant.approved":
		if where {
			return "You allowed %s to use %s", ""
		}
		return "You allowed %s", ""
	case "grant.disconnected":
		switch {
		case e.GetObjectId() != "":
			return "You ended one installation of %s", ""
		case where:
			return "You disconnected %s from %s", ""
		}
		return "You disconnected %s", ""
	case "grant.workspace_ended":
		if where {
			return "An administrator disconnected %s from %s", "warn"
		}
		return "An administrator disconnected %s from a workspace", "warn"
	case "grant.refresh_reused":
		if e.GetObjectId() != "" {
			return "One installation of %s was disconnected because its token was used twice. Somebody else may have copied it; you can connect the app again", "danger"
		}
		return "%s was disconnected because its token was used twice. Somebody else may have copied it; you can connect the app again", "danger"
	case "grant.code_replayed":
		return "Access that %s had just got was ended, because its code was used twice", "danger"
	case "grant.revoked":
		switch {
		case !client && e.GetWorkspaceId() != "":
			return "Every app was disconnected from a workspace", ""
		case !client:
			return "Every app was disconnected", ""
		}
		return "An operator disconnected %s", ""
	case "grant.token_revoked":
		if e.GetActor().GetKind() == eventv1.ActorKind_ACTOR_KIND_OPERATOR {
			return "An operator revoked a token of %s", "warn"
		}
	case "grant.limit_reached":
		return "The oldest connection of %s ended, because it has too many", ""
	}
	return "", ""
}
