package account

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// eventsPerPage is the number of identity's events on a page.
const eventsPerPage = 50

// Activity shows what happened in the account, the newest first: from the audit trail, and from what
// identity and consent know while the activity service is away.
func (a Account) Activity(w http.ResponseWriter, r *http.Request) {
	token := a.Flow.Cookies.Session(r).Reveal()
	if token == "" {
		a.Flow.RedirectToSignIn(w, r)
		return
	}
	if a.fromTrail(w, r, token) {
		return
	}
	query := r.URL.Query()
	res, err := a.Flow.Sessions.ListAccountEvents(r.Context(), &identityv1.ListAccountEventsRequest{
		SessionToken: token, PageSize: eventsPerPage, PageToken: query.Get("after"),
	})
	if oerr.Reason(err) == errorv1.Reason_REASON_INVALID_REQUEST { // an address that was changed
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, browser.ActivityPath, http.StatusSeeOther)
		return
	}
	if err != nil {
		a.showError(w, r, err)
		return
	}
	apps, err := a.ConnectedApps.ListAppEvents(r.Context(), &consentv1.ListAppEventsRequest{SessionToken: token})
	if err != nil && status.Code(err) != codes.Unimplemented { // which release 0.1 responds
		a.showError(w, r, err)
		return
	}
	from, before := time.Time{}, beforeOf(query)
	data := page.Activity{Later: query.Get("after") != "", Latest: true}
	if next := res.GetNextPageToken(); next != "" {
		from = res.GetEvents()[len(res.GetEvents())-1].GetEventTime().AsTime()
		data.Earlier = browser.ActivityPath + "?" + url.Values{"after": {next}, "before": {strconv.FormatInt(from.UnixMicro(), 10)}}.Encode()
	}
	in := browser.Zone(res.GetSession().GetTimeZone())
	for _, e := range res.GetEvents() {
		data.Entries = append(data.Entries, accountEntry(e, in))
	}
	// The events of clients are read whole, and shown on the page that their time belongs to.
	for _, e := range apps.GetEvents() {
		if at := e.GetEventTime().AsTime(); !at.Before(from) && (before.IsZero() || at.Before(before)) {
			data.Entries = append(data.Entries, appEntry(e, in))
		}
	}
	slices.SortStableFunc(data.Entries, func(a, b page.ActivityEntry) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	a.render(w, r, res.GetSession(), page.View{Template: "activity", Title: "Activity", Data: data})
}

// beforeOf returns the time before which the page's events happened; zero where the address does not
// say.
func beforeOf(query url.Values) time.Time {
	micros, err := strconv.ParseInt(query.Get("before"), 10, 64)
	if err != nil || query.Get("after") == "" {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

func accountEntry(e *identityv1.AccountEvent, in *time.Location) page.ActivityEntry {
	entry := page.NewActivityEntry(page.ActivityEntry{At: browser.At(e.GetEventTime(), in), Network: e.GetNetwork()}, e.GetUserAgent())
	switch e.GetKind() { //nolint:exhaustive // a kind of a later release is shown without its name
	case identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_SIGNED_IN:
		entry.Text = "You signed in"
	case identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_SIGN_IN_FAILED:
		entry.Kind, entry.Count, entry.Text = "warn", e.GetCount(), "%d failed sign-ins within an hour"
	case identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_PASSWORD_CHANGED:
		entry.Kind, entry.Text = "ok", "You changed your password"
	case identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_PASSWORD_SET:
		entry.Kind, entry.Text = "warn", "An operator set a new password for you"
	case identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_OTHERS_SIGNED_OUT:
		entry.Kind, entry.Text = "ok", "You signed out every other device"
	default:
		entry.Text = "Your account was changed"
	}
	return entry
}

func appEntry(e *consentv1.AppEvent, in *time.Location) page.ActivityEntry {
	entry := page.ActivityEntry{At: browser.At(e.GetEventTime(), in), Names: []string{e.GetClientName()}}
	if e.GetWorkspaceName() != "" {
		entry.Names = append(entry.Names, e.GetWorkspaceName())
	}
	where := e.GetWorkspaceName() != ""
	switch e.GetKind() { //nolint:exhaustive // the others are revocations
	case consentv1.AppEventKind_APP_EVENT_KIND_APPROVED:
		entry.Text = "You allowed %s to use %s"
	case consentv1.AppEventKind_APP_EVENT_KIND_DISCONNECTED:
		if entry.Text = "You disconnected %s"; where {
			entry.Text = "You disconnected %s from %s"
		}
	case consentv1.AppEventKind_APP_EVENT_KIND_REUSED:
		entry.Kind, entry.Text = "danger", "%s was disconnected because its token was used twice"
	default:
		switch entry.Text = "%s was disconnected"; {
		case e.GetClientId() == "":
			entry.Text, entry.Names = "Every app was disconnected", nil
		case where:
			entry.Text = "%s was disconnected from %s"
		}
	}
	return entry
}
