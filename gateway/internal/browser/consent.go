package browser

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

func consentForm(request string) origin {
	return origin{page: pageConsent, purposes: []string{purposeDecide, request}, request: request}
}

// ConsentPage shows what the client asks for, or what was decided about it.
func (f Flow) ConsentPage(w http.ResponseWriter, r *http.Request) {
	request := requested(r.URL.Query().Get("request"))
	browser, session := f.Cookies.Browser(r), f.Cookies.Session(r)
	switch {
	case session.IsZero():
		redirect(w, r, "/signin", request)
		return
	case browser.IsZero():
		f.checkCookies(w, r, pageConsent, request)
		return
	}
	prompt, err := f.Consents.GetPrompt(r.Context(), &consentv1.GetPromptRequest{
		RequestId: request, SessionToken: session.Reveal(), BrowserToken: browser.Reveal(),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // Fail knows the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		redirect(w, r, "/signin", request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND:
		f.showMissing(w, r, request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_STALE: // release 0.1 of authz
		f.showStale(w, r, request)
		return
	}
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	flash := f.Cookies.TakeFlash(w, r, pageConsent, request)
	if flash.Kind == flashStale {
		f.showStale(w, r, request)
		return
	}
	f.showConsent(w, r, shown{request: request, prompt: prompt, flash: flash})
}

// showStale says that the decision was made on a page of before a revocation.
func (f Flow) showStale(w http.ResponseWriter, r *http.Request, request string) {
	f.Pages.Notice(w, r, page.Notice{
		Status: http.StatusBadRequest,
		Text:   "The app's access was ended while this page was open. Nothing was decided. To let the app in, start again from the app, or look at its request once more.",
		Link:   page.Link{Address: "/consent?request=" + url.QueryEscape(request), Text: "Look at the request"},
	})
}

// shown is a consent page.
type shown struct {
	request string
	prompt  *consentv1.GetPromptResponse
	flash   Flash
}

// pageToken is the form token of a consent page, which names what the page showed: base64url of the epoch and the client, a dot, and
// the token over it.
func (f Flow) pageToken(r *http.Request, request string, shown *consentv1.Page) string {
	purposes := consentForm(request).purposes
	if shown == nil {
		return f.Cookies.FormToken(f.Cookies.Browser(r), f.Cookies.Session(r), purposes...)
	}
	named := base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(shown.GetEpoch(), 10) + " " + shown.GetClientId()))
	return named + "." + f.Cookies.FormToken(f.Cookies.Browser(r), f.Cookies.Session(r), append(purposes, named)...)
}

// shownPage reads what a posted form's page showed; nil where its token names nothing.
func shownPage(token string) (named string, shown *consentv1.Page) {
	named, _, found := strings.Cut(token, ".")
	if !found {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(named)
	if err != nil {
		return "", nil
	}
	number, client, _ := strings.Cut(string(text), " ")
	epoch, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return "", nil
	}
	return named, &consentv1.Page{ClientId: client, Epoch: epoch}
}

func (f Flow) showConsent(w http.ResponseWriter, r *http.Request, c shown) {
	prompt, flash := c.prompt, c.flash
	data := page.Consent{
		CSRF:    f.pageToken(r, c.request, prompt.GetPage()),
		Request: c.request, App: prompt.GetClientName(), Origin: prompt.GetRedirectOrigin(),
		Person: prompt.GetDisplayName(), Email: prompt.GetEmailAddress(), Fault: f.Fault(flash), WorkspaceID: flash.WorkspaceID,
	}
	for _, s := range prompt.GetScopes() {
		data.Scopes = append(data.Scopes, page.Scope{Name: s.GetName(), Description: s.GetDescription()})
	}
	for _, ws := range prompt.GetWorkspaces() {
		data.Workspaces = append(data.Workspaces, page.Workspace{
			ID: ws.GetWorkspaceId(), Name: ws.GetName(), Plan: ws.GetPlan(), Role: ws.GetRole(),
		})
	}
	f.Pages.Render(w, page.View{Template: "consent", Title: Titled("Allow "+page.Name(data.App)+"?", data.Fault), Data: data})
}

// Decide hands the person's decision to consent and leads the browser back to the client.
func (f Flow) Decide(w http.ResponseWriter, r *http.Request) {
	if !f.readForm(w, r) {
		return
	}
	from := consentForm(requested(r.PostForm.Get("request")))
	if f.Cookies.Session(r).IsZero() {
		redirect(w, r, "/signin", from.request) // signed out elsewhere: the request goes on after the sign-in
		return
	}
	named, shown := shownPage(strings.TrimSpace(r.PostForm.Get("csrf_token")))
	if shown != nil {
		from.purposes = append(from.purposes, named)
	}
	if !f.checkForm(w, r, from) {
		return
	}
	workspace := r.PostForm.Get("workspace_id")
	decision := decisionOf(r.PostForm.Get("decision"))
	switch {
	case r.PostForm.Get("decision") == "switch":
		f.switchAccount(w, r, from)
	case decision == consentv1.Decision_DECISION_UNSPECIFIED:
		f.redirectBack(w, r, from, Flash{Kind: flashUndecided, WorkspaceID: workspace})
	case decision == consentv1.Decision_DECISION_APPROVE && workspace == "":
		f.redirectBack(w, r, from, Flash{Kind: flashNoWorkspace})
	default:
		f.decide(w, r, from, &consentv1.DecideRequest{
			RequestId: from.request, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
			Decision: decision, WorkspaceId: workspace, Page: shown,
			AnsweredBefore: r.PostForm.Get("answered") == "1" ||
				f.Cookies.PeekFlash(r, pageConsent, from.request).Kind == flashAnswered,
		})
	}
}

func (f Flow) decide(w http.ResponseWriter, r *http.Request, from origin, req *consentv1.DecideRequest) {
	res, err := f.Consents.Decide(r.Context(), req)
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectFailure handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		redirect(w, r, "/signin", from.request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND:
		redirect(w, r, from.path(), from.request) // which says what became of it
		return
	case errorv1.Reason_REASON_AUTHORIZATION_STALE:
		f.redirectBack(w, r, from, Flash{Kind: flashStale})
		return
	case errorv1.Reason_REASON_WORKSPACE_FORBIDDEN:
		f.redirectBack(w, r, from, Flash{Kind: flashForbidden})
		return
	}
	if err != nil {
		f.RedirectFailure(w, r, from, err)
		return
	}
	// A browser that receives this response may bring the code to the client. One that dropped it for a second click did not
	// store the cookie either, so that the next decision shows whether the code may be in use.
	f.Cookies.SetFlash(w, r, Flash{Kind: flashAnswered}, from.page, from.request)
	Leave(w, res.GetLocation())
}

// switchAccount ends the session and redirects to the sign-in page of the same request.
func (f Flow) switchAccount(w http.ResponseWriter, r *http.Request, from origin) {
	if err := f.endSession(w, r); err != nil {
		f.RedirectFailure(w, r, from, err)
		return
	}
	redirect(w, r, "/signin", from.request)
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
