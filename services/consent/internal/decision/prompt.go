package decision

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// Prompt is what the consent screen shows.
type Prompt struct {
	// ClientName is the app's name as registered: untrusted text.
	ClientName     string
	RedirectOrigin string
	// Scopes are exactly those asked for, in that order.
	Scopes []Scope
	User   User
	// Page is what the decision names; nil where authz bound the page.
	Page *Page
}

// Scope is one permission and what it means.
type Scope struct {
	Name        string
	Description string
}

// GetPrompt gathers the consent page. The epoch is read before the page exists, and the decision
// names it, so that a revocation that returns while the page is open makes the decision ErrStale.
// ErrNotFound when the authorization was decided.
func (d Decider) GetPrompt(ctx context.Context, r Request) (Prompt, error) {
	person, pending, err := d.open(ctx, r)
	if err != nil {
		return Prompt{}, err
	}
	if pending.Outcome != nil {
		return Prompt{}, cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: person.ID, ClientID: pending.ClientID})
	if err != nil {
		return Prompt{}, err
	}
	prompt := Prompt{
		ClientName: pending.ClientName, RedirectOrigin: pending.RedirectOrigin,
		Scopes: d.describe(pending.Scope), User: person,
	}
	if !pending.EpochInDecision { // last, so that a page that could not be shown binds no user
		return prompt, d.Authorizations.Bind(ctx, r, Viewer{UserID: person.ID, Epoch: epoch})
	}
	prompt.Page = &Page{ClientID: pending.ClientID, Epoch: epoch}
	return prompt, nil
}

// describe leaves no scope out: one that this replica's catalog does not know is shown by its name,
// since the person must see all that is asked.
func (d Decider) describe(scope oauth.Scope) []Scope {
	list := make([]Scope, len(scope))
	for i, name := range scope {
		description, ok := d.Catalog.Describe(name)
		if !ok {
			description = name
		}
		list[i] = Scope{Name: name, Description: description}
	}
	return list
}
