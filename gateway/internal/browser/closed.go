package browser

import (
	"cmp"
	"net/http"
	"net/url"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// lookUp calls authz for the state of an authorization. Release 0.1 of authz, which may run during
// an upgrade, only implements ResumeAuthorization.
func (f Flow) lookUp(r *http.Request, request string) (*authzv1.LookUpAuthorizationResponse, error) {
	session, browser := f.Cookies.Session(r).Reveal(), f.Cookies.Browser(r).Reveal()
	found, err := f.Authorizations.LookUpAuthorization(r.Context(), &authzv1.LookUpAuthorizationRequest{
		RequestId: request, SessionToken: session, BrowserToken: browser,
	})
	if status.Code(err) != codes.Unimplemented {
		return found, err
	}
	resumed, err := f.Authorizations.ResumeAuthorization(r.Context(), &authzv1.ResumeAuthorizationRequest{
		RequestId: request, SessionToken: session, BrowserToken: browser,
	})
	if oerr.Reason(err) == errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND {
		return &authzv1.LookUpAuthorizationResponse{State: authzv1.AuthorizationState_AUTHORIZATION_STATE_UNKNOWN}, nil
	}
	if err != nil {
		return nil, err
	}
	return &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, Step: resumed.GetStep(),
	}, nil
}

// showMissing shows why there is no consent page for an authorization.
func (f Flow) showMissing(w http.ResponseWriter, r *http.Request, request string) {
	if request == "" {
		f.showClosed(w, r, "", &authzv1.LookUpAuthorizationResponse{})
		return
	}
	found, err := f.lookUp(r, request)
	if err != nil {
		f.ShowError(w, r, err)
		return
	}
	f.showClosed(w, r, request, found)
}

// showClosed shows the state of an authorization that is not open. It states "nothing was shared"
// only where that is certain.
func (f Flow) showClosed(w http.ResponseWriter, r *http.Request, request string, found *authzv1.LookUpAuthorizationResponse) {
	n := page.Notice{Status: http.StatusBadRequest, App: found.GetClientName(), Link: backTo(found.GetRedirectOrigin())}
	switch found.GetState() {
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_APPROVED, authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED:
		f.showDecided(w, r, request, found)
		return
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_REFUSED:
		n = refusedNotice(found)
		n.Repeat, n.Author = f.returnForm(w, r, request, found), authorLink(found.GetClientId(), cmp.Or(n.Reference, requestid.From(r.Context())))
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED:
		n.Heading = "This request has expired"
		n.Text = "It waited for an answer for too long. Start again from the app."
		if found.GetDevice() != nil {
			n.Text = "It waited for an answer for too long. Start again on the device."
		}
		if n.App != "" {
			n.Known = "Nothing was decided and nothing was shared with the app."
		}
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_BROWSER:
		n.Heading = "This request was begun in another browser"
		n.Text = "Only the browser in which an app's request was begun can answer it, as long as it keeps its cookies. Go on there, or start again from the app in this browser."
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_PERSON:
		n.Heading = "Another person answered this request"
		n.Text = "Somebody else who was signed in in this browser answered it. To decide for yourself, start again from the app."
		if found.GetDevice() != nil {
			n.Text = "Somebody else who was signed in in this browser answered it. To decide for yourself, start again on the device."
		}
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_USED:
		n.Heading = "This request was answered elsewhere"
		n.Text = "The app's request can be answered once, and it was answered in another window or browser. Start again from the app."
		if found.GetDevice() != nil {
			n.Text = "The app's request can be answered once, and it was answered in another window or browser. Start again on the device."
		}
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN:
		// The user signed in between the two calls: the consent page is available now.
		n.Heading = "This request is still open"
		n.Text = "It waits for your answer."
		n.Link = page.Link{Address: "/consent?request=" + url.QueryEscape(request), Text: "Go on"}
	case authzv1.AuthorizationState_AUTHORIZATION_STATE_UNKNOWN, authzv1.AuthorizationState_AUTHORIZATION_STATE_UNSPECIFIED:
		n.Heading = "There is no such request"
		n.Text = "The address of this page names no app's request that we know: it may be incomplete. Start again from the app."
	}
	f.Pages.Notice(w, r, n)
}

