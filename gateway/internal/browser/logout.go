package browser

import (
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// LogoutPath is the logout endpoint (OpenID Connect RP-Initiated Logout 1.0 §2), and LogoutDecisionPath
// takes the form of its page.
const (
	LogoutPath         = "/oauth/logout"
	LogoutDecisionPath = LogoutPath + "/decision"
)

// The decisions that end the session; the second one disconnects the user's clients too.
const (
	decideLogout    = "logout"
	decideLogoutAll = "logout_all"
)

// The parameters of a logout request that are read.
const (
	paramHint       = "id_token_hint"
	paramLogoutURI  = "post_logout_redirect_uri"
	paramState      = "state"
	paramClientID   = "client_id"
	purposeLogout   = "logout"
	textLoggedOut   = "You are signed out"
	textWrongLogout = "The app sent a wrong request to sign you out. For its author: %s."

	// paramUILocales concerns the language of the pages only.
	paramUILocales     = "ui_locales"
	textWrongParameter = "a parameter is repeated or malformed"
	textStillSignedIn  = "You are still signed in, if you were."
)

// logoutRequest is a logout request that was validated.
type logoutRequest struct {
	// params are the parameters, for the form of the page.
	params url.Values
	// clientName is untrusted text; empty where no client is known.
	clientName string
	// location is where the browser goes afterwards; empty for a page of the gateway.
	location string
	// clicked says that a browser without a session goes to location only when the user has clicked: the
	// client is not verified, so that its link would make the server an open redirector (RFC 9700
	// §4.11.2). Where the ID token is of the browser's session, the user has approved the client in it.
	clicked bool
	// sameSession says that the ID token is of this browser's session: the user is not asked.
	sameSession bool
}

func logoutForm(params url.Values) formPage {
	return formPage{page: pageLogout, purposes: []string{purposeLogout}, logout: params}
}

// logoutParams returns the parameters that are read; false for one that is there twice, or that cannot
// be passed on.
func logoutParams(query url.Values) (url.Values, bool) {
	params := url.Values{}
	for _, name := range []string{paramHint, paramLogoutURI, paramState, paramClientID} {
		values := query[name]
		if len(values) > 1 {
			return nil, false
		}
		if len(values) == 1 && values[0] != "" {
			if !utf8.ValidString(values[0]) {
				return nil, false
			}
			params.Set(name, values[0])
		}
	}
	return params, true
}

// Logout is the logout endpoint. A user who is signed in is asked, except by the client of an ID token of
// the same session. Any error is shown on a page, and never sent to an address of the request.
func (f Flow) Logout(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		f.Pages.Problem(w, r, http.StatusBadRequest, unreadableText(err, r.URL.RawQuery))
		return
	}
	f.setUILocales(w, r, query.Get(paramUILocales))
	f.logout(w, r, query)
}

// LogoutPosted is Logout with the parameters in a form body. A browser sends no session cookie with a
// form of another site: such a request is redirected to GET, which sends it, and never goes on without
// a session, since the user may have one.
func (f Flow) LogoutPosted(w http.ResponseWriter, r *http.Request) {
	raw, ok := f.readPosted(w, r)
	if !ok {
		return
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		f.Pages.Problem(w, r, http.StatusBadRequest, unreadableText(err, raw))
		return
	}
	if f.Cookies.Session(r).IsZero() {
		f.redirectLogout(w, r, query)
		return
	}
	f.logout(w, r, query)
}

// redirectLogout redirects a posted logout request to GET, with the parameters that are read.
func (f Flow) redirectLogout(w http.ResponseWriter, r *http.Request, query url.Values) {
	params, ok := logoutParams(query)
	if !ok {
		f.showWrongLogout(w, r, textWrongParameter)
		return
	}
	if locales := query.Get(paramUILocales); locales != "" {
		params.Set(paramUILocales, locales)
	}
	address := LogoutPath + "?" + params.Encode()
	if len(address) > maxRedirected {
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusRequestEntityTooLarge, Text: "The app sent a request that is too long.", Known: textStillSignedIn,
		})
		return
	}
	redirectToPage(w, r, address)
}

