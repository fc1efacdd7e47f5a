package browser

import (
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/gateway/internal/refusal"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// decisionReturn is the decision of the form that returns the user to a client that is not
// verified.
const decisionReturn = "return"

// decisionPath takes the decisions of the consent page, and of the forms that repeat one.
const decisionPath = "/consent/decision"

// returnPagePath is the page of a request that ended without a code. The sign-in page shows the
// state of any request, also without a session.
const returnPagePath = "/signin"

// redirectDenied redirects to a client after a denial; to the return page where the client is not
// verified (RFC 9700 §4.11.2).
func (f Flow) redirectDenied(w http.ResponseWriter, r *http.Request, from formPage, location string) {
	found, err := f.lookUp(r, from.request)
	switch {
	case err != nil:
		f.RedirectWithError(w, r, from, err)
	case found.GetReturnLocation() != "":
		redirect(w, r, returnPagePath, from.request)
	default:
		RedirectTo(w, location)
	}
}

// returnToClient redirects to the client when the user has clicked the button. The address comes
// from authz and never from the form.
func (f Flow) returnToClient(w http.ResponseWriter, r *http.Request, from formPage) {
	if !f.checkForm(w, r, from) {
		return
	}
	found, err := f.lookUp(r, from.request)
	switch {
	case err != nil:
		f.RedirectWithError(w, r, from, err)
	case found.GetReturnLocation() == "":
		redirect(w, r, returnPagePath, from.request) // which shows the state of the authorization
	default:
		RedirectTo(w, found.GetReturnLocation())
	}
}

// returnForm returns the form with the button that returns to the client; nil where authz names
// no address.
func (f Flow) returnForm(w http.ResponseWriter, r *http.Request, request string, found *authzv1.LookUpAuthorizationResponse) *page.Repeat {
	if found.GetReturnLocation() == "" {
		return nil
	}
	form := &page.Repeat{
		Action: decisionPath, CSRF: f.Cookies.FormToken(f.Cookies.EnsureBrowser(w, r), f.Cookies.Session(r), consentForm(request).purposes...),
		Fields: decisionFields(request, ""), Decision: decisionReturn,
	}
	form.Text, form.Name = returnTo(found.GetRedirectOrigin())
	return form
}

// returnTo returns the label of a button that goes to an address of a client, and the name in it.
func returnTo(address string) (text, name string) {
	switch host, scheme := destination(address); {
	case host != "":
		return "Return to %s", host
	case scheme != "":
		return "Return to the app on this device (%s)", scheme
	}
	return "Return to the app", ""
}

// decisionFields returns the fields of a form with one button at decisionPath.
func decisionFields(request, workspaceID string) url.Values {
	return url.Values{"request": {request}, "workspace_id": {workspaceID}, "answered": {"1"}}
}

// refusedNotice describes a request that was refused: its error, the destination of the response, and
// the identifier under which the log has it.
func refusedNotice(found *authzv1.LookUpAuthorizationResponse) page.Notice {
	n := page.Notice{
		Status: http.StatusBadRequest, App: found.GetClientName(), Heading: "The app sent a wrong request",
		Text:  "Nobody here has checked this app. What was wrong, for its author: %s.",
		Names: []string{found.GetFault()}, English: true, Known: "Nothing was shared with the app.",
		Reference: found.GetStep().GetRefusal().GetLoggedAs(),
	}
	switch host, scheme := destination(found.GetRedirectOrigin()); {
	case host != "":
		n.Text = "It wants to return to %s, and nobody here has checked this app. What was wrong, for its author: %s."
		n.Names = []string{host, found.GetFault()}
	case scheme != "":
		n.Text = "It wants to return to the app on this device (%s), and nobody here has checked it. What was wrong, for its author: %s."
		n.Names = []string{scheme, found.GetFault()}
	}
	return n
}

// authorOf returns the address of this request in the log of the client that its refusal names, which a
// workspace owns.
func authorOf(r *http.Request) string {
	refused, _ := refusal.FromContext(r.Context())
	return authorLink(refused.ClientID, requestid.From(r.Context()))
}

// destination returns the host of a redirect URI's origin or, where it is on the user's device, its
// scheme; two empty strings for no origin.
func destination(origin string) (host, scheme string) {
	u, err := url.Parse(origin)
	switch {
	case err != nil || origin == "":
		return "", ""
	case u.Scheme == "https" || u.Scheme == "http":
		return page.Name(u.Host), ""
	}
	return "", page.Name(u.Scheme)
}
