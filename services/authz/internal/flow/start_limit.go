package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
)

// StartLimit bounds how many authorization requests are kept: each lies in the short-lived store until it ends. The zero value
// bounds nothing.
type StartLimit struct {
	Budgets *ratelimit.Prepaid
	// Source is the budget of each source address; User is that of each session, and of each user.
	Source, User ratelimit.Budget
}

// Starter is who begins a request.
type Starter struct {
	// Source is the network address; empty when it is not known.
	Source string
	// Session is the session cookie's value, which nothing has checked; empty when there is none.
	Session secret.String
	// UserID returns the user of the session; empty where it is none.
	UserID func(ctx context.Context) (string, error)
}

// Allow takes one of the budgets of who begins a request: of the session and of the source address. Beyond the source's, a user who
// is signed in has a budget of their own, so that one address of many users does not stop them. It fails with a
// *ratelimit.LimitedError, or with the error of a store or service that could not be asked.
func (l StartLimit) Allow(ctx context.Context, s Starter) error {
	if l.Budgets == nil {
		return nil
	}
	if !s.Session.IsZero() {
		if err := l.Budgets.Spend(ctx, l.User, ratelimit.Name{Kind: "session", Value: s.Session.Reveal()}); err != nil {
			return err
		}
	}
	err := l.Budgets.Spend(ctx, l.Source, ratelimit.Source(s.Source))
	if !ratelimit.Limited(err) || s.Session.IsZero() {
		return err
	}
	id, asked := s.UserID(ctx)
	if asked != nil {
		return asked
	}
	if id == "" {
		return err
	}
	return l.Budgets.Spend(ctx, l.User, ratelimit.Name{Kind: "user", Value: id, Public: true})
}
