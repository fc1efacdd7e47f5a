package decision

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// Prompt is what the consent screen shows.
type Prompt struct {
	// ClientName is the client's name as registered: untrusted text.
	ClientName     string
	RedirectOrigin string
	// Device gets the outcome in place of a redirect URI; nil for any other request.
	Device *Device
	// Scopes are the requested scopes, in the order of the request.
	Scopes []Scope
	User   User
	// Page identifies the page in the decision; nil where authz bound the page.
	Page *Page
}

// Scope is a scope and its description.
type Scope struct {
	Name        string
	Description string
}

// GetPrompt returns the content of the consent page. It reads the epoch before the page is shown,
// and the decision carries it, so that a revocation while the page is open makes the decision
// ErrStale. ErrNotFound when the authorization was decided.
func (d Decider) GetPrompt(ctx context.Context, r Request) (Prompt, error) {
	user, pending, err := d.open(ctx, r)
	if err != nil {
		return Prompt{}, err
	}
	if pending.Outcome != nil {
		return Prompt{}, cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: user.ID, ClientID: pending.ClientID})
	if err != nil {
		return Prompt{}, err
	}
	prompt := Prompt{
		ClientName: pending.ClientName, RedirectOrigin: pending.RedirectOrigin, Device: pending.Device,
		Scopes: d.describe(pending.Scope), User: user,
	}
	if !pending.EpochInDecision || !r.PageInDecision { // last, so that an error before it binds no user
		return prompt, d.Authorizations.Bind(ctx, r, Viewer{UserID: user.ID, Epoch: epoch})
	}
	prompt.Page = &Page{ClientID: pending.ClientID, Epoch: epoch}
	return prompt, nil
}

// describe returns every scope: a scope that is not in this replica's catalog is described by its
// name, since the user must see every requested scope.
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
