// Package account serves the pages of a person's account: the connected apps and the button that ends one (the wire
// contract, §7).
//
// It owns the pages. What is connected, and what ending it takes, is the consent service's word.
package account

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Account serves the pages.
type Account struct {
	Flow browser.Flow
	Apps consentv1.ConnectedAppServiceClient
}

// List shows the connected apps of who is signed in.
func (a Account) List(w http.ResponseWriter, r *http.Request) {
	session := a.Flow.Cookies.Session(r).Reveal()
	if session == "" {
		a.signIn(w, r)
		return
	}
	who, err := a.Flow.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: session})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	res, err := a.Apps.ListConnectedApps(r.Context(), &consentv1.ListConnectedAppsRequest{SessionToken: session})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	cookies := a.Flow.Cookies
	data := page.Apps{
		CSRF:   cookies.FormToken(cookies.EnsureBrowser(w, r), cookies.Session(r), browser.AccountForm(nil)...),
		Person: who.GetSession().GetDisplayName(), Email: who.GetSession().GetEmailAddress(),
		Disconnected: r.URL.Query().Get("disconnected") == "1",
	}
	for _, app := range res.GetApps() {
		data.Apps = append(data.Apps, show(app))
	}
	a.Flow.Pages.Render(w, page.View{Template: "apps", Title: "Connected apps", Data: data})
}

func show(app *consentv1.ConnectedApp) page.App {
	shown := page.App{ClientID: app.GetClientId(), Name: app.GetClientName(), Approved: app.GetApproveTime().AsTime()}
	if app.GetLastUseTime() != nil {
		shown.Used = app.GetLastUseTime().AsTime()
	}
	for _, ws := range app.GetWorkspaces() {
		shown.Workspaces = append(shown.Workspaces, page.AppWorkspace{Name: ws.GetName(), Scopes: ws.GetScopes()})
	}
	return shown
}

// Disconnect ends an app. When the answer arrives, nothing of the app is active for this person.
func (a Account) Disconnect(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.Posted(w, r, browser.AccountForm) {
		return
	}
	_, err := a.Apps.DisconnectApp(r.Context(), &consentv1.DisconnectAppRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), ClientId: r.PostForm.Get("client_id"),
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, browser.HomePath+"?disconnected=1", http.StatusSeeOther)
}

func (a Account) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // Fail knows the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		a.signIn(w, r)
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_NOT_FOUND:
		a.Flow.Pages.Problem(w, http.StatusNotFound, "There is no such connected app.")
	default:
		a.Flow.Fail(w, r, err)
	}
}

// signIn asks who it is; afterwards the person comes back here.
func (a Account) signIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}
