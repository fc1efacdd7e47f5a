package flow

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// check looks at one thing. It answers a *refusal, another error where it could not be decided, or nil.
type check func(ctx context.Context, f Flow, a *asked) error

// order is the order of docs/wire-contract.md §5.
func order() []check {
	return []check{
		checkClient,      // unknown, repeated, missing, disabled      → page
		checkRedirectURI, // missing, repeated, not registered         → page
		checkState,       // too long to be returned whole             → page
		// Only from here on may a refusal redirect: the app and its redirect URI are known.
		checkRepeated,      // any parameter we read, sent twice         → invalid_request
		checkRequestObject, // request, request_uri                      → request_not_supported, request_uri_not_supported
		checkResponseMode,  // anything but query                        → invalid_request
		checkResponseType,  // missing; anything but code                → invalid_request; unsupported_response_type
		checkGrant,         // the app may not use codes                 → unauthorized_client
		checkScope,         // missing, unknown, not allowed to the app  → invalid_scope
		checkPKCE,          // missing for a public app, not S256, wrong → invalid_request
		checkPrompt,        // none beside something else                → invalid_request
		checkMaxAge,        // no whole number of seconds                → invalid_request
		checkLoginHint,     // never refuses
	}
}

// asked is a request while it is judged: each check reads the parameters and leaves what it found.
type asked struct {
	params oauth.Params
	client client.Registration
	// Request is what is kept of the request when every check has passed.
	pending.Request
	// silent, signInAgain and selectAccount are prompt=none, login and select_account.
	silent, signInAgain, selectAccount bool
	// maxAge is how long ago the sign-in may have been; nil for any time.
	maxAge *time.Duration
}

// judge runs the checks. The first that fails decides.
func (f Flow) judge(ctx context.Context, rawQuery string) (*asked, error) {
	a := &asked{}
	params, err := oauth.ParseQuery(rawQuery)
	if err != nil {
		return a, pageWith(cause.QueryMalformed, "The address of this page cannot be read: it is too long, or wrongly encoded.")
	}
	a.params = params
	for _, check := range order() {
		if err := check(ctx, f, a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// value reads a parameter; one without a value counts as omitted (RFC 6749 §3.1).
func (a *asked) value(name string) string {
	value, _, _ := a.params.Get(name)
	return value
}

func (a *asked) repeated(name string) bool {
	_, _, repeated := a.params.Get(name)
	return repeated
}

// verified reports whether answers may go to the redirect URI. It decides by the facts and not by which check spoke, so
// that no order of checks and no later check can turn this into an open redirector.
func (a *asked) verified() bool {
	return permits(a.client, a.RedirectURI)
}

// permits reports whether the app may have answers sent there.
func permits(app client.Registration, redirectURI string) bool {
	return !app.Disabled && oauth.MatchRedirectURI(app.RedirectURIs, redirectURI)
}

// refuse answers a request that a check turned down.
func (f Flow) refuse(a *asked, r *refusal) Step {
	page := Step{
		Kind: ErrorPage, Message: r.text, ClientName: a.client.Name, Refusal: Refusal{Cause: r.cause, ClientID: a.client.ID},
	}
	if r.code == "" || !a.verified() {
		return page
	}
	location, err := f.answer(a.RedirectURI, a.State, [2]string{"error", r.code}, [2]string{"error_description", r.text})
	if err != nil {
		return page
	}
	return Step{Kind: Redirect, Location: secret.New(location), Refusal: page.Refusal}
}
