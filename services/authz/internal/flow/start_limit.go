package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
)

// StartLimit limits how many authorization requests are stored: each stays in the short-lived store
// until it expires. The zero value sets no limit.
type StartLimit struct {
	Budgets *ratelimit.Prepaid
	// Source is the budget of each source address; User is the budget of each session and of each
	// user.
	Source, User ratelimit.Budget
}

// Starter identifies the sender of a new request.
type Starter struct {
	// Source is the network address; empty if it is not known.
	Source string
	// Session is the value of the session cookie, not validated; empty if there is none.
	Session secret.String
	// UserID returns the user of the session; empty if the session is invalid.
	UserID func(ctx context.Context) (string, error)
}

// Allow spends one unit of the source address's and of the session's budget, in this order: a session is
// not validated, and each value that an address invents is an entry in the store. When the source's is
// exhausted, a signed-in user has a budget of their own, so that an address shared by many users
// does not block them. It returns a *ratelimit.LimitedError, or the error of a store or service
// that is unavailable.
func (l StartLimit) Allow(ctx context.Context, s Starter) error {
	if l.Budgets == nil {
		return nil
	}
	session := ratelimit.Name{Kind: "session", Value: s.Session.Reveal()}
	if !s.Session.IsZero() {
		if err := l.Budgets.Exhausted(ctx, l.User, session); err != nil {
			return err // without taking from the others of its address
		}
	}
	err := l.Budgets.Spend(ctx, l.Source, ratelimit.Source(s.Source))
	switch {
	case s.Session.IsZero():
		return err
	case err == nil:
		return l.Budgets.Spend(ctx, l.User, session)
	case !ratelimit.Limited(err):
		return err
	}
	id, userErr := s.UserID(ctx)
	if userErr != nil {
		return userErr
	}
	if id == "" {
		return err
	}
	return l.Budgets.Spend(ctx, l.User, ratelimit.Name{Kind: "user", Value: id, Public: true})
}
