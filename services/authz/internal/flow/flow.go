package flow

import (
	"context"
	"errors"
	"fmt"

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
	// Check returns the user. It fails with ErrSignedOut for a dead session, and with anything else when it could not be asked,
	// which is never taken for signed out.
	Check(ctx context.Context, session secret.String) (userID string, err error)
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
	Pending  *pending.Book
	Codes    *code.Book
	// Starts bounds how many requests are kept.
	Starts StartLimit
	// Issuer goes into every answer to an app as `iss` (RFC 9207).
	Issuer string
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
	userID, err := f.user(ctx, browser.Session)
	if err != nil {
		return Step{}, err
	}
	next := dispatch(state{silent: asked.silent, signedIn: userID != ""})
	if next.refusal != nil {
		return f.refuse(asked, next.refusal), nil
	}
	if err := f.Starts.Allow(ctx, userID, browser.Source); err != nil {
		return Step{}, err
	}
	id, err := f.Pending.Open(ctx, browser.Token, asked.request())
	if err != nil {
		return Step{}, err
	}
	return Step{Kind: next.kind, RequestID: id}, nil
}

// Resume reads the next step of a pending authorization. It fails with pending.ErrNotFound.
func (f Flow) Resume(ctx context.Context, id string, browser Browser) (Step, error) {
	p, err := f.Pending.Find(ctx, id, browser.Token)
	if err != nil {
		return Step{}, err
	}
	userID, err := f.user(ctx, browser.Session)
	if err != nil {
		return Step{}, err
	}
	return Step{Kind: dispatch(state{signedIn: userID != ""}).kind, RequestID: p.ID}, nil
}

// user returns who is signed in; empty for nobody.
func (f Flow) user(ctx context.Context, session secret.String) (string, error) {
	if session.IsZero() {
		return "", nil
	}
	userID, err := f.Sessions.Check(ctx, session)
	if errors.Is(err, ErrSignedOut) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("checking the session: %w", err)
	}
	return userID, nil
}
