package revocation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// The errors of this package. Errors of identity and authz pass through.
var (
	// ErrPlan is a plan that is not in the catalog.
	ErrPlan = errors.New("no such plan")
	// ErrCommitted is a revocation that a Store has committed, although not every replica is known to
	// have applied it.
	ErrCommitted = errors.New("the tokens were revoked")
)

const (
	// recordTimeout bounds the write of an event after a change that failed, also if the caller's
	// deadline has passed.
	recordTimeout = 5 * time.Second
	// stepTimeout bounds the change, and the revocation after it, also if the caller has gone.
	stepTimeout = 10 * time.Second
)

// The kinds of the events of revocations whose change failed.
const (
	grantsRevoked     = "grant.revoked"
	userTokensRevoked = "user_token.revoked" //nolint:gosec // the name of an event
)

// Event is the event of the audit trail of a revocation whose change failed. Its identifiers are empty
// where the revocation was not limited to them; Object is that of an authentication app.
type Event struct {
	Kind                                  string
	UserID, WorkspaceID, ClientID, Object string
}

// Occasion is why the sign-ins of a user are revoked.
type Occasion uint8

// The occasions.
const (
	// NewPassword is a new password.
	NewPassword Occasion = iota + 1
	// OthersSignedOut is the user's sign-out of every other device.
	OthersSignedOut
)

// Store revokes tokens. Each method is one transaction, which also writes the log, and returns when
// no replica returns a result from before it; ErrCommitted if only this wait failed.
type Store interface {
	// RevokeUser revokes everything of a user: OAuth tokens, pending codes, user tokens.
	RevokeUser(ctx context.Context, userID string) error
	// RevokeSignIns revokes a user's user tokens and pending codes; OAuth grants stay.
	RevokeSignIns(ctx context.Context, userID string, on Occasion) error
	// RevokeMember revokes a user's access to one workspace.
	RevokeMember(ctx context.Context, userID, workspaceID string) error
	// RevokeAuthenticationAppTokens revokes the user tokens that were issued through an
	// authentication app.
	RevokeAuthenticationAppTokens(ctx context.Context, appID string) error
	// RevokeUserGrants revokes every grant of a user; user tokens stay.
	RevokeUserGrants(ctx context.Context, userID string) error
	// RevokeUserClientGrants revokes every grant of a user to one client.
	RevokeUserClientGrants(ctx context.Context, userID, clientID string) error
	// RevokeClientGrants revokes every grant to a client.
	RevokeClientGrants(ctx context.Context, clientID string) error
	// LogWorkspaceChange makes caches evict a workspace.
	LogWorkspaceChange(ctx context.Context, workspaceID string) error
	// RecordRevocation writes the event of revocations that had none of their own.
	RecordRevocation(ctx context.Context, e Event) error
}

// Users makes the changes in identity. Each is idempotent.
type Users interface {
	DisableUser(ctx context.Context, userID string) error
	// CheckPassword changes nothing, and returns the error of SetPassword for a user who does not
	// exist, or for a password that is not allowed.
	CheckPassword(ctx context.Context, userID string, password secret.String) error
	SetPassword(ctx context.Context, userID string, password secret.String) error
	RemoveMember(ctx context.Context, userID, workspaceID string) error
	RevokeAuthenticationApp(ctx context.Context, appID string) error
	SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error
}

// Clients makes the changes in authz. Each is idempotent.
type Clients interface {
	DisableClient(ctx context.Context, clientID string) error
	SuspendClient(ctx context.Context, clientID, note string) error
	// OwnedByWorkspace reports whether there is such a client that a workspace owns.
	OwnedByWorkspace(ctx context.Context, clientID string) (bool, error)
	RemoveFromWorkspace(ctx context.Context, clientID string) error
}

// Revoker revokes access. Its methods may be called concurrently, and are idempotent: a retry
// completes a call that failed.
type Revoker struct {
	Store   Store
	Users   Users
	Clients Clients
	// KnownPlan reports whether the catalog has a plan.
	KnownPlan func(name string) bool
	// Unchanged reports whether the error of a change says that nothing was changed. Any other error
	// leaves the outcome unknown: the response was lost, or a step after the commit failed.
	Unchanged func(err error) bool
	// Step marks a step of a change that identity or authz records as a whole, so that the step has no
	// event of the audit trail.
	Step func(ctx context.Context) context.Context
}