func (f Flow) logout(w http.ResponseWriter, r *http.Request, query url.Values) {
	request, ok := f.checkLogout(w, r, query)
	switch {
	case !ok:
	case f.Cookies.Session(r).IsZero():
		f.loggedOut(w, r, request)
	case request.sameSession:
		if err := f.endSession(w, r); err != nil {
			f.ShowError(w, r, err)
			return
		}
		f.afterLogout(w, r, request)
	default:
		f.askLogout(w, r, request)
	}
}

// checkLogout validates a logout request. It writes the response and returns false for a wrong one. The
// browser returns only with an ID token, which proves that the sender is the client (OpenID Connect
// RP-Initiated Logout 1.0 §3); an address that is not registered is refused without one too, so that its
// author sees the mistake.
func (f Flow) checkLogout(w http.ResponseWriter, r *http.Request, query url.Values) (logoutRequest, bool) {
	params, ok := logoutParams(query)
	if !ok {
		f.showWrongLogout(w, r, textWrongParameter)
		return logoutRequest{}, false
	}
	request := logoutRequest{params: params}
	hint, err := f.checkHint(r, params.Get(paramHint))
	clientID := params.Get(paramClientID)
	switch {
	case err != nil:
		f.ShowError(w, r, err)
		return request, false
	case hint == nil && params.Has(paramHint):
		f.showWrongLogout(w, r, "id_token_hint is not an ID token of this server")
		return request, false
	case hint != nil && clientID != "" && clientID != hint.GetClientId():
		f.showWrongLogout(w, r, "client_id is not the client of id_token_hint")
		return request, false
	case hint != nil:
		clientID = hint.GetClientId()
	}
	if clientID == "" {
		return request, true
	}
	check := &authzv1.CheckLogoutRequest{
		ClientId: clientID, SessionToken: f.Cookies.Session(r).Reveal(), SessionId: hint.GetSessionId(),
		PostLogoutRedirectUri: params.Get(paramLogoutURI), State: params.Get(paramState),
	}
	checked, err := f.Logouts.CheckLogout(r.Context(), check)
	switch oerr.Reason(err) { //nolint:exhaustive // ShowError handles the others
	case errorv1.Reason_REASON_NOT_FOUND:
		f.showWrongLogout(w, r, "client_id names no client that is in use")
		return request, false
	case errorv1.Reason_REASON_INVALID_REQUEST:
		f.showWrongLogout(w, r, "post_logout_redirect_uri is not registered for the client")
		return request, false
	}
	if err != nil {
		f.ShowError(w, r, err)
		return request, false
	}
	request.clientName, request.sameSession, request.clicked = checked.GetClientName(), checked.GetSameSession(), checked.GetUnverified()
	if hint != nil {
		request.location = checked.GetLocation()
	}
	return request, true
}

// showWrongLogout shows what is wrong with a logout request. It ends no session.
func (f Flow) showWrongLogout(w http.ResponseWriter, r *http.Request, fault string) {
	f.Pages.Notice(w, r, page.Notice{
		Status: http.StatusBadRequest, Text: textWrongLogout, English: true, Names: []string{fault}, Known: textStillSignedIn,
	})
}

// askLogout shows the page that asks the user.
func (f Flow) askLogout(w http.ResponseWriter, r *http.Request, request logoutRequest) {
	session := f.Cookies.Session(r)
	current, err := f.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	switch {
	case oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED:
		f.loggedOut(w, r, request)
		return
	case err != nil:
		f.ShowError(w, r, err)
		return
	}
	flash := f.Cookies.TakeFlash(w, r, pageLogout, "")
	data := page.Logout{
		CSRF: f.Cookies.FormToken(f.Cookies.EnsureBrowser(w, r), session, purposeLogout), App: request.clientName,
		User:   page.User{Name: current.GetSession().GetDisplayName(), Email: current.GetSession().GetEmailAddress()},
		Params: request.params, Fault: f.Fault(flash),
	}
	f.Pages.Render(w, r, page.View{Template: "logout", Title: "Sign out?", Failed: data.Fault.Text != "", Data: data})
}

