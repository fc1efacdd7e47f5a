package flow

import "github.com/vidocu/usher/internal/platform/secret"

// Kind is a sort of step.
type Kind int

// The four steps.
const (
	// ErrorPage shows Message with status 400 and goes nowhere.
	ErrorPage Kind = iota
	// Redirect leads to Location, which is the app's.
	Redirect
	// SignIn asks the person to sign in, then to resume RequestID.
	SignIn
	// Consent shows the consent screen of RequestID.
	Consent
)

// Reason is why a user who is signed in is asked to sign in.
type Reason int

// The reasons. The zero value is none: there is no session.
const (
	// Again is a client that wants a new sign-in (`prompt=login`), or whose `max_age` is exceeded.
	Again Reason = iota + 1
	// SelectAccount is a client that wants a choice of account (`prompt=select_account`).
	SelectAccount
)

// Step is what the browser does next. The zero value is an error page.
type Step struct {
	Kind    Kind
	Message string
	// ClientName, untrusted text, is that of the client on an ErrorPage; empty where it is not known which one asked.
	ClientName string
	Location   secret.String
	RequestID  string
	// Reason is set on a SignIn of a user who is signed in.
	Reason Reason
}
