package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// ErrLogoutURI is returned for a post_logout_redirect_uri that is not registered for the client.
var ErrLogoutURI = errors.New("the post_logout_redirect_uri is not registered for the client")

// LogoutRequest is a request of a client to sign the user out (OpenID Connect RP-Initiated Logout 1.0 §2),
// whose ID token was verified.
type LogoutRequest struct {
	ClientID string
	// RedirectURI and State are empty where none was sent.
	RedirectURI, State string
	// SessionID is that of the ID token, and Session the value of the session cookie; either may be empty.
	SessionID string
	Session   secret.String
}

// Logout is what follows from a LogoutRequest.
type Logout struct {
	// ClientName is untrusted text.
	ClientName string
	// Location is where the browser goes afterwards; empty for a page of the gateway.
	Location string
	// SameSession says that the ID token was issued for the session of this browser.
	SameSession bool
	// Unverified is that of the client: a browser without a session goes to Location only when the user
	// has clicked.
	Unverified bool
}

// CheckLogout validates a logout request. It returns client.ErrUnknown, also for a disabled client, or
// ErrLogoutURI. It ends nothing, and requests no document: a client of a document has no
// post_logout_redirect_uri, so that only its name is missing where there is no copy.
func (f Flow) CheckLogout(ctx context.Context, r LogoutRequest) (Logout, error) {
	if !client.ValidID(r.ClientID) && !client.IsDocument(r.ClientID) {
		return Logout{}, client.ErrUnknown
	}
	found, err := f.loggingOut(ctx, r.ClientID)
	if err != nil {
		return Logout{}, fmt.Errorf("finding the client: %w", err)
	}
	result := Logout{ClientName: found.Name, Unverified: found.Unverified}
	if r.RedirectURI != "" {
		if !slices.Contains(found.PostLogoutRedirectURIs, r.RedirectURI) {
			return Logout{}, cause.Expecting(ErrLogoutURI, "post_logout_redirect_uri", nearest(found.PostLogoutRedirectURIs, r.RedirectURI))
		}
		result.Location = r.RedirectURI
		if r.State != "" {
			if result.Location, err = oauth.AppendQuery(r.RedirectURI, [2]string{"state", r.State}); err != nil {
				return Logout{}, fmt.Errorf("building the logout response: %w", err)
			}
		}
	}
	if !r.Session.IsZero() && r.SessionID != "" {
		result.SameSession = r.SessionID == oauth.SessionID(secret.Sum(r.Session.Reveal()), r.ClientID)
	}
	return result, nil
}

// loggingOut returns a client without a request to another server. It returns client.ErrUnknown for one
// that cannot be used.
func (f Flow) loggingOut(ctx context.Context, id string) (client.Registration, error) {
	found, err := f.Clients.FindKnown(ctx, id)
	switch {
	case err == nil && found.Disabled:
		return client.Registration{}, client.ErrUnknown
	case errors.Is(err, client.ErrUnknown) && client.IsDocument(id):
		accepted, failed := f.Clients.Accepts(ctx, id)
		if failed != nil || accepted {
			return client.Registration{}, failed
		}
	}
	return found, err
}
