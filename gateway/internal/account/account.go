// Package account serves the pages of a person's account: the connected apps and the button that ends one
// (docs/wire-contract.md §7).
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
	flash := cookies.TakeFlash(w, r, browser.PageAccount, "")
	data := page.Apps{
		CSRF:   cookies.AccountToken(cookies.EnsureBrowser(w, r), cookies.Session(r)),
		Person: who.GetSession().GetDisplayName(), Email: who.GetSession().GetEmailAddress(),
		Fault: a.Flow.Fault(flash), Disconnected: flash.Kind == browser.FlashDisconnected,
	}
	for _, app := range res.GetApps() {
		data.Apps = append(data.Apps, show(app))
	}
	a.Flow.Pages.Render(w, page.View{Template: "apps", Title: browser.Titled("Connected apps", data.Fault), Data: data})
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
	if !a.Flow.Posted(w, r, browser.AccountForm()) {
		return
	}
	flash := browser.Flash{Kind: browser.FlashDisconnected}
	_, err := a.Apps.DisconnectApp(r.Context(), &consentv1.DisconnectAppRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), ClientId: r.PostForm.Get("client_id"),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectFailure handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		a.signIn(w, r)
		return
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_NOT_FOUND:
		err, flash = nil, browser.Flash{Kind: browser.FlashNoApp}
	}
	if err != nil {
		a.Flow.RedirectFailure(w, r, browser.AccountForm(), err)
		return
	}
	a.Flow.Cookies.SetFlash(w, r, flash, browser.PageAccount, "")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, browser.HomePath, http.StatusSeeOther)
}

func (a Account) fail(w http.ResponseWriter, r *http.Request, err error) {
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		a.signIn(w, r)
		return
	}
	a.Flow.Fail(w, r, err)
}

// signIn asks who it is; afterwards the person comes back here.
func (a Account) signIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}
