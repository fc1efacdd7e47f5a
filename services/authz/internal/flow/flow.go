package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/pushed"
)

// ErrSignedOut is returned by Sessions for a session that is unknown, expired or ended.
var ErrSignedOut = errors.New("signed out")

// Clients is the part of the client registry that the flow needs.
type Clients interface {
	// Find returns a client, client.ErrUnknown, or a *document.Failure of the client's document.
	Find(ctx context.Context, id string) (client.Registration, error)
	// FindKnown is Find without a request to another server.
	FindKnown(ctx context.Context, id string) (client.Registration, error)
	// Accepts reports whether the client of a document may still be used. It does not read the
	// document.
	Accepts(ctx context.Context, id string) (bool, error)
}

// Sessions finds the user of a session.
type Sessions interface {
	// SessionUser returns the user of a session. It returns ErrSignedOut for an invalid session and
	// another error if the session could not be checked, which is never treated as signed out.
	SessionUser(ctx context.Context, session secret.String) (User, error)
}

// User is the user of a session.
type User struct {
	UserID string
	// AuthenticatedAt is when the user signed in; zero if that is not known.
	AuthenticatedAt time.Time
}

// id returns the user's identifier; empty for nil.
func (p *User) id() string {
	if p == nil {
		return ""
	}
	return p.UserID
}

// Scopes knows which scopes exist.
type Scopes interface {
	Known(name string) bool
	// IsOpenID reports whether a scope is one of OpenID Connect.
	IsOpenID(name string) bool
	// Names lists them, to suggest the nearest one.
	Names() []string
}

// Resources knows which protected resources exist.
type Resources interface {
	// ResourceIDs lists them, the default one first.
	ResourceIDs() oauth.Resources
	// Belongs reports whether a scope makes sense for one of the resources; nil is the default one.
	Belongs(scope string, ids oauth.Resources) bool
	// Minimum returns the scopes that the resources need at least; nil is the default one.
	Minimum(ids oauth.Resources) oauth.Scope
}

// Admissions counts the users of clients that registered themselves.
type Admissions interface {
	// Admit adds a user to a client. Its error refuses the user's approval. It returns
	// client.ErrUnknown for a client that was deleted.
	Admit(ctx context.Context, clientID, userID string) error
}

// ScopeRecorder records which scopes clients are granted. It never blocks.
type ScopeRecorder interface {
	Granted(clientID string, scope oauth.Scope)
}

// Flow processes authorization requests from the query to the response. Its methods may be called
// concurrently.
type Flow struct {
	Clients  Clients
	Sessions Sessions
	Scopes   Scopes
	// Resources are those that clients may ask for.
	Resources Resources
	Pending   *pending.Store
	Codes     *code.Store
	// Devices has the codes of devices, and UserCodes limits the guesses of user codes.
	Devices   *device.Store
	UserCodes UserCodeLimit
	// Pushed has the requests that clients pushed.
	Pushed *pushed.Store
	// PushRequired refuses every request that was not pushed.
	PushRequired bool
	// Starts limits how many requests are stored.
	Starts StartLimit
	// Admissions may refuse an approval for a client that registered itself.
	Admissions Admissions
	// Audience decides who may connect a client of a workspace; nil for a server without such clients.
	Audience Audience
	// Recorder records what users granted; nil records nothing.
	Recorder ScopeRecorder
	// Issuer is sent in every authorization response as `iss` (RFC 9207).
	Issuer string
	Now    func() time.Time
}

// Browser is what a browser sends with its request.
type Browser struct {
	// Session is the value of the session cookie; empty if there is none.
	Session secret.String
	// Token is the value of the browser cookie, to which the request is bound.
	Token secret.String
	// Source is the browser's network address; empty if that is not known.
	Source string
	// Hint is the ID token of the request, as the token service verified it; nil for none.
	Hint *IDTokenHint
	// HTTPRequestID identifies the browser's HTTP request in the log; empty if that is not known.
	HTTPRequestID string
	// DecidesSilently says that the caller can have a request with prompt=none decided without a page.
	DecidesSilently bool
}

// Start validates the raw query of an authorization request and returns the next step. A refused
// request is a step too; an error means that the request could not be validated, or is a
// *ratelimit.LimitedError of this source or user.
func (f Flow) Start(ctx context.Context, rawQuery string, browser Browser) (Step, error) {
	req, err := f.validate(ctx, rawQuery, browser.Hint)
	step, err := f.start(ctx, req, err, browser)
	if req.PushedID != "" {
		// Not what checkUILocales read: a request may be refused before that, and has a page too.
		step.UILocales = req.value(uiLocalesParam)
	}
	return step, err
}

// start returns the next step of a request, with the error of validate.
func (f Flow) start(ctx context.Context, req *request, err error, browser Browser) (Step, error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused) && req.returnedByUser(refused):
		return f.hold(ctx, req, refused, browser)
	case refused != nil:
		return f.refuse(req, refused), nil
	}
	if err != nil {
		return Step{}, err
	}
	next, user, err := f.first(ctx, req, browser)
	if err != nil {
		return Step{}, err
	}
	if next.refusal != nil {
		return f.refuse(req, next.refusal), nil
	}
	if err := f.Starts.Allow(ctx, f.starter(browser)); err != nil {
		return Step{}, err
	}
	stored := req.Request
	if next.kind == SignIn {
		stored.Demand.SignIn = next.reason == Again || user == nil && (req.signInAgain || req.maxAge != nil)
		stored.Demand.Account = next.reason == SelectAccount || user == nil && req.selectAccount
		stored.Demand.Session = secret.Sum(browser.Session.Reveal())
		stored.Demand.Since = f.since(req, user)
	}
	stored.Silent = next.kind == SilentConsent
	id, err := f.Pending.Open(ctx, browser.Token, stored)
	if err != nil {
		return Step{}, err
	}
	return Step{Kind: next.kind, RequestID: id, Reason: next.reason}, nil
}

