package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// ErrSignedOut is Sessions' answer for a session that is unknown, expired or ended.
var ErrSignedOut = errors.New("signed out")

// Clients is the registry, of which the flow needs this much.
type Clients interface {
	// Find reads one app; client.ErrUnknown when there is none.
	Find(ctx context.Context, id string) (client.Registration, error)
}

// Sessions says who a browser is.
type Sessions interface {
	// Check returns whose a session is. It fails with ErrSignedOut for a dead session, and with anything else when it could not
	// be asked, which is never taken for signed out.
	Check(ctx context.Context, session secret.String) (Person, error)
}

// Person is who is signed in.
type Person struct {
	UserID string
	// AuthenticatedAt is when they proved it; zero when that is not known.
	AuthenticatedAt time.Time
}

// id is the user's; empty for nobody.
func (p *Person) id() string {
	if p == nil {
		return ""
	}
	return p.UserID
}

// Scopes says which scopes exist.
type Scopes interface {
	Known(name string) bool
	// Names lists them, for proposing the nearest one.
	Names() []string
}

// Config is what a Flow stands on.
type Config struct {
	Clients  Clients
	Sessions Sessions
	Scopes   Scopes
	Pending  *pending.Store
	Codes    *code.Store
	// Starts bounds how many requests are kept.
	Starts StartLimit
	// Issuer goes into every answer to an app as `iss` (RFC 9207).
	Issuer string
	Now    func() time.Time
}

// Flow leads authorization requests from the query to the answer. Its methods may be called concurrently.
type Flow struct{ Config }

// Browser is what a browser sent beside its request.
type Browser struct {
	// Session is the session cookie's value; empty when there is none.
	Session secret.String
	// Token is the browser cookie's value, to which the request is bound.
	Token secret.String
	// Source is the network address it came from; empty when that is not known.
	Source string
}

// Start judges the raw query of an authorization request and answers the next step. A bad request is a step; an error
// means that nothing could be decided, or a *ratelimit.LimitedError that nothing more is kept for this source or user.
func (f Flow) Start(ctx context.Context, rawQuery string, browser Browser) (Step, error) {
	asked, err := f.judge(ctx, rawQuery)
	var refused *refusal
	if errors.As(err, &refused) {
		return f.refuse(asked, refused), nil
	}
	if err != nil {
		return Step{}, err
	}
	next, err := f.first(ctx, asked, browser)
	if err != nil {
		return Step{}, err
	}
	if next.refusal != nil {
		return f.refuse(asked, next.refusal), nil
	}
	if err := f.Starts.Allow(ctx, f.asks(browser)); err != nil {
		return Step{}, err
	}
	request := asked.Request
	if next.reason != 0 { // without a session, any sign-in is a new one
		request.Demand = pending.Demand{
			SignIn: next.reason == Again, Account: next.reason == SelectAccount, Session: secret.Sum(browser.Session.Reveal()),
		}
	}
	id, err := f.Pending.Open(ctx, browser.Token, request)
	if err != nil {
		return Step{}, err
	}
	return Step{Kind: next.kind, RequestID: id, Reason: next.reason}, nil
}

// first is the first step. A session cookie is enough to lead to the consent page, which asks identity for the session anyway; only a
// request that says something of the sign-in needs the session now.
func (f Flow) first(ctx context.Context, a *asked, browser Browser) (transition, error) {
	if !a.silent && !a.signInAgain && !a.selectAccount && a.maxAge == nil {
		return dispatch(state{signedIn: !browser.Session.IsZero()}), nil
	}
	person, err := f.person(ctx, browser.Session)
	if err != nil {
		return transition{}, err
	}
	return dispatch(state{
		silent: a.silent, signedIn: person != nil, again: a.signInAgain || f.tooLongAgo(a, person), choose: a.selectAccount,
	}), nil
}

// asks is who begins a request.
func (f Flow) asks(browser Browser) Starter {
	return Starter{
		Source: browser.Source, Session: browser.Session,
		UserID: func(ctx context.Context) (string, error) {
			person, err := f.person(ctx, browser.Session)
			return person.id(), err
		},
	}
}

// tooLongAgo reports whether max_age forbids to go on with the session. A sign-in whose time is not known is too long ago.
func (f Flow) tooLongAgo(a *asked, person *Person) bool {
	if a.maxAge == nil || person == nil {
		return false
	}
	return *a.maxAge == 0 || f.Now().Sub(person.AuthenticatedAt) > *a.maxAge
}

// Resume reads the next step of a pending authorization. It fails with pending.ErrNotFound.
func (f Flow) Resume(ctx context.Context, id string, browser Browser) (Step, error) {
	p, err := f.Pending.Find(ctx, id, browser.Token)
	if err != nil {
		return Step{}, err
	}
	person, err := f.person(ctx, browser.Session)
	if err != nil {
		return Step{}, err
	}
	return next(p, browser, person), nil
}

// Continue records that the person goes on with the session's account, and reads the next step. It fails with
// pending.ErrNotFound.
func (f Flow) Continue(ctx context.Context, id string, browser Browser) (Step, error) {
	person, err := f.person(ctx, browser.Session)
	if err != nil {
		return Step{}, err
	}
	if person != nil {
		if err := f.Pending.ChooseAccount(ctx, id, browser.Token); err != nil {
			return Step{}, err
		}
	}
	p, err := f.Pending.Find(ctx, id, browser.Token)
	if err != nil {
		return Step{}, err
	}
	return next(p, browser, person), nil
}

// next is the next step of a request that waits.
func next(p pending.Authorization, browser Browser, person *Person) Step {
	s := state{signedIn: person != nil}
	if s.signedIn && !p.Demand.Meets(browser.Session) {
		s.again, s.choose = p.Demand.SignIn, p.Demand.Account
	}
	to := dispatch(s)
	return Step{Kind: to.kind, RequestID: p.ID, Reason: to.reason}
}

// person returns the user of a session; nil when the session is absent or dead.
func (f Flow) person(ctx context.Context, session secret.String) (*Person, error) {
	if session.IsZero() {
		return nil, nil //nolint:nilnil // a dead session is not a failure
	}
	person, err := f.Sessions.Check(ctx, session)
	if errors.Is(err, ErrSignedOut) {
		return nil, nil //nolint:nilnil // a dead session is not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("checking the session: %w", err)
	}
	return &person, nil
}
