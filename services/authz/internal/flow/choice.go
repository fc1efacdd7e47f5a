package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// errChoice is returned for a choice among the scopes that the page did not offer.
func errChoice(problem string) error { return oauth.InvalidField("scopes", problem) }

// chosenScope returns the part of the requested scope that a user approved, as oauth.Scope.String
// writes it; empty for all of it. A scope that was not requested refuses the decision, so that no form
// widens a request. So does one that is left out and not optional now: the user may have left it out
// because it was optional when the page was shown, and then must see that it no longer is.
func (f Flow) chosenScope(ctx context.Context, p pending.Authorization, a *Approval) (string, error) {
	if a == nil || a.Chosen == nil {
		return "", nil
	}
	if len(a.Chosen.Missing(p.Scope)) > 0 {
		return "", errChoice("have one that the app did not request")
	}
	left := p.Scope.Missing(*a.Chosen)
	if len(left) == len(p.Scope) {
		return "", errChoice("are empty")
	}
	if len(left) == 0 {
		return "", nil
	}
	registration, err := f.Clients.FindKnown(ctx, p.ClientID)
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return "", fmt.Errorf("finding the client: %w", err)
	}
	if !registration.OptionalScope.Covers(left) {
		return "", errChoice("lack one that is not optional")
	}
	return p.Scope.Without(left.Contains).String(), nil
}

// recheckChoice returns pending.ErrDecided for a repeat of an approval in which the user chose other
// scopes. A repeat without a choice, which the page of the outcome sends, repeats that of the approval.
func (f Flow) recheckChoice(ctx context.Context, p pending.Authorization, a *Approval) error {
	if a == nil || a.Chosen == nil {
		return nil
	}
	scope, err := f.chosenScope(ctx, p, a)
	if err != nil {
		return err
	}
	if p.Outcome.Scope != scope {
		return pending.ErrDecided
	}
	return nil
}