// first returns the first step. A session cookie suffices to redirect to the consent page, which
// gets the session from identity anyway. A client that is not verified is never approved without a page:
// its redirect URI may be one that no user and no operator has seen. Nor is a request for other resources
// than the default one: a stored consent does not say for which resources it was. Only a request with requirements for the
// sign-in gets the session here.
func (f Flow) first(ctx context.Context, a *request, browser Browser) (transition, *User, error) {
	if !a.silent && !a.signInAgain && !a.selectAccount && a.maxAge == nil && a.Demand.UserID == "" {
		return dispatch(state{signedIn: !browser.Session.IsZero()}), nil, nil
	}
	user, err := f.user(ctx, browser.Session)
	if err != nil {
		return transition{}, nil, err
	}
	return dispatch(state{
		silent: a.silent, signedIn: user != nil, choose: a.selectAccount,
		again: a.signInAgain || f.tooLongAgo(a, user) || !a.Demand.Admits(user.id()),
		decides: f.openID() && a.Scope.Contains(oauth.OpenIDScope) && browser.DecidesSilently && a.identifiesClient() && a.client.Status == client.Live && !a.Unverified &&
			len(a.Resources) == 0,
	}), user, nil
}

// clockSkew is how far the clocks of authz and identity may differ.
const clockSkew = 5 * time.Second

// since returns the earliest time of a sign-in that a request accepts where it requires one: after the
// start, or max_age before it, and after the sign-in of the session that the browser has.
func (f Flow) since(a *request, user *User) time.Time {
	since := f.Now().Add(-clockSkew)
	if a.maxAge != nil && !a.signInAgain {
		since = since.Add(-*a.maxAge)
	}
	if user != nil && !user.AuthenticatedAt.Before(since) {
		return user.AuthenticatedAt.Add(time.Microsecond)
	}
	return since
}

// starter returns the source, session and user of a new request.
func (f Flow) starter(browser Browser) Starter {
	return Starter{
		Source: browser.Source, Session: browser.Session,
		UserID: func(ctx context.Context) (string, error) {
			user, err := f.user(ctx, browser.Session)
			return user.id(), err
		},
	}
}

// tooLongAgo reports whether max_age excludes the session. A sign-in of unknown time is too old.
func (f Flow) tooLongAgo(a *request, user *User) bool {
	if a.maxAge == nil || user == nil {
		return false
	}
	return *a.maxAge == 0 || f.Now().Sub(user.AuthenticatedAt) > *a.maxAge
}

// Resume returns the next step of a pending authorization. It returns pending.ErrNotFound.
func (f Flow) Resume(ctx context.Context, id string, browser Browser) (Step, error) {
	p, err := f.Pending.Find(ctx, id, browser.Token)
	if err != nil {
		return Step{}, err
	}
	user, err := f.user(ctx, browser.Session)
	if err != nil {
		return Step{}, err
	}
	return next(p, browser, user), nil
}

// Continue records that the user continues with the session's account, and returns the next step.
// It returns pending.ErrNotFound.
func (f Flow) Continue(ctx context.Context, id string, browser Browser) (Step, error) {
	user, err := f.user(ctx, browser.Session)
	if err != nil {
		return Step{}, err
	}
	if user != nil {
		if err := f.Pending.ChooseAccount(ctx, id, browser.Token); err != nil {
			return Step{}, err
		}
	}
	p, err := f.Pending.Find(ctx, id, browser.Token)
	if err != nil {
		return Step{}, err
	}
	return next(p, browser, user), nil
}

// next returns the next step of a pending request.
func next(p pending.Authorization, browser Browser, user *User) Step {
	s := state{signedIn: user != nil, refused: p.Refusal != nil}
	if s.signedIn && !p.Demand.Meets(browser.Session, user.AuthenticatedAt) {
		s.again, s.choose = p.Demand.SignIn, p.Demand.Account
	}
	s.again = s.again || s.signedIn && !p.Demand.Admits(user.UserID)
	to := dispatch(s)
	step := Step{Kind: to.kind, RequestID: p.ID, Reason: to.reason}
	if to.kind == ReturnPage {
		r := p.Refusal
		step.Refusal = Refusal{Cause: r.Cause, ClientID: p.ClientID, Parameter: r.Parameter, Expected: r.Expected, LoggedAs: r.LoggedAs}
	}
	return step
}

// user returns the user of a session; nil if the session is absent or invalid.
func (f Flow) user(ctx context.Context, session secret.String) (*User, error) {
	if session.IsZero() {
		return nil, nil //nolint:nilnil // an invalid session is not a failure
	}
	user, err := f.Sessions.SessionUser(ctx, session)
	if errors.Is(err, ErrSignedOut) {
		return nil, nil //nolint:nilnil // an invalid session is not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("checking the session: %w", err)
	}
	return &user, nil
}
