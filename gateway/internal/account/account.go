// Package account serves the account pages: the profile, the change of the password, the devices on
// which the user is signed in, the connected apps, each with the button that disconnects it
// (docs/wire-contract.md §7), and what happened in the account.
//
// It owns the pages. The consent service owns the apps, and identity the user.
package account

import (
	"net/http"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Account serves the pages.
type Account struct {
	Flow          browser.Flow
	ConnectedApps consentv1.ConnectedAppServiceClient
	Passwords     tokenv1.PasswordServiceClient
	// Audit reads the audit trail; nil where there is no activity service.
	Audit activityv1.AuditServiceClient
}

// List shows the connected apps of the signed-in user.
func (a Account) List(w http.ResponseWriter, r *http.Request) {
	sessionToken := a.Flow.Cookies.Session(r).Reveal()
	if sessionToken == "" {
		a.Flow.RedirectToSignIn(w, r)
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
		CSRF: a.Flow.AccountToken(w, r), User: user, Searchable: len(res.GetApps()) >= searchFrom, Done: done(flash), Fault: a.Flow.Fault(flash),
	}
	if data.Searchable {
		data.Find = strings.TrimSpace(r.URL.Query().Get("find"))
	}
	for _, app := range res.GetApps() {
		if browser.Matches(app.GetClientName(), data.Find) {
			data.Apps = append(data.Apps, a.pageApp(app, browser.Zone(session.GetSession().GetTimeZone())))
		}
	}
	a.render(w, r, session.GetSession(), page.View{Template: "apps", Title: "Connected apps", Failed: data.Fault.Text != "", Data: data})
}

// searchFrom is the number of connected apps from which on the page has a search.
const searchFrom = 8

func (a Account) pageApp(app *consentv1.ConnectedApp, in *time.Location) page.App {
	shown := page.App{
		ClientID: app.GetClientId(), Name: app.GetClientName(), Approved: browser.At(app.GetApproveTime(), in), Used: browser.At(app.GetLastUseTime(), in),
		Now: a.Flow.Time().In(in), Identity: browser.Identity(app.GetIdentity()),
		First: browser.At(app.GetFirstApproveTime(), in), Changed: browser.Changes(app.GetChanges()),
		Lifetimes: convert.GrantLifetimes(app.GetRefreshTokenLifetimeSeconds(), app.GetFamilyLifetimeSeconds()),
	}
	for _, i := range app.GetInstallations() {
		shown.Installations = append(shown.Installations, page.Installation{
			ID: i.GetInstallationId(), WorkspaceName: i.GetWorkspaceName(), Connected: browser.At(i.GetCreateTime(), in), Used: browser.At(i.GetLastUseTime(), in),
		})
	}
	for _, ws := range app.GetWorkspaces() {
		shown.Workspaces = append(shown.Workspaces, page.AppWorkspace{
			ID: ws.GetWorkspaceId(), Name: ws.GetName(), Permissions: a.Flow.Permissions(ws.GetScopes(), nil),
		})
	}
	return shown
}

// Disconnect revokes a client's access, in one workspace or of one installation if the form names it. After the response,
// no token of the client is active for this user, or for this user in the workspace.
func (a Account) Disconnect(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.ParseForm(w, r, browser.AccountForm()) {
		return
	}
	flash := browser.Flash{Kind: browser.FlashDisconnected, Name: a.nameOf(r, r.PostForm.Get("client_id"))}
	switch {
	case r.PostForm.Get("installation_id") != "":
		flash.Kind = browser.FlashInstallationEnded
	case r.PostForm.Get("workspace_id") != "":
		flash.Kind = browser.FlashWorkspaceEnded
	}
	err := a.disconnect(r)
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		a.Flow.RedirectToSignIn(w, r)
		return
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_NOT_FOUND:
		err, flash = nil, browser.Flash{Kind: browser.FlashNoApp}
	}
	if err != nil {
		a.Flow.RedirectWithError(w, r, browser.AccountForm(), oerr.UnlessImplemented(err))
		return
	}
	a.back(w, r, flash, browser.PageAccount, browser.HomePath)
}

// nameOf returns the name of a connected app; empty where it is not known, which prevents no disconnection: what
// follows says what is wrong.
func (a Account) nameOf(r *http.Request, clientID string) string {
	res, err := a.ConnectedApps.ListConnectedApps(r.Context(), &consentv1.ListConnectedAppsRequest{SessionToken: a.Flow.Cookies.Session(r).Reveal()})
	if err != nil {
		return ""
	}
	for _, app := range res.GetApps() {
		if app.GetClientId() == clientID {
			return app.GetClientName()
		}
	}
	return ""
}

// disconnect calls the RPC for the client of a form, and for its workspace or its installation if it
// has one.
func (a Account) disconnect(r *http.Request) (err error) {
	session, clientID := a.Flow.Cookies.Session(r).Reveal(), r.PostForm.Get("client_id")
	if id := r.PostForm.Get("installation_id"); id != "" {
		_, err = a.ConnectedApps.EndInstallation(r.Context(), &consentv1.EndInstallationRequest{
			SessionToken: session, ClientId: clientID, InstallationId: id,
		})
		return err
	}
	if workspaceID := r.PostForm.Get("workspace_id"); workspaceID != "" {
		_, err = a.ConnectedApps.DisconnectAppFromWorkspace(r.Context(), &consentv1.DisconnectAppFromWorkspaceRequest{
			SessionToken: session, ClientId: clientID, WorkspaceId: workspaceID,
		})
		return err
	}
	_, err = a.ConnectedApps.DisconnectApp(r.Context(), &consentv1.DisconnectAppRequest{SessionToken: session, ClientId: clientID})
	return err
}

func (a Account) showError(w http.ResponseWriter, r *http.Request, err error) {
	err = oerr.UnlessImplemented(err)
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		a.Flow.RedirectToSignIn(w, r)
		return
	}
	a.Flow.ShowError(w, r, err)
}
