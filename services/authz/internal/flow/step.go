package flow

import (
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

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

// Step is what the browser does next. The zero value is an error page.
type Step struct {
	Kind      Kind
	Message   string
	Location  secret.String
	RequestID string
	// Refusal is set where the request was refused; it is for the log.
	Refusal Refusal
}

// Refusal is why a request was refused.
type Refusal struct {
	// Cause is empty where nothing was refused.
	Cause cause.Cause
	// ClientID is the client, where it is registered.
	ClientID string
}
