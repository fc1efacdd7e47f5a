package flow

import (
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Kind is the kind of a step.
type Kind int

// The steps.
const (
	// ErrorPage shows Message and does not redirect. The status is 400, or 503 if Temporary.
	ErrorPage Kind = iota
	// Redirect redirects to Location, the client's redirect URI.
	Redirect
	// SignIn asks the user to sign in, then to resume RequestID.
	SignIn
	// Consent shows the consent screen of RequestID.
	Consent
	// ReturnPage shows how RequestID ended, with a button that returns the user to the client.
	ReturnPage
	// SilentConsent has RequestID decided without a page.
	SilentConsent
)

// Reason is why a signed-in user has to sign in again.
type Reason int

// The reasons. The zero value means that there is no session.
const (
	// Again is set if the client requires a new sign-in (`prompt=login`) or `max_age` is exceeded.
	Again Reason = iota + 1
	// SelectAccount is set if the client requires a choice of account (`prompt=select_account`).
	SelectAccount
)

// Step is the browser's next step. The zero value is an error page.
type Step struct {
	Kind    Kind
	Message string
	// Names stand in Message, in the places of %s: untrusted text.
	Names []string
	// Temporary says that the same request may succeed soon, on an ErrorPage.
	Temporary bool
	// ClientName, untrusted text, is the client's name on an ErrorPage; empty if the client is not
	// known.
	ClientName string
	// Contact is where the user and the client's author can go from an ErrorPage.
	Contact   Contact
	Location  secret.String
	RequestID string
	// Reason is set on a SignIn of a signed-in user.
	Reason Reason
	// UILocales is the parameter ui_locales of a pushed request (OpenID Connect Core §3.1.2.1): untrusted
	// text, empty for a request that was not pushed.
	UILocales string
	// Refusal is set if the request was refused; it is for the log.
	Refusal Refusal
}

// Contact is who can mend what a request of a client got wrong.
type Contact struct {
	// ClientID is the client, if a workspace owns it: its members have pages about it.
	ClientID string
	// HomePage and Publisher are those of a client that is verified and in use: untrusted text.
	HomePage, Publisher string
}

// contact returns the contact of a client.
func contact(r client.Registration) (found Contact) {
	if r.Owner.WorkspaceID != "" {
		found.ClientID = r.ID
	}
	if shown := r.AppIdentity(); shown.Verified && !r.Disabled && r.ID != "" {
		found.HomePage, found.Publisher = shown.ClientURI, shown.Publisher
	}
	return found
}

// Refusal is why a request was refused.
type Refusal struct {
	// Cause is empty if nothing was refused.
	Cause cause.Cause
	// ClientID is the client, if it is registered.
	ClientID string
	// Parameter is the parameter whose value was not Expected, or without Expected the one that was
	// refused; empty if that is not known.
	Parameter, Expected string
	// LoggedAs is the identifier of the earlier HTTP request that was refused, on a ReturnPage; empty if
	// it is the one of the step.
	LoggedAs string
}
