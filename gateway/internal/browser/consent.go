package browser

import (
	"context"
	"crypto/rand"
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

func consentForm(request string) formPage {
	return formPage{page: pageConsent, purposes: []string{purposeDecide, request}, request: request}
}

// ConsentPage shows the scopes that the client requests, or the decision where there is one.
func (f Flow) ConsentPage(w http.ResponseWriter, r *http.Request) {
	request := parseRequestID(r.URL.Query().Get("request"))
	browser, session := f.Cookies.Browser(r), f.Cookies.Session(r)
	switch {
	case session.IsZero():
		redirect(w, r, "/signin", request)
		return
	case browser.IsZero():
		f.checkCookies(w, r, consentForm(request))
		return
	}
	prompt, err := f.Consents.GetPrompt(r.Context(), &consentv1.GetPromptRequest{
		RequestId: request, SessionToken: session.Reveal(), BrowserToken: browser.Reveal(), PageInDecision: true,
	})
	switch oerr.Reason(err) { //nolint:exhaustive // ShowError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		redirect(w, r, "/signin", request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND:
		f.showMissing(w, r, request)
		return
	case errorv1.Reason_REASON_CLIENT_NOT_LIVE:
		f.showNotLive(w, r, request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_STALE: // release 0.1 of authz
		f.showStale(w, r, request)
		return
	}
	if err != nil {
		f.ShowError(w, r, err)
		return
	}
	flash := f.Cookies.TakeFlash(w, r, pageConsent, request)
	if flash.Kind == flashStale {
		f.showStale(w, r, request)
		return
	}
	f.showConsent(w, r, consentView{request: request, prompt: prompt, flash: flash, whole: r.URL.Query().Get("whole") != ""})
}

// showStale shows that the decision was made on a page from before a revocation.
func (f Flow) showStale(w http.ResponseWriter, r *http.Request, request string) {
	f.Pages.Notice(w, r, page.Notice{
		Status: http.StatusBadRequest,
		Text:   "The app's access was ended while this page was open. Nothing was decided. To let the app in, start again from the app, or look at its request once more.",
		Link:   page.Link{Address: "/consent?request=" + url.QueryEscape(request), Text: "Look at the request"},
	})
}

// showNotLive shows that only the team and the testers of a client may connect it.
func (f Flow) showNotLive(w http.ResponseWriter, r *http.Request, request string) {
	found, err := f.lookUp(r, request) // for the name alone
	if err != nil {
		f.Log(r, err)
	}
	f.Pages.Notice(w, r, page.Notice{
		Status: http.StatusForbidden, App: found.GetClientName(), Heading: "This app is not open yet", Known: "Nothing was shared with any app.",
		Text: "Its team still works on it: only they, and the people whom they invited as testers, can connect it. Were you invited? Sign in with the address that they invited.",
		Repeat: &page.Repeat{
			Action: decisionPath, CSRF: f.pageToken(r, request, nil), Fields: decisionFields(request, ""), Decision: "switch", Text: "Use another account",
		},
		Author: authorOf(r),
	})
}

// consentView is the data of a consent page.
type consentView struct {
	request string
	prompt  *consentv1.GetPromptResponse
	flash   Flash
	// whole shows the whole page where one click would do.
	whole bool
}

// nonceLength is the number of characters of a page's nonce: it is not a secret.
const nonceLength = 8

// pageToken returns the CSRF token of a consent page, which contains the epoch and the client that
// the page showed, and a nonce that distinguishes it from another page of the same authorization: their
// base64url, a dot, and the token over them.
func (f Flow) pageToken(r *http.Request, request string, displayed *consentv1.Page) string {
	purposes := consentForm(request).purposes
	if displayed == nil {
		return f.Cookies.FormToken(f.Cookies.Browser(r), f.Cookies.Session(r), purposes...)
	}
	named := base64.RawURLEncoding.EncodeToString(
		[]byte(strconv.FormatInt(displayed.GetEpoch(), 10) + " " + rand.Text()[:nonceLength] + " " + displayed.GetClientId()))
	return named + "." + f.Cookies.FormToken(f.Cookies.Browser(r), f.Cookies.Session(r), append(purposes, named)...)
}

// shownPage parses the epoch and the client in the CSRF token of a posted form; nil where it has
// none.
func shownPage(token string) (named string, displayed *consentv1.Page) {
	named, _, found := strings.Cut(token, ".")
	if !found {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(named)
	if err != nil {
		return "", nil
	}
	fields := strings.SplitN(string(text), " ", 3)
	epoch, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || len(fields) < 3 {
		return "", nil
	}
	return named, &consentv1.Page{ClientId: fields[2], Epoch: epoch}
}

func (f Flow) showConsent(w http.ResponseWriter, r *http.Request, c consentView) {
	data := f.consentData(c)
	data.CSRF = f.pageToken(r, c.request, c.prompt.GetPage())
	f.Pages.Render(w, r, page.View{
		Template: "consent", Title: "Allow %s?", TitleName: data.App, Failed: data.Fault.Text != "", Preferred: c.prompt.GetLanguage(), Data: data,
	})
}

// documentOf returns the address at which a client describes itself, which is its identifier; empty
// for a client that is registered here.
func documentOf(clientID string) string {
	if strings.Contains(clientID, "://") {
		return clientID
	}
	return ""
}

// Decide passes the user's decision to consent and redirects to the client.
func (f Flow) Decide(w http.ResponseWriter, r *http.Request) {
	if !f.readForm(w, r) {
		return
	}
	from := consentForm(parseRequestID(r.PostForm.Get("request")))
	if r.PostForm.Get("decision") == decisionReturn {
		f.returnToClient(w, r, from)
		return
	}
	if f.Cookies.Session(r).IsZero() {
		f.noteSignedOut(w, r, from.request) // in another tab: the authorization continues after the sign-in
		redirect(w, r, "/signin", from.request)
		return
	}
	if workspace, asks := strings.CutPrefix(r.PostForm.Get("decision"), decisionAsk); asks {
		f.askForApproval(w, r, from, workspace)
		return
	}
	named, displayed := shownPage(strings.TrimSpace(r.PostForm.Get("csrf_token")))
	if displayed != nil {
		from.purposes, from.named = append(from.purposes, named), named
	}
	if !f.checkForm(w, r, from) {
		return
	}
	workspace := r.PostForm.Get("workspace_id")
	chosen, scopes := scopesOf(r.PostForm)
	decision := decisionOf(r.PostForm.Get("decision"))
	switch {
	case r.PostForm.Get("decision") == "switch":
		f.switchAccount(w, r, from)
	case decision == consentv1.Decision_DECISION_UNSPECIFIED:
		f.redirectBack(w, r, from, Flash{Kind: flashUndecided, WorkspaceID: workspace, ScopesChosen: chosen, Scopes: strings.Join(scopes, " ")})
	case decision == consentv1.Decision_DECISION_APPROVE && workspace == "":
		f.redirectBack(w, r, from, Flash{Kind: flashNoWorkspace, ScopesChosen: chosen, Scopes: strings.Join(scopes, " ")})
	case decision == consentv1.Decision_DECISION_APPROVE && chosen && len(scopes) == 0:
		f.redirectBack(w, r, from, Flash{Kind: flashNoScope, WorkspaceID: workspace, ScopesChosen: true})
	default:
		answered := f.Cookies.PeekFlash(r, pageConsent, from.request)
		f.decide(w, r, from, &consentv1.DecideRequest{
			RequestId: from.request, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
			Decision: decision, WorkspaceId: workspace, Page: displayed, ScopesChosen: chosen, Scopes: scopes,
			AnsweredBefore: r.PostForm.Get("answered") == "1" || answered.Kind == flashAnswered,
			SameForm:       answered.Kind == flashAnswered && named != "" && answered.Form == named,
		})
	}
}

func (f Flow) decide(w http.ResponseWriter, r *http.Request, from formPage, req *consentv1.DecideRequest) {
	res, err := f.Consents.Decide(r.Context(), req)
	if oerr.Reason(err) == errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND && req.GetPage() != nil && !req.GetScopesChosen() {
		res, err = f.decideBound(r.Context(), req, err)
	}
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		f.noteSignedOut(w, r, from.request)
		redirect(w, r, "/signin", from.request)
		return
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, errorv1.Reason_REASON_CLIENT_NOT_LIVE:
		redirect(w, r, from.path(), from.request) // which shows the state of the authorization
		return
	case errorv1.Reason_REASON_AUTHORIZATION_STALE:
		f.redirectBack(w, r, from, Flash{Kind: flashStale})
		return
	case errorv1.Reason_REASON_WORKSPACE_FORBIDDEN:
		f.redirectBack(w, r, from, Flash{Kind: flashForbidden})
		return
	case errorv1.Reason_REASON_WORKSPACE_POLICY:
		f.redirectBack(w, r, from, Flash{Kind: flashPolicy, WorkspaceID: req.GetWorkspaceId()})
		return
	case errorv1.Reason_REASON_INVALID_REQUEST:
		if req.GetScopesChosen() && oerr.Field(err) == "scopes" {
			f.redirectBack(w, r, from, Flash{Kind: flashScopes, WorkspaceID: req.GetWorkspaceId()})
			return
		}
	case errorv1.Reason_REASON_CLIENT_FULL:
		f.redirectBack(w, r, from, Flash{Kind: flashFull})
		return
	}
	if err != nil {
		f.RedirectWithError(w, r, from, err)
		return
	}
	if res.GetLocation() == "" { // a device polls for the outcome, and the page shows it to the user
		redirectToPage(w, r, from.address())
		return
	}
	// A browser that receives this response may send the code to the client. A browser that dropped
	// the response because of a second click did not store the cookie, so that the next decision
	// shows consent whether the code may have been used.
	f.Cookies.SetFlash(w, r, Flash{Kind: flashAnswered, Form: from.named}, from.page, from.request)
	if req.GetDecision() == consentv1.Decision_DECISION_DENY {
		f.redirectDenied(w, r, from, res.GetLocation())
		return
	}
	RedirectTo(w, res.GetLocation())
}

// decideBound makes a decision again as release 0.1 requires it: it binds the page to its viewer,
// and the decision names no page. During an upgrade the page may come from a process of this
// release, and the decision reach one of the previous release. A revocation since the page was
// shown is not noticed then. It returns failed where the page cannot be bound, for example because
// the authorization is decided.
func (f Flow) decideBound(ctx context.Context, req *consentv1.DecideRequest, failed error) (*consentv1.DecideResponse, error) {
	_, err := f.Consents.GetPrompt(ctx, &consentv1.GetPromptRequest{
		RequestId: req.GetRequestId(), SessionToken: req.GetSessionToken(), BrowserToken: req.GetBrowserToken(),
	})
	if err != nil {
		return nil, failed
	}
	req.Page = nil
	return f.Consents.Decide(ctx, req)
}

// scopesOf returns the scopes that a form approves: the values of `scope`, each of one or several
// names. chosen is false for a form without them, which approves all requested scopes.
func scopesOf(form url.Values) (chosen bool, scopes []string) {
	values, chosen := form["scope"]
	return chosen, strings.Fields(strings.Join(values, " "))
}

// switchAccount ends the session and redirects to the sign-in page of the same request.
func (f Flow) switchAccount(w http.ResponseWriter, r *http.Request, from formPage) {
	if err := f.endSession(w, r); err != nil {
		f.RedirectWithError(w, r, from, err)
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
