package ownership

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/emailaddress"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// ErrNotLive is returned for a client that is not live, and a user who is neither one of its team nor one
// of its testers.
var ErrNotLive = errors.New("the client is not live yet")

// Audience decides who may connect a client of a workspace.
type Audience struct {
	People People
	Store  AudienceStore
	// Limit is how many users may approve a client that is not verified; 0 is any number.
	Limit int
}

// Check returns ErrNotLive unless the user of a session may connect a client. It asks identity only for a
// client that is not live. It returns ErrSignedOut for an invalid session.
func (a Audience) Check(ctx context.Context, registration client.Registration, session secret.String) error {
	if registration.Status == client.Live {
		return nil
	}
	person, err := a.People.Person(ctx, session)
	if err != nil {
		return err
	}
	if _, member := person.team(registration.Owner.WorkspaceID); member {
		return nil
	}
	// The account of a user of release 0.1 may have another form of the address.
	address, err := emailaddress.Canonical(person.Email)
	if err != nil {
		return ErrNotLive
	}
	invited, err := a.Store.IsTester(ctx, registration.ID, address)
	if err == nil && !invited {
		err = ErrNotLive
	}
	return err
}

// Admit counts the user of an approval, and records the use of the redirect URI. It returns ErrUsers, or
// client.ErrUnknown.
func (a Audience) Admit(ctx context.Context, registration client.Registration, userID, redirectURI string) error {
	if registration.Owner.WorkspaceID == "" {
		return nil
	}
	approval := Approval{ClientID: registration.ID, UserID: userID, Limit: a.limit(registration)}
	for _, uri := range registration.RedirectURIs {
		if oauth.MatchRedirectURI([]string{uri}, redirectURI, registration.RunsOnDevice()) {
			approval.RedirectURI = uri
		}
	}
	return a.Store.AdmitOwnedUser(ctx, approval)
}

// limit returns how many users may approve a client; 0 for any number.
func (a Audience) limit(registration client.Registration) int {
	if !registration.Unverified {
		return 0
	}
	return a.Limit
}
