package decision

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Refusal is why a request that must not show a page is not approved (OpenID Connect Core §3.1.2.6).
type Refusal int

// The refusals. The zero value is none.
const (
	// LoginRequired says that the session has ended.
	LoginRequired Refusal = iota + 1
	// ConsentRequired says that the user has not granted the client all of the scope in one workspace.
	ConsentRequired
	// InteractionRequired says that the user must choose between workspaces.
	InteractionRequired
)

// PriorApprovals are what the user of a user-client approved before.
type PriorApprovals interface {
	// Granted returns what was approved at an epoch of the user-client, one or several for a workspace.
	Granted(ctx context.Context, u oauth.UserClient, epoch int64) ([]oauth.GrantedScopes, error)
}

// SilentDecision is a decision without a page.
type SilentDecision struct {
	// Location is the redirect to the client.
	Location secret.String
	// Refusal is zero for an approval. ClientID is the client that it refuses, for the log; empty where it is
	// not known.
	Refusal  Refusal
	ClientID string
}

// DecideSilently decides a request that must not show a page (`prompt=none`), and returns the redirect.
// It approves only what the user has approved before and has not revoked: all of the scope, in one
// workspace, of which the user is a member and whose policy lets the client be connected. It records no consent, since the user decided nothing.
func (d Decider) DecideSilently(ctx context.Context, r Request) (SilentDecision, error) {
	user, pending, err := d.open(ctx, r)
	if err != nil {
		return SilentDecision{}, err
	}
	if !pending.Silent {
		return SilentDecision{}, ErrNotFound
	}
	uc := oauth.UserClient{UserID: user.ID, ClientID: pending.ClientID}
	state, err := d.Epochs.PairState(ctx, uc, user.workspaceIDs(), false)
	if err != nil {
		return SilentDecision{}, err
	}
	epoch := state.Epoch
	granted, err := d.Approvals.Granted(ctx, uc, epoch)
	if err != nil {
		return SilentDecision{}, err
	}
	if user.Workspaces, err = d.openWorkspaces(ctx, pending.ClientID, user, state.PolicyVersions); err != nil {
		return SilentDecision{}, err
	}
	workspace, refusal := chooseWorkspace(user, pending.Scope, granted)
	if refusal != 0 {
		location, err := d.Authorizations.Refuse(ctx, r, refusal)
		return SilentDecision{Location: location, Refusal: refusal, ClientID: pending.ClientID}, err
	}
	location, _, err := d.Authorizations.Complete(ctx, Completion{
		Request: r, UserID: user.ID, Epoch: &epoch, WorkspaceID: workspace, DisplayName: user.DisplayName, AuthTime: user.AuthTime, Silent: true,
	})
	return SilentDecision{Location: location}, err
}

// RefuseSilently returns the redirect with the refusal.
func (d Decider) RefuseSilently(ctx context.Context, r Request, refusal Refusal) (SilentDecision, error) {
	location, err := d.Authorizations.Refuse(ctx, r, refusal)
	return SilentDecision{Location: location, Refusal: refusal}, err
}

// chooseWorkspace returns the one workspace in which the whole scope was approved.
func chooseWorkspace(user User, scope oauth.Scope, granted []oauth.GrantedScopes) (string, Refusal) {
	approved := map[string]oauth.Scope{}
	for _, g := range granted {
		approved[g.WorkspaceID] = append(approved[g.WorkspaceID], g.Scope...)
	}
	var found []string
	for _, w := range user.Workspaces {
		if whole, ok := approved[w.ID]; ok && whole.Covers(scope) {
			found = append(found, w.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", ConsentRequired
	case 1:
		return found[0], 0
	}
	return "", InteractionRequired
}
