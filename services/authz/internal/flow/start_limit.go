package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/ratelimit"
)

// StartLimit bounds how many authorization requests are kept: each lies in the short-lived store until it ends. The zero value
// bounds nothing.
type StartLimit struct {
	Limiter *ratelimit.Limiter
	// Source is the budget of each source address for requests without a session; User is that of each user who is signed in.
	Source, User ratelimit.Budget
}

// Allow takes one of the budget of the user or, where userID is empty, of the source address. It fails with a
// *ratelimit.LimitedError, or with the error of a store that could not be asked.
func (l StartLimit) Allow(ctx context.Context, userID, source string) error {
	if l.Limiter == nil {
		return nil
	}
	budget, name := l.Source, ratelimit.Source(source)
	if userID != "" {
		budget, name = l.User, ratelimit.Name{Kind: "user", Value: userID, Public: true}
	}
	_, err := l.Limiter.Spend(ctx, budget, name)
	return err
}
