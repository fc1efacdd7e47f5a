package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkRedirectURI accepts a redirect URI only if it matches a registered one (RFC 9700 §4.1.3).
// The parameter is always required, even if the client has registered only one.
func checkRedirectURI(_ context.Context, _ Flow, a *request) error {
	uri := a.value("redirect_uri")
	switch {
	case a.repeated("redirect_uri"):
		return pageWith(cause.ParameterRepeated, "The app sent the parameter redirect_uri more than once.").of("redirect_uri")
	case uri == "":
		return pageWith(cause.ParameterMissing, "The app did not say where to return to: the parameter redirect_uri is missing.").of("redirect_uri")
	case !permits(a.client, uri):
		return pageWith(cause.RedirectURIUnregistered, "The app asked to return to an address that it has not registered: redirect_uri must be one of its registered addresses, character by character.")
	}
	a.RedirectURI = uri
	return nil
}
