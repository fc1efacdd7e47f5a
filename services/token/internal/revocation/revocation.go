package revocation

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The failures of this package. Those of identity and authz pass through.
var (
	// ErrPlan is a plan that the catalog does not have.
	ErrPlan = errors.New("no such plan")
	// ErrPassword is a new password that identity would refuse for its length, or that cannot be
	// sent.
	ErrPassword = errors.New("must have at least 12 characters, and at most 1,024 bytes without a NUL character")
)

const (
	// minPassword is identity's, in characters of the composed form (NFC). It is checked here too,
	// because identity is asked only when sessions and user tokens have ended.
	minPassword = 12
	// maxPassword is in bytes.
	maxPassword = 1024
)

// Store ends tokens, each method in one transaction that also writes the log, whatever hangs on it.
// Each returns when no replica answers from before it.
type Store interface {
	// EndUser ends everything of a user: OAuth tokens, codes in flight, user tokens.
	RevokeUser(ctx context.Context, userID string) error
	// EndSignIns ends a user's user tokens and codes in flight; apps stay connected.
	RevokeSignIns(ctx context.Context, userID string) error
	// EndMember ends what is good for one workspace.
	RevokeMember(ctx context.Context, userID, workspaceID string) error
	// EndAuthenticationApp ends the user tokens that were issued through an app.
	RevokeAuthenticationAppTokens(ctx context.Context, appID string) error
	// EndUserGrants ends all that a user granted; user tokens stay.
	RevokeUserGrants(ctx context.Context, userID string) error
	// EndPairGrants ends all that a user granted to an app.
	RevokeUserClientGrants(ctx context.Context, userID, clientID string) error
	// EndClient ends all that was granted to an app.
	RevokeClientGrants(ctx context.Context, clientID string) error
	// NoteWorkspace tells whoever remembers a workspace's facts that they are old.
	LogWorkspaceChange(ctx context.Context, workspaceID string) error
}

// People makes the changes in identity. Each may be repeated.
type Users interface {
	DisableUser(ctx context.Context, userID string) error
	SetPassword(ctx context.Context, userID string, password secret.String) error
	RemoveMember(ctx context.Context, userID, workspaceID string) error
	RevokeAuthenticationApp(ctx context.Context, appID string) error
	SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error
}

// Apps makes the change in authz. It may be repeated.
type Clients interface {
	DisableClient(ctx context.Context, clientID string) error
}

// Desk takes access away. Its methods may be called concurrently and repeated; one that failed is
// repaired by its repetition.
type Revoker struct {
	Store   Store
	Users   Users
	Clients Clients
	// KnownPlan reports whether the catalog has a plan.
	KnownPlan func(name string) bool
}

// DisableUser keeps a user out and ends all that is theirs. Enabling them again brings nothing
// back.
func (d Revoker) DisableUser(ctx context.Context, userID string) error {
	return revokeAround(
		func() error { return d.Store.RevokeUser(ctx, userID) },
		func() error { return d.Users.DisableUser(ctx, userID) })
}

// SetPassword gives a user a new password and ends what the old one opened; apps stay connected.
// The log's entry names the user, so whoever remembers the user's OAuth tokens asks about them
// again and finds them live.
func (d Revoker) SetPassword(ctx context.Context, userID string, password secret.String) error {
	clear := password.Reveal()
	if utf8.RuneCountInString(norm.NFC.String(clear)) < minPassword || len(clear) > maxPassword || strings.IndexByte(clear, 0) >= 0 {
		return ErrPassword
	}
	return revokeAround(
		func() error { return d.Store.RevokeSignIns(ctx, userID) },
		func() error { return d.Users.SetPassword(ctx, userID, password) })
}

// RemoveMember takes a user out of a workspace and ends what is good for it.
func (d Revoker) RemoveMember(ctx context.Context, userID, workspaceID string) error {
	return revokeAround(
		func() error { return d.Store.RevokeMember(ctx, userID, workspaceID) },
		func() error { return d.Users.RemoveMember(ctx, userID, workspaceID) })
}

// RevokeAuthenticationApp ends an authentication app and the tokens that were issued through it.
func (d Revoker) RevokeAuthenticationApp(ctx context.Context, appID string) error {
	return revokeAround(
		func() error { return d.Store.RevokeAuthenticationAppTokens(ctx, appID) },
		func() error { return d.Users.RevokeAuthenticationApp(ctx, appID) })
}

// DisableClient keeps an app out and ends all that was granted to it. Enabling it again brings
// nothing back.
func (d Revoker) DisableClient(ctx context.Context, clientID string) error {
	return revokeAround(
		func() error { return d.Store.RevokeClientGrants(ctx, clientID) },
		func() error { return d.Clients.DisableClient(ctx, clientID) })
}

// RevokeClientGrants ends all that was granted to an app, which may go on asking for more.
func (d Revoker) RevokeClientGrants(ctx context.Context, clientID string) error {
	return d.Store.RevokeClientGrants(ctx, clientID)
}

// RevokeUserGrants ends all that a user granted: to an app, or to every one if none is named. They
// may grant it again.
func (d Revoker) RevokeUserGrants(ctx context.Context, userID, clientID string) error {
	if clientID == "" {
		return d.Store.RevokeUserGrants(ctx, userID)
	}
	return d.Store.RevokeUserClientGrants(ctx, userID, clientID)
}

// SetWorkspacePlan changes a workspace's plan. It ends nothing; the log's entry comes after the
// change, so that whoever asks again because of it is told the new plan. ErrPlan.
func (d Revoker) SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error {
	if !d.KnownPlan(plan) {
		return ErrPlan
	}
	if err := d.Users.SetWorkspacePlan(ctx, workspaceID, plan); err != nil {
		return err
	}
	return d.Store.LogWorkspaceChange(ctx, workspaceID)
}

// around ends tokens, has identity or authz make the change, and ends tokens once more.
//
// The first end comes first so that a crash in between leaves ended tokens and an unchanged user,
// which the repetition repairs, and never a changed user with live tokens. The second is for what
// was still allowed between the two. Whoever issues reads a cursor of the log before asking the
// service that is changed (as the pair's epoch at the consent page, before authz completes an
// authorization of the app; as the log's end at the user API), and what is issued is as old as that
// cursor. If the service was asked before the change, the cursor was read before the second end,
// which therefore revokes the token, whenever it is written. If the service was asked after the
// change, it said no.
func revokeAround(end, change func() error) error {
	if err := end(); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return end()
}
