package revocation

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Registrations deletes the registrations of clients that registered themselves, in authz. Its
// methods get the registration access token, and fail for one that is not valid.
type Registrations interface {
	// DisableRegistration disables the client of a registration, and reports so, if deleting the
	// registration deletes a client that has had grants. No other registration shares the client after
	// that.
	DisableRegistration(ctx context.Context, clientID string, token secret.String) (disabled bool, err error)
	// DeleteRegistration deletes a registration. It reports whether that deleted a client that has had
	// grants.
	DeleteRegistration(ctx context.Context, clientID string, token secret.String) (revoke bool, err error)
	// ClientExists reports whether there is a client.
	ClientExists(ctx context.Context, clientID string) (bool, error)
}

// DeleteRegistration deletes a registration and revokes what was granted to its client (RFC 7592
// §2.3). The client is disabled before the revocations and deleted last: until then the token of
// the registration is valid, so that a retry completes a call that failed. A client that never had a
// grant is deleted without a revocation, which would leave a row for each; one that got its first grant
// during the call is revoked after it was deleted. Where the response of the deletion was lost, it is
// revoked if the client is gone: no retry could revoke its grants. Other registrations may share a client
// that is still there.
func (r Revoker) DeleteRegistration(ctx context.Context, in Registrations, clientID string, token secret.String) error {
	disabled, err := in.DisableRegistration(ctx, clientID, token)
	if err != nil {
		return err
	}
	if disabled {
		if err := r.DisableClient(ctx, clientID); err != nil {
			return err
		}
	}
	revoke := false
	err = uninterrupted(ctx, func(ctx context.Context) (err error) { // it cannot be repeated
		revoke, err = in.DeleteRegistration(ctx, clientID, token)
		return err
	})
	switch {
	case disabled || err != nil && r.Unchanged(err):
		return err
	case err != nil:
		err = joined(err, uninterrupted(ctx, func(ctx context.Context) error {
			exists, lookErr := in.ClientExists(ctx, clientID)
			revoke = lookErr == nil && !exists
			return lookErr
		}))
	}
	if !revoke {
		return err
	}
	return joined(err, uninterrupted(r.Step(ctx), func(ctx context.Context) error { return r.Store.RevokeClientGrants(ctx, clientID) }))
}