// DisableUser disables a user and revokes everything of the user. Enabling the user again restores
// nothing.
func (r Revoker) DisableUser(ctx context.Context, userID string) error {
	return r.revokeAround(ctx, change{
		revoke:  func(ctx context.Context) error { return r.Store.RevokeUser(ctx, userID) },
		make:    func(ctx context.Context) error { return r.Users.DisableUser(ctx, userID) },
		revoked: Event{Kind: grantsRevoked, UserID: userID},
	})
}

// SetPassword sets a user's password and revokes the sign-ins with the old one; OAuth grants stay. It has
// identity check the password first, so that a refusal revokes nothing.
// The entry of the log names the user, so caches evict the user's OAuth tokens too; the next
// introspection finds them live.
func (r Revoker) SetPassword(ctx context.Context, userID string, password secret.String) error {
	if err := r.Users.CheckPassword(ctx, userID, password); err != nil {
		return err
	}
	return r.RevokeSignInsAround(ctx, userID, NewPassword, func(ctx context.Context) error { return r.Users.SetPassword(ctx, userID, password) })
}

// RevokeSignInsAround has a user's password or sessions changed in identity, and revokes the sign-ins
// from before.
func (r Revoker) RevokeSignInsAround(ctx context.Context, userID string, on Occasion, changeUser func(ctx context.Context) error) error {
	return r.revokeAround(ctx, change{
		revoke:  func(ctx context.Context) error { return r.Store.RevokeSignIns(ctx, userID, on) },
		make:    changeUser,
		revoked: Event{Kind: userTokensRevoked, UserID: userID},
	})
}

// RemoveMember removes a user from a workspace and revokes the user's access to it.
func (r Revoker) RemoveMember(ctx context.Context, userID, workspaceID string) error {
	return r.revokeAround(ctx, change{
		revoke:  func(ctx context.Context) error { return r.Store.RevokeMember(ctx, userID, workspaceID) },
		make:    func(ctx context.Context) error { return r.Users.RemoveMember(ctx, userID, workspaceID) },
		revoked: Event{Kind: grantsRevoked, UserID: userID, WorkspaceID: workspaceID},
	})
}

// RevokeAuthenticationApp revokes an authentication app and the user tokens that were issued
// through it.
func (r Revoker) RevokeAuthenticationApp(ctx context.Context, appID string) error {
	return r.revokeAround(ctx, change{
		revoke:  func(ctx context.Context) error { return r.Store.RevokeAuthenticationAppTokens(ctx, appID) },
		make:    func(ctx context.Context) error { return r.Users.RevokeAuthenticationApp(ctx, appID) },
		revoked: Event{Kind: userTokensRevoked, Object: appID},
	})
}

// DisableClient disables a client and revokes its grants. Enabling it again restores nothing.
func (r Revoker) DisableClient(ctx context.Context, clientID string) error {
	return r.revokeClientAround(ctx, clientID, func(ctx context.Context) error { return r.Clients.DisableClient(ctx, clientID) })
}

func (r Revoker) revokeClientAround(ctx context.Context, clientID string, changeClient func(ctx context.Context) error) error {
	return r.revokeAround(ctx, change{
		revoke:  func(ctx context.Context) error { return r.Store.RevokeClientGrants(ctx, clientID) },
		make:    changeClient,
		revoked: Event{Kind: grantsRevoked, ClientID: clientID},
	})
}

// SuspendClient suspends a client of a workspace and revokes its grants. A client that cannot be suspended
// keeps them: unlike the other operations, authz may refuse this one, so that it is checked first.
func (r Revoker) SuspendClient(ctx context.Context, clientID, note string) error {
	owned, err := r.Clients.OwnedByWorkspace(ctx, clientID)
	if err != nil {
		return err
	}
	_, invalid := oauth.ReviewNote(note, true)
	suspend := func(ctx context.Context) error { return r.Clients.SuspendClient(ctx, clientID, note) }
	if !owned || invalid != nil { // authz returns why; nothing is revoked before
		if err := suspend(ctx); err != nil {
			return err
		}
	}
	return r.revokeClientAround(ctx, clientID, suspend)
}

