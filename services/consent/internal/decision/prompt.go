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
	// Identity describes the client to users; nil where it is not known.
	Identity *oauth.AppIdentity
	// Policies are what the policies of the user's workspaces say of the client, by workspace.
	Policies map[string]WorkspacePolicy
	// Granted are the user's present grants to the client, in workspaces of the user.
	Granted []oauth.GrantedScopes
	// Changes are the parts of the client's description that differ from those of the newest grant.
	Changes []oauth.DescriptionChange
	// OneClick says that a user who grants nothing new may go on with one click. Never for a public
	// client, which others can imitate (RFC 8252 §8.6), for an unverified one, for one that changed, and
	// for a device, which the user may not hold (RFC 8628 §5.4).
	OneClick bool
	// Lifetimes are how long the access lasts.
	Lifetimes oauth.GrantLifetimes
}

// Scope is a scope and its description.
type Scope struct {
	Name        string
	Description string
	// Optional says that the user may leave it out.
	Optional bool
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
	uc := oauth.UserClient{UserID: user.ID, ClientID: pending.ClientID}
	live, err := d.Epochs.PairState(ctx, uc, user.workspaceIDs(), true)
	if err != nil {
		return Prompt{}, err
	}
	prompt := Prompt{
		ClientName: pending.ClientName, RedirectOrigin: pending.RedirectOrigin, Device: pending.Device,
		Scopes: d.describe(pending), User: user, Identity: pending.Identity, Lifetimes: live.Lifetimes,
		OneClick: pending.Confidential && pending.Device == nil && pending.Identity != nil && pending.Identity.Verified,
	}
	if prompt.Policies, err = d.policies(ctx, uc, user, live.PolicyVersions); err != nil {
		return Prompt{}, err
	}
	for _, g := range live.Scopes {
		if _, member := user.workspace(g.WorkspaceID); member {
			prompt.Granted = append(prompt.Granted, g)
		}
	}
	if prompt.Granted != nil {
		prompt.Changes = oauth.DescriptionChanges(live.DescriptionDigest, pending.DescriptionDigest)
		prompt.OneClick = prompt.OneClick && prompt.Changes == nil
	}
	if !pending.EpochInDecision || !r.PageInDecision { // last, so that an error before it binds no user
		return prompt, d.Authorizations.Bind(ctx, r, Viewer{UserID: user.ID, Epoch: live.Epoch})
	}
	prompt.Page = &Page{ClientID: pending.ClientID, Epoch: live.Epoch}
	return prompt, nil
}

// describe returns every scope: a scope that is not in this replica's catalog is described by its
// name, since the user must see every requested scope.
func (d Decider) describe(pending Pending) []Scope {
	list := make([]Scope, len(pending.Scope))
	for i, name := range pending.Scope {
		description, ok := d.Catalog.Describe(name)
		if !ok {
			description = name
		}
		list[i] = Scope{Name: name, Description: description, Optional: pending.Optional.Contains(name)}
	}
	return list
}
