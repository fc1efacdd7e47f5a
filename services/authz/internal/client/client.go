package client

import (
	"errors"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Failures of the registry.
var (
	// ErrUnknown says that no app has that identifier.
	ErrUnknown = errors.New("unknown client")
	// ErrExists says that the identifier is taken.
	ErrExists = errors.New("client exists")
)

// MaxSecrets is how many secrets of one app are valid at once: the current one and, during a rotation, its predecessor.
const MaxSecrets = 2

// Type is RFC 6749 §2.1.
type Type string

// The two types of app. The zero value is neither and authenticates nobody.
const (
	Confidential Type = "confidential"
	Public       Type = "public"
)

// Client is what others may know about an app.
type Client struct {
	ID string
	// Name is untrusted text that the app's owner chose.
	Name       string
	Type       Type
	GrantTypes []string
	// ResourceServer may introspect every access token (docs/wire-contract.md §4.3).
	ResourceServer bool
	// Disabled apps start no authorization and authenticate no more.
	Disabled bool
}

// May reports whether the client may use the grant type.
func (c Client) May(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// Registration is an app with what an authorization request is checked against.
type Registration struct {
	Client
	// RedirectURIs are compared by oauth.MatchRedirectURI.
	RedirectURIs []string
	// Scope is what the app may ask for.
	Scope oauth.Scope
}

// Rotation replaces an app's secret.
type Rotation struct {
	ClientID string
	// Secret is the new one.
	Secret Imprint
	// Overlap is how long the present secret stays valid; older ones end at once.
	Overlap time.Duration
}

// Imprint is what is kept of a secret: a secret has more than 256 random bits, so that a fast hash is enough.
type Imprint struct {
	Hash     secret.Hash
	LastFour string
}

// lastLength is how many characters of a secret are shown in lists.
const lastLength = 4

// Imprinted is what is kept of a secret.
func Imprinted(s secret.String) Imprint {
	clear := s.Reveal()
	return Imprint{Hash: secret.Sum(clear), LastFour: clear[max(0, len(clear)-lastLength):]}
}
