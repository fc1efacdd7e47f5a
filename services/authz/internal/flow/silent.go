package flow

import (
	"context"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// SilentRefusal is why a request with prompt=none gets no code.
type SilentRefusal int

// The refusals. The zero value is none.
const (
	// SilentLogin says that the session has ended.
	SilentLogin SilentRefusal = iota + 1
	// SilentConsentMissing says that the user has not granted the client all of the scope in one
	// workspace.
	SilentConsentMissing
	// SilentInteraction says that the user must choose a workspace.
	SilentInteraction
)

// refusal returns the error response (OpenID Connect Core §3.1.2.6).
func (s SilentRefusal) refusal() *refusal {
	switch s {
	case SilentLogin:
		return loginRequired()
	case SilentInteraction:
		return redirectWith(cause.InteractionRequired, "interaction_required", "the user must choose a workspace")
	case SilentConsentMissing:
	}
	return consentRequired()
}

func loginRequired() *refusal {
	return redirectWith(cause.LoginRequired, "login_required", "the user is not signed in, or not recently enough")
}

func consentRequired() *refusal {
	return redirectWith(cause.ConsentRequired, "consent_required", "the user must be shown the consent screen")
}

// identifiesClient reports whether a code reaches the client and no other program: because the client
// authenticates, or because its redirect URI is a web address. Any program on a device can receive what
// is sent to a loopback address or a private-use scheme, so that such a request needs the user (RFC 8252
// §8.6).
func (a *request) identifiesClient() bool {
	return a.client.Type == client.Confidential || strings.HasPrefix(a.RedirectURI, "https://")
}

// RefuseSilently returns the error response of a request with prompt=none. It changes nothing. It
// returns the errors of pending.Store.Find, and pending.ErrUnknown for any other request.
func (f Flow) RefuseSilently(ctx context.Context, id string, browser secret.String, why SilentRefusal) (secret.String, error) {
	p, err := f.Pending.Find(ctx, id, browser)
	if err == nil && !p.Silent {
		err = pending.ErrUnknown
	}
	if err == nil {
		err = f.recheckClient(ctx, p)
	}
	if err != nil {
		return secret.String{}, err
	}
	r := why.refusal()
	return f.respond(p, [2]string{"error", r.code}, [2]string{"error_description", r.text})
}
