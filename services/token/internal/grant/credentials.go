package grant

import (
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Credentials are the client authentication of a request: readings or an assertion, never both.
type Credentials struct {
	// Readings are the possible readings of a secret, or of an identifier alone, likeliest first.
	Readings []oauth.ClientCredentials
	// Assertion is a client assertion (RFC 7523 §2.2), and ClientID the client_id beside it, which
	// may be empty.
	Assertion secret.String
	ClientID  string
}

// IsZero reports whether the request names no client.
func (c Credentials) IsZero() bool { return len(c.Readings) == 0 && c.Assertion.IsZero() }

// Proves reports whether the credentials have a secret or an assertion, and not only an identifier.
func (c Credentials) Proves() bool {
	return !c.Assertion.IsZero() || slices.ContainsFunc(c.Readings, func(r oauth.ClientCredentials) bool { return !r.Secret.IsZero() })
}
