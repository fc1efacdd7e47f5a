package decision

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// Prompt is what the consent screen shows.
type Prompt struct {
	// ClientName is the app's name as registered: untrusted text.
	ClientName     string
	RedirectOrigin string
	// Scopes are exactly those asked for, in that order.
	Scopes     []Scope
	Workspaces []Workspace
	Person     Person
}

// Scope is one permission and what it means.
type Scope struct {
	Name        string
	Description string
}

// GetPrompt gathers the consent screen and binds the authorization to the person and to the pair's epoch. The epoch is read
// before the screen exists, so a revocation that returns while somebody looks at it makes the decision ErrStale.
// ErrNotFound when the authorization was decided.
func (d Decider) GetPrompt(ctx context.Context, r Request) (Prompt, error) {
	person, pending, err := d.open(ctx, r)
	if err != nil {
		return Prompt{}, err
	}
	if pending.Outcome != nil {
		return Prompt{}, cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	var workspaces []Workspace
	viewer := Viewer{UserID: person.ID}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { workspaces, err = d.Identity.Workspaces(groupCtx, person.ID); return err })
	group.Go(func() (err error) {
		viewer.Epoch, err = d.Epochs.GetPairEpoch(groupCtx, oauth.UserClient{UserID: person.ID, ClientID: pending.ClientID})
		return err
	})
	if err := group.Wait(); err != nil {
		return Prompt{}, err
	}
	// Last, so that a screen that could not be shown binds nobody.
	if err := d.Authorizations.Bind(ctx, r, viewer); err != nil {
		return Prompt{}, err
	}
	return Prompt{
		ClientName: pending.ClientName, RedirectOrigin: pending.RedirectOrigin,
		Scopes: d.describe(pending.Scope), Workspaces: workspaces, Person: person,
	}, nil
}

// describe leaves no scope out: one that this replica's catalog does not know is shown by its name, since the person must
// see all that is asked.
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