// DecideLogout takes the user's decision.
func (f Flow) DecideLogout(w http.ResponseWriter, r *http.Request) {
	if !f.readForm(w, r) {
		return
	}
	params, _ := logoutParams(r.PostForm)
	from := logoutForm(params)
	decision := r.PostForm.Get("decision")
	if f.Cookies.Session(r).IsZero() && decision != decisionReturn { // signed out in another tab
		redirectToPage(w, r, from.address())
		return
	}
	if !f.checkForm(w, r, from) {
		return
	}
	if decision == decisionReturn {
		if request, ok := f.checkLogout(w, r, r.PostForm); ok {
			f.afterLogout(w, r, request)
		}
		return
	}
	if decision != decideLogout && decision != decideLogoutAll {
		redirectToPage(w, r, HomePath)
		return
	}
	request, ok := f.checkLogout(w, r, r.PostForm)
	if !ok {
		return
	}
	r, done := httpx.Uninterrupted(r) // a closed browser must not leave the session, or some of the clients
	defer done()
	var flash Flash
	if decision == decideLogoutAll { // before the session ends, which names the user
		_, err := f.ConnectedApps.DisconnectAllApps(r.Context(), &consentv1.DisconnectAllAppsRequest{SessionToken: f.Cookies.Session(r).Reveal()})
		switch flash.Kind = flashAllEnded; {
		case oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED:
			flash.Kind, request.location = flashNoneEnded, "" // the user must not be sent to a page that cannot show it
		case err != nil:
			f.RedirectWithError(w, r, from, err)
			return
		}
	}
	if err := f.endSession(w, r); err != nil {
		f.RedirectWithError(w, r, from, err)
		return
	}
	if flash.Kind != "" && request.location == "" {
		f.Cookies.SetFlash(w, f.Cookies.WithSession(r, secret.String{}), flash, pageLogout, "")
	}
	f.afterLogout(w, r, request)
}

// afterLogout redirects once the session has ended.
func (f Flow) afterLogout(w http.ResponseWriter, r *http.Request, request logoutRequest) {
	if request.location != "" {
		RedirectTo(w, request.location)
		return
	}
	redirectToPage(w, r, LogoutPath)
}

// offerReturn shows that the user is signed out, with a button that goes to the client.
func (f Flow) offerReturn(w http.ResponseWriter, r *http.Request, request logoutRequest) {
	form := &page.Repeat{
		Action: LogoutDecisionPath, CSRF: f.Cookies.FormToken(f.Cookies.EnsureBrowser(w, r), f.Cookies.Session(r), purposeLogout),
		Fields: request.params, Decision: decisionReturn,
	}
	form.Text, form.Name = returnTo(request.location)
	f.Pages.Notice(w, r, page.Notice{
		Status: http.StatusOK, App: request.clientName, Heading: textLoggedOut,
		Text: "Nobody here has checked the app that sent you here. Go on only if you came from it yourself.", Repeat: form,
	})
}

// loggedOut responds to a request of a browser without a session.
func (f Flow) loggedOut(w http.ResponseWriter, r *http.Request, request logoutRequest) {
	switch {
	case request.location != "" && request.clicked:
		f.offerReturn(w, r, request)
		return
	case request.location != "":
		RedirectTo(w, request.location)
		return
	}
	text := "Apps that you connected keep their access: signing out does not end it."
	switch f.Cookies.TakeFlash(w, r, pageLogout, "").Kind { //nolint:exhaustive // the others are of the page that asks
	case flashAllEnded:
		text = "Every app that you connected is disconnected."
	case flashNoneEnded:
		text = "You were signed out already, so that no app was disconnected. Sign in and disconnect your apps there."
	}
	f.Pages.Notice(w, r, page.Notice{
		Status: http.StatusOK, Heading: textLoggedOut, Text: text, Link: page.Link{Address: "/signin", Text: "Sign in"},
	})
}