// RemoveClientFromWorkspace removes a client from its workspace and revokes the tokens that it got
// for itself. The grants of users stay.
func (r Revoker) RemoveClientFromWorkspace(ctx context.Context, clientID string) error {
	return r.revokeAround(ctx, change{
		revoke:  func(ctx context.Context) error { return r.Store.RevokeUserGrants(ctx, oauth.ServiceSubject(clientID)) },
		make:    func(ctx context.Context) error { return r.Clients.RemoveFromWorkspace(ctx, clientID) },
		revoked: Event{Kind: grantsRevoked, ClientID: clientID, UserID: oauth.ServiceSubject(clientID)},
	})
}

// RevokeClientGrants revokes every grant to a client. Users may grant it access again.
func (r Revoker) RevokeClientGrants(ctx context.Context, clientID string) error {
	return r.Store.RevokeClientGrants(ctx, clientID)
}

// RevokeUserGrants revokes every grant of a user to one client, or to all clients if clientID is
// empty. The user may grant access again.
func (r Revoker) RevokeUserGrants(ctx context.Context, userID, clientID string) error {
	if clientID == "" {
		return r.Store.RevokeUserGrants(ctx, userID)
	}
	return r.Store.RevokeUserClientGrants(ctx, userID, clientID)
}

// SetWorkspacePlan changes a workspace's plan and revokes nothing. It appends the entry of the log
// after the change, so that a cache that evicts the old plan then reads the new one. ErrPlan.
func (r Revoker) SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error {
	if !r.KnownPlan(plan) {
		return ErrPlan
	}
	if err := r.Users.SetWorkspacePlan(ctx, workspaceID, plan); err != nil {
		return err
	}
	return r.Store.LogWorkspaceChange(ctx, workspaceID)
}

// change is a change of identity or authz around which tokens are revoked.
type change struct {
	revoke func(ctx context.Context) error
	make   func(ctx context.Context) error
	// revoked is the event of the revocation, for a change that fails.
	revoked Event
}

// revokeAround revokes tokens, has identity or authz make the change, and revokes tokens once more.
//
// The first revocation comes before the change, so that a crash in between leaves revoked tokens
// and an unchanged user, which a retry repairs, and never a changed user with live tokens. The
// second revokes the tokens that were issued between the two. Every issuance reads a cursor of the
// log before it calls the service that is changed (the epoch of the user-client at the consent
// page, before authz completes the authorization; the end of the log at the user API), and the
// token is born at that cursor. If the service was called before the change, the cursor was read
// before the second revocation, which therefore revokes the token, whenever it is written. If the
// service was called after the change, it refused.
//
// A caller that goes away after the first revocation interrupts neither the change nor the second
// revocation. The second is left out only where the change was refused: an error with an unknown outcome
// may stand for a change that was committed.
//
// identity or authz records the change, in its own transaction, and the revocations are steps of it
// without events of their own. If the change fails, or its response is lost, or it is not made because
// the wait for the replicas failed, no event may say why the tokens are gone: the revocation that was
// committed gets one then. A process that is killed between the first revocation and the change leaves
// no event.
func (r Revoker) revokeAround(ctx context.Context, c change) error {
	err := c.revoke(r.Step(ctx))
	if err != nil && !errors.Is(err, ErrCommitted) {
		return err
	}
	if err == nil {
		if err = uninterrupted(ctx, c.make); err == nil {
			return uninterrupted(r.Step(ctx), c.revoke)
		}
		if !r.Unchanged(err) {
			err = joined(err, uninterrupted(r.Step(ctx), c.revoke))
		}
	}
	return joined(err, r.record(ctx, c.revoked))
}

// uninterrupted runs a step also for a caller that has gone.
func uninterrupted(ctx context.Context, step func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	return step(ctx)
}

// joined adds a failure that came after an error, if there was one.
func joined(err, later error) error {
	if later == nil {
		return err
	}
	return errors.Join(err, later)
}

// record writes an event, also for a caller that has gone.
func (r Revoker) record(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := r.Store.RecordRevocation(ctx, e); err != nil {
		return fmt.Errorf("the event of a revocation was not written: %w", err)
	}
	return nil
}
