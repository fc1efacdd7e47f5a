package browser

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// decisionAsk is the beginning of the decision that asks the administrators of a workspace, whose
// identifier follows, for the client.
const decisionAsk = "ask "

// open reports whether the client of a prompt may be connected in a workspace. Release 0.1 of the consent
// service knows no policies.
func open(ws *consentv1.PromptWorkspace) bool {
	switch ws.GetAccess() {
	case consentv1.WorkspaceAccess_WORKSPACE_ACCESS_UNSPECIFIED, consentv1.WorkspaceAccess_WORKSPACE_ACCESS_OPEN:
		return true
	case consentv1.WorkspaceAccess_WORKSPACE_ACCESS_NEEDS_APPROVAL, consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED:
	}
	return false
}

// closedSection returns the id of the section about a workspace in which the client may not be
// connected. Errors about its form lead to the first one.
func closedSection(index int) string {
	if index == 0 {
		return "ask"
	}
	return "ask-" + strconv.Itoa(index)
}

// closedWorkspaces returns the workspaces in which the client may not be connected, with the input of
// the form that is shown again.
func closedWorkspaces(prompt *consentv1.GetPromptResponse, input url.Values) []page.ClosedWorkspace {
	var list []page.ClosedWorkspace
	for _, ws := range prompt.GetWorkspaces() {
		if open(ws) {
			continue
		}
		shown := page.ClosedWorkspace{
			ID: ws.GetWorkspaceId(), Section: closedSection(len(list)), Name: ws.GetName(), Nobody: ws.GetAccess() == consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED,
			Administers: ws.GetRole() == "administrator", Refused: ws.GetApprovalRefused(), Granted: ws.GetApprovalGranted(), Answer: ws.GetApprovalAnswer(),
		}
		if input.Get("decision") == decisionAsk+shown.ID {
			shown.Typed = input.Get("reason")
		}
		if t := ws.GetApprovalRequestTime(); t != nil {
			shown.AskedAt = t.AsTime()
		}
		list = append(list, shown)
	}
	return list
}

// askForApproval asks the administrators of a workspace for the client, and shows the consent page again.
func (f Flow) askForApproval(w http.ResponseWriter, r *http.Request, from formPage, workspace string) {
	named, displayed := shownPage(r.PostForm.Get("csrf_token"))
	if displayed != nil {
		from.purposes, from.named = append(from.purposes, named), named
	}
	if !f.checkForm(w, r, from) {
		return
	}
	_, err := f.Consents.RequestApproval(r.Context(), &consentv1.RequestApprovalRequest{
		RequestId: from.request, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
		WorkspaceId: workspace, Reason: r.PostForm.Get("reason"),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		f.noteSignedOut(w, r, from.request)
		redirect(w, r, "/signin", from.request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, errorv1.Reason_REASON_CLIENT_NOT_LIVE:
		redirect(w, r, from.path(), from.request) // which shows the state of the authorization
		return
	case errorv1.Reason_REASON_WORKSPACE_FORBIDDEN:
		f.redirectBack(w, r, from, Flash{Kind: flashForbidden})
		return
	case errorv1.Reason_REASON_INVALID_REQUEST:
		if oerr.Field(err) == "reason" {
			f.redirectBack(w, r, from, Flash{Kind: flashReason, Typed: input(r.PostForm)})
			return
		}
		f.redirectBack(w, r, from, Flash{}) // the workspace is open meanwhile, and the page shows it
		return
	}
	if err != nil {
		f.RedirectWithError(w, r, from, err)
		return
	}
	f.redirectBack(w, r, from, Flash{Kind: flashAsked, WorkspaceID: workspace})
}
