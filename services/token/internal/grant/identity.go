package grant

import (
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Identity is the user of a grant, as its ID tokens name them (OpenID Connect Core §2).
type Identity struct {
	UserID string
	// Subject is the pairwise subject; empty for a client that gets the user's identifier.
	Subject     string
	WorkspaceID string
	// AuthTime is when the user authenticated; zero where that is not known.
	AuthTime time.Time
	// SessionID is the session in which the user approved; empty for a device.
	SessionID string
	// Nonce is that of the authorization request. A refresh has none (OpenID Connect Core §12.2).
	Nonce string
}

// Sub returns the subject by which the client knows the user.
func (i Identity) Sub() string {
	if i.Subject != "" {
		return i.Subject
	}
	return i.UserID
}

// IDTokens issues ID tokens.
type IDTokens interface {
	// Issue returns the ID token of a token pair with an Identity.
	Issue(client Client, pair TokenPair) (secret.String, error)
}

// Subjects derives pairwise subjects.
type Subjects interface {
	// Pairwise returns the subject of a user for a sector, always the same.
	Pairwise(sector, userID string) string
}

// identityOf returns the user of an approved request as the client's tokens name them. A subject is
// fixed when the grant is created: it does not change with the client's registration.
func identityOf(subjects Subjects, client Client, approved oauth.ApprovedRequest) Identity {
	identity := Identity{
		UserID: approved.UserID, WorkspaceID: approved.WorkspaceID, AuthTime: approved.AuthTime, SessionID: approved.SessionID,
		Nonce: approved.Nonce,
	}
	if client.Sector != "" && subjects != nil {
		identity.Subject = subjects.Pairwise(client.Sector, approved.UserID)
	}
	return identity
}
