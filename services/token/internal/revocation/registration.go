package revocation

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Registrations deletes the registrations of clients that registered themselves, in authz. Its
// methods get the registration access token, and fail for one that is not valid.
type Registrations interface {
	// CheckRegistration reports whether deleting the registration deletes a client that has had
	// grants.
	CheckRegistration(ctx context.Context, clientID string, token secret.String) (revoke bool, err error)
	DeleteRegistration(ctx context.Context, clientID string, token secret.String) error
}

// DeleteRegistration deletes a registration and revokes what was granted to its client (RFC 7592
// §2.3). The client is disabled between the two revocations and deleted last: until then the token of
// the registration is valid, so that a retry completes a call that failed. A client that never had a
// grant is deleted without a revocation, which would leave a row for each.
func (r Revoker) DeleteRegistration(ctx context.Context, in Registrations, clientID string, token secret.String) error {
	revoke, err := in.CheckRegistration(ctx, clientID, token)
	if err != nil {
		return err
	}
	if revoke {
		if err := r.DisableClient(ctx, clientID); err != nil {
			return err
		}
	}
	return in.DeleteRegistration(ctx, clientID, token)
}
