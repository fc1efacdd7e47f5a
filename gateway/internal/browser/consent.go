package browser

import (
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// ConsentPage shows what the app asks for.
func (f Flow) ConsentPage(w http.ResponseWriter, r *http.Request) {
	f.showConsent(w, r, page.Consent{Request: requested(r)}, http.StatusOK)
}

// showConsent fills the page in; data has what the person did before.
func (f Flow) showConsent(w http.ResponseWriter, r *http.Request, data page.Consent, status int) {
	browser, session := f.Cookies.EnsureBrowser(w, r), f.Cookies.Session(r)
	if session.IsZero() {
		redirect(w, r, "/signin", data.Request)
		return
	}
	prompt, err := f.Consents.GetPrompt(r.Context(), &consentv1.GetPromptRequest{
		RequestId: data.Request, SessionToken: session.Reveal(), BrowserToken: browser.Reveal(),
	})
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		redirect(w, r, "/signin", data.Request)
		return
	}
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	data.CSRF = f.Cookies.FormToken(browser, session, purposeDecide, data.Request)
	data.App, data.Origin = prompt.GetClientName(), prompt.GetRedirectOrigin()
	data.Person, data.Email = prompt.GetDisplayName(), prompt.GetEmailAddress()
	for _, s := range prompt.GetScopes() {
		data.Scopes = append(data.Scopes, page.Scope{Name: s.GetName(), Description: s.GetDescription()})
	}
	for _, ws := range prompt.GetWorkspaces() {
		data.Workspaces = append(data.Workspaces, page.Workspace{ID: ws.GetWorkspaceId(), Name: ws.GetName()})
	}
	f.Pages.Render(w, page.View{Template: "consent", Title: "Allow access?", Status: status, Data: data})
}

// Decide hands the person's decision to consent and leads the browser back to the app.
func (f Flow) Decide(w http.ResponseWriter, r *http.Request) {
	if !f.Posted(w, r, func(form url.Values) []string { return []string{purposeDecide, form.Get("request")} }) {
		return
	}
	form := page.Consent{Request: r.PostForm.Get("request"), WorkspaceID: r.PostForm.Get("workspace_id")}
	decision := decisionOf(r.PostForm.Get("decision"))
	switch {
	case decision == consentv1.Decision_DECISION_UNSPECIFIED:
		form.Problem = "Choose to allow or to deny."
	case decision == consentv1.Decision_DECISION_APPROVE && form.WorkspaceID == "":
		form.Problem = "Choose a workspace."
	}
	if form.Problem != "" {
		f.showConsent(w, r, form, http.StatusBadRequest)
		return
	}
	res, err := f.Consents.Decide(r.Context(), &consentv1.DecideRequest{
		RequestId: form.Request, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
		Decision: decision, WorkspaceId: form.WorkspaceID,
	})
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		redirect(w, r, "/signin", form.Request)
		return
	}
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	Leave(w, res.GetLocation())
}

func decisionOf(value string) consentv1.Decision {
	switch value {
	case "approve":
		return consentv1.Decision_DECISION_APPROVE
	case "deny":
		return consentv1.Decision_DECISION_DENY
	}
	return consentv1.Decision_DECISION_UNSPECIFIED
}
