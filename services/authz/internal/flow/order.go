package flow

import (
	"context"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/pushed"
)

// check validates one aspect of a request. It returns a *refusal, another error if the check could
// not be made, or nil.
type check func(ctx context.Context, f Flow, a *request) error

// order returns the checks in the order of docs/wire-contract.md §5.
func order() []check {
	return []check{
		checkClient,      // unknown, repeated, missing, disabled      → page
		checkRedirectURI, // missing, repeated, not registered         → page
		checkState,       // too long to be returned whole             → page
		// Refusals redirect only from here on: the client and its redirect URI are known.
		checkRepeated,      // any parameter we read, sent twice         → invalid_request
		checkPushed,        // not pushed, where that is required        → invalid_request
		checkRequestObject, // request, request_uri                      → request_not_supported, request_uri_not_supported
		checkResponseMode,  // anything but query                        → invalid_request
		checkResponseType,  // missing; anything but code                → invalid_request; unsupported_response_type
		checkGrant,         // the client may not use codes              → unauthorized_client
		checkScope,         // missing, unknown, not allowed to client   → invalid_scope
		checkResource,      // malformed, unknown; scope of another      → invalid_target; invalid_scope
		checkPKCE,          // missing for a public client, not S256     → invalid_request
		checkProof,         // a proof that the profile excludes         → invalid_dpop_proof
		checkDPoPKey,       // dpop_jkt: malformed, not the proof's key  → invalid_request
		checkPrompt,        // none together with another value          → invalid_request
		checkMaxAge,        // not a whole number of seconds             → invalid_request
		checkLoginHint,     // never refuses
		checkUILocales,     // never refuses
		checkOpenID,        // nonce, id_token_hint; registration        → invalid_request; registration_not_supported
	}
}

// request is an authorization request while it is validated: each check reads parameters and sets
// fields.
type request struct {
	params oauth.Params
	client client.Registration
	// Request is the part that is stored when every check has passed.
	pending.Request
	// silent, signInAgain and selectAccount are prompt=none, login and select_account.
	silent, signInAgain, selectAccount bool
	// push says that the client pushes the request, and proof is the DPoP proof beside it; zero without
	// one.
	push  bool
	proof Proof
	// uiLocales is the parameter ui_locales; empty for none, or one that is too long.
	uiLocales string
	// maxAge is the maximum age of the sign-in; nil for any.
	maxAge *time.Duration
	// hint is the ID token of the request; nil where none was sent, or where it is not one of this
	// server.
	hint *IDTokenHint
}

// validate runs the checks and returns the error of the first that fails.
func (f Flow) validate(ctx context.Context, rawQuery string, hint *IDTokenHint) (*request, error) {
	a := &request{hint: hint}
	params, err := oauth.ParseQuery(rawQuery)
	if err != nil {
		return a, pageWith(cause.QueryMalformed, unreadableText(err))
	}
	a.params = params
	if pushed.Is(a.value("request_uri")) {
		if err := f.loadPushed(ctx, a); err != nil {
			return a, err
		}
	}
	return a, f.check(ctx, a)
}

// check runs the checks on the parameters.
func (f Flow) check(ctx context.Context, a *request) error {
	for _, check := range order() {
		if err := check(ctx, f, a); err != nil {
			return err
		}
	}
	a.ShortCode, a.DescriptionDigest = a.client.Profile == client.FAPI2, a.client.Description().Digest()
	return nil
}

// value returns a parameter. A parameter without a value counts as omitted (RFC 6749 §3.1).
func (a *request) value(name string) string {
	value, _, _ := a.params.Get(name)
	return value
}

func (a *request) repeated(name string) bool {
	_, _, repeated := a.params.Get(name)
	return repeated
}

// redirectable reports whether responses may be sent to the redirect URI. It checks the URI itself and
// does not rely on which check failed, so that neither the order of the checks nor a later check
// can create an open redirector.
func (a *request) redirectable() bool {
	return permits(a.client, a.RedirectURI)
}

// permits reports whether responses may be sent to the client at that URI.
func permits(registration client.Registration, redirectURI string) bool {
	return !registration.Disabled && oauth.MatchRedirectURI(registration.RedirectURIs, redirectURI, registration.RunsOnDevice())
}

// expected returns the parameter whose value a check refused, and the registered value that comes
// nearest, or all of them; empty where nothing is registered for it.
func (f Flow) expected(a *request, why cause.Cause) (parameter, value string) {
	switch why { //nolint:exhaustive // of the others nothing more is known than the cause says
	case cause.RedirectURIUnregistered:
		return "redirect_uri", nearest(a.client.RedirectURIs, a.value("redirect_uri"))
	case cause.ScopeNotAllowed, cause.ScopeUnknown:
		return "scope", a.client.Scope.String()
	case cause.GrantNotAllowed:
		return "grant_type", strings.Join(a.client.GrantTypes, " ")
	case cause.ResourceUnknown:
		return "resource", strings.Join(f.Resources.ResourceIDs(), " ")
	}
	return "", ""
}

// nearest returns the string with the longest beginning in common; the first of several.
func nearest(list []string, to string) (best string) {
	most := -1
	for _, one := range list {
		common := 0
		for common < min(len(one), len(to)) && one[common] == to[common] {
			common++
		}
		if common > most {
			best, most = one, common
		}
	}
	return best
}

// logged returns a refusal as the log has it.
func (f Flow) logged(a *request, r *refusal) Refusal {
	refused := Refusal{Cause: r.cause, ClientID: a.client.ID}
	if refused.Parameter, refused.Expected = f.expected(a, r.cause); refused.Parameter == "" {
		refused.Parameter = r.parameter
	}
	return refused
}

// refuse returns the step of a request that a check refused.
func (f Flow) refuse(a *request, r *refusal) Step {
	page := Step{
		Kind: ErrorPage, Message: r.text, Names: r.names, Temporary: r.temporary, ClientName: a.client.Name, Contact: contact(a.client),
		Refusal: f.logged(a, r),
	}
	if r.code == "" || !a.redirectable() {
		return page
	}
	location, err := f.responseURL(a.RedirectURI, a.State, [2]string{"error", r.code}, [2]string{"error_description", r.text})
	if err != nil {
		return page
	}
	return Step{Kind: Redirect, Location: secret.New(location), Refusal: page.Refusal}
}
