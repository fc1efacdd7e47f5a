package account

import (
	"net/http"
	"time"
	_ "time/tzdata" // an image without a time zone database knows the same zones as identity

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// render shows a page of the account with its menu, in the language that the user chose.
func (a Account) render(w http.ResponseWriter, r *http.Request, session *identityv1.Session, v page.View) {
	entries := []page.MenuEntry{
		{Address: browser.ProfilePath, Text: "Profile"},
		{Address: browser.SecurityPath, Text: "Sign-in and security"},
		{Address: browser.DevicesPath, Text: "Devices"},
		{Address: browser.HomePath, Text: "Connected apps"},
		{Address: browser.ActivityPath, Text: "Activity"},
	}
	for i := range entries {
		entries[i].Current = entries[i].Address == r.URL.Path
	}
	v.Frame = &page.Frame{Person: session.GetDisplayName(), CSRF: a.csrf(w, r), Menu: []page.MenuGroup{{Entries: entries}}}
	v.Preferred = session.GetLanguage()
	a.Flow.Pages.Render(w, r, v)
}

// unlessImplemented returns the error of an RPC, as one that passes where the process is of release
// 0.1: a rolling upgrade replaces it.
func unlessImplemented(err error) error {
	if status.Code(err) == codes.Unimplemented {
		return oerr.Unavailable(err)
	}
	return err
}

// csrf returns the token of the page's forms.
func (a Account) csrf(w http.ResponseWriter, r *http.Request) string {
	cookies := a.Flow.Cookies
	return cookies.AccountToken(cookies.EnsureBrowser(w, r), cookies.Session(r))
}

// zone returns the time zone of a session's user.
func zone(session *identityv1.Session) *time.Location { return browser.Zone(session.GetTimeZone()) }

// at returns a time in a zone; zero for an absent one.
func at(t *timestamppb.Timestamp, in *time.Location) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().In(in)
}

// back redirects to a page of the account with a flash.
func (a Account) back(w http.ResponseWriter, r *http.Request, flash browser.Flash, name, path string) {
	a.Flow.Cookies.SetFlash(w, r, flash, name, "")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path, http.StatusSeeOther)
}
