package revocation

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Registration names the registration of a client that registered itself.
type Registration struct {
	ClientID string
	// Token is the registration access token.
	Token secret.String
}

// Registrations deletes registrations in authz. Its methods fail for a token that is not valid.
type Registrations interface {
	// CheckRegistration reports whether deleting the registration deletes a client that has had
	// grants.
	CheckRegistration(ctx context.Context, r Registration) (revoke bool, err error)
	DeleteRegistration(ctx context.Context, r Registration) error
}

// DeleteRegistration deletes a registration and revokes what was granted to its client (RFC 7592
// §2.3). The client is disabled between the two revocations and deleted last: until then the token of
// the registration is valid, so that a retry completes a call that failed. A client that never had a
// grant is deleted without a revocation, which would leave a row for each.
func (r Revoker) DeleteRegistration(ctx context.Context, registrations Registrations, registration Registration) error {
	revoke, err := registrations.CheckRegistration(ctx, registration)
	if err != nil {
		return err
	}
	if revoke {
		if err := r.DisableClient(ctx, registration.ClientID); err != nil {
			return err
		}
	}
	return registrations.DeleteRegistration(ctx, registration)
}