// backTo returns a link to the client's website; the zero Link where the redirect URI is not https.
func backTo(origin string) page.Link {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return page.Link{}
	}
	return page.Link{Address: "https://" + u.Host + "/", Text: "Go to %s", Host: u.Host}
}

// showDecided shows the decision. The workspace and whether the code was redeemed come from
// consent, which returns them only to the user who decided.
func (f Flow) showDecided(w http.ResponseWriter, r *http.Request, request string, found *authzv1.LookUpAuthorizationResponse) {
	n := page.Notice{App: found.GetClientName(), Link: backTo(found.GetRedirectOrigin())}
	if found.GetState() == authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED {
		n.Heading = "You denied this request"
		n.Text = "This request was answered already, and the answer was no."
		if found.GetDevice() != nil || found.GetReturnLocation() != "" { // the user comes here right after the decision
			n.Text = "You answered no."
		}
		n.Known = "Nothing was shared with the app. To let it in, start again from the app."
		if found.GetDevice() != nil {
			n.Known = "Nothing was shared with the app. Go back to your device: it says so too. To let it in, start again there."
		}
		n.Repeat = f.returnForm(w, r, request, found)
		f.Pages.Notice(w, r, n)
		return
	}
	n.Heading = "You allowed this request"
	n.Text = "This request was answered already, and the answer was yes. You can take the access back at any time under Connected apps."
	n.Link = page.Link{Address: HomePath, Text: "Go to your connected apps"}
	if found.GetDevice() != nil {
		n.Heading = "Go back to your device"
		n.Text = "You allowed this request. Your device goes on by itself; if it does not within a minute, start again there. You can take the access back at any time under Connected apps."
	}
	session, browser := f.Cookies.Session(r), f.Cookies.Browser(r)
	outcome, err := f.Consents.GetOutcome(r.Context(), &consentv1.GetOutcomeRequest{
		RequestId: request, SessionToken: session.Reveal(), BrowserToken: browser.Reveal(),
	})
	reason := oerr.Reason(err)
	switch {
	case reason == errorv1.Reason_REASON_SESSION_REQUIRED || reason == errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND ||
		status.Code(err) == codes.Unimplemented: // no session, or release 0.1 of consent
		f.Pages.Notice(w, r, n)
		return
	case err != nil:
		f.ShowError(w, r, err)
		return
	}
	if found.GetDevice() != nil {
		n.Known = "The app has not received its access yet."
	}
	f.showApproved(w, r, n, request, outcome)
}

// showApproved shows an approval to the user who made it, with a form that repeats it as long as
// the code was not redeemed.
func (f Flow) showApproved(w http.ResponseWriter, r *http.Request, n page.Notice, request string, outcome *consentv1.GetOutcomeResponse) {
	workspace := outcome.GetWorkspace().GetName()
	if workspace == "" {
		workspace = outcome.GetWorkspace().GetWorkspaceId()
	}
	n.Workspace, n.At, n.Preferred = workspace, outcome.GetDecideTime().AsTime().In(Zone(outcome.GetTimeZone())), outcome.GetLanguage()
	switch {
	case outcome.GetCodeRedeemed():
		n.Known = "The app has received its access."
	case outcome.GetRepeatable():
		n.Known = "The app has not received its access yet."
		n.Repeat = &page.Repeat{
			Action: decisionPath, CSRF: f.Cookies.FormToken(f.Cookies.Browser(r), f.Cookies.Session(r), consentForm(request).purposes...),
			Fields: decisionFields(request, outcome.GetWorkspace().GetWorkspaceId()), Decision: "approve", Text: "Continue to the app",
		}
	}
	f.Pages.Notice(w, r, n)
}
