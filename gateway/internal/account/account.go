// Package account serves the account pages: the connected apps, each with the button that
// disconnects it (docs/wire-contract.md §7), and the devices on which the user is signed in.
//
// It owns the pages. The consent service owns the apps, and identity the sessions.
package account

import (
	"net/http"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Account serves the pages.
type Account struct {
	Flow          browser.Flow
	ConnectedApps consentv1.ConnectedAppServiceClient
}

// List shows the connected apps of the signed-in user.
func (a Account) List(w http.ResponseWriter, r *http.Request) {
	sessionToken := a.Flow.Cookies.Session(r).Reveal()
	if sessionToken == "" {
		a.signIn(w, r)
		return
	}
	session, err := a.Flow.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: sessionToken})
	if err != nil {
		a.showError(w, r, err)
		return
	}
	res, err := a.ConnectedApps.ListConnectedApps(r.Context(), &consentv1.ListConnectedAppsRequest{SessionToken: sessionToken})
	if err != nil {
		a.showError(w, r, err)
		return
	}
	cookies := a.Flow.Cookies
	flash := cookies.TakeFlash(w, r, browser.PageAccount, "")
	user := page.User{Name: session.GetSession().GetDisplayName(), Email: session.GetSession().GetEmailAddress()}
	data := page.Apps{
		CSRF: cookies.AccountToken(cookies.EnsureBrowser(w, r), cookies.Session(r)), User: user,
		Searchable: len(res.GetApps()) >= searchFrom, Fault: a.Flow.Fault(flash), Disconnected: flash.Kind == browser.FlashDisconnected,
	}
	if data.Searchable {
		data.Find = strings.TrimSpace(r.URL.Query().Get("find"))
	}
	for _, app := range res.GetApps() {
		if matches(app.GetClientName(), data.Find) {
			data.Apps = append(data.Apps, a.pageApp(app))
		}
	}
	a.Flow.Pages.Render(w, r, page.View{
		Template: "apps", Title: "Connected apps", Failed: data.Fault.Text != "", Data: data,
		Frame: a.frame(r, user.Name, data.CSRF),
	})
}

// searchFrom is the number of connected apps from which on the page has a search.
const searchFrom = 8

// matches reports whether a name, as it is shown, contains a search, without regard to case.
func matches(name, search string) bool {
	return strings.Contains(strings.ToLower(page.Name(name)), strings.ToLower(search))
}

func (a Account) pageApp(app *consentv1.ConnectedApp) page.App {
	shown := page.App{
		ClientID: app.GetClientId(), Name: app.GetClientName(), Approved: app.GetApproveTime().AsTime(), Now: a.Flow.Time(),
		Identity: browser.Identity(app.GetIdentity()),
	}
	if app.GetLastUseTime() != nil {
		shown.Used = app.GetLastUseTime().AsTime()
	}
	for _, ws := range app.GetWorkspaces() {
		shown.Workspaces = append(shown.Workspaces, page.AppWorkspace{Name: ws.GetName(), Permissions: a.Flow.Permissions(ws.GetScopes(), nil)})
	}
	return shown
}

// Disconnect revokes a client's access. After the response, no token of the client is active for
// this user.
func (a Account) Disconnect(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.ParseForm(w, r, browser.AccountForm()) {
		return
	}
	flash := browser.Flash{Kind: browser.FlashDisconnected}
	_, err := a.ConnectedApps.DisconnectApp(r.Context(), &consentv1.DisconnectAppRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), ClientId: r.PostForm.Get("client_id"),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		a.signIn(w, r)
		return
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_NOT_FOUND:
		err, flash = nil, browser.Flash{Kind: browser.FlashNoApp}
	}
	if err != nil {
		a.Flow.RedirectWithError(w, r, browser.AccountForm(), err)
		return
	}
	a.Flow.Cookies.SetFlash(w, r, flash, browser.PageAccount, "")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, browser.HomePath, http.StatusSeeOther)
}

func (a Account) showError(w http.ResponseWriter, r *http.Request, err error) {
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		a.signIn(w, r)
		return
	}
	a.Flow.ShowError(w, r, err)
}

// signIn redirects to the sign-in page, which redirects back here after the sign-in.
func (a Account) signIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}
