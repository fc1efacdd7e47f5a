package client

import (
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// MaxKeys is how many registered keys of a client are valid at once: two, so that one can replace
// the other without a pause.
const MaxKeys = 2

// Failures of a change of a client's keys.
var (
	// ErrUnknownKey is returned if the client has no such key, or would have none left.
	ErrUnknownKey = errors.New("unknown key")
	// ErrTooManyKeys is returned if the client has MaxKeys keys.
	ErrTooManyKeys = errors.New("too many keys")
)

// KeyAuthentication is how a client authenticates with a private key; zero for a client with secrets
// and for a public one.
type KeyAuthentication struct {
	// Method is oauth.PrivateKeyJWT, or empty. It is binding: a client with this method has no other
	// one.
	Method string
	// Algorithm is the only signature algorithm that is accepted; empty for any supported one.
	Algorithm string
	// URI is where the client publishes its keys; empty if they are registered.
	URI string
}

// UsesKeys reports whether the client authenticates with private_key_jwt.
func (k KeyAuthentication) UsesKeys() bool { return k.Method == oauth.PrivateKeyJWT }

// Key is a public key of a client.
type Key struct {
	ID string
	// Name is what the operator called it.
	Name string
	// JWK is the key as jose.Key.JSON wrote it; nil for one that the client publishes.
	JWK []byte
	// Lifetime is how long a new key is valid; nil if it does not expire.
	Lifetime *time.Duration
	// CreatedAt, ExpiresAt and LastUsedAt are of a stored key; zero if unknown or never.
	CreatedAt, ExpiresAt, LastUsedAt time.Time
}

// NewKey returns the registration of a public key.
func NewKey(public jose.Key, name string) (Key, error) {
	text, err := public.JSON()
	if name == "" {
		name = public.ID
	}
	return Key{ID: public.ID, Name: name, JWK: text}, err
}

// ParseKeySet parses the public keys that a client registers, a JWK Set (RFC 7517 §5) of one to MaxKeys
// keys. Its error continues a sentence that begins with the name of the member.
func ParseKeySet(jwks string) ([]jose.Key, error) {
	keys, err := jose.ParseSet([]byte(jwks))
	if err == nil && (len(keys) == 0 || len(keys) > MaxKeys) {
		err = fmt.Errorf("must have one to %d keys", MaxKeys)
	}
	return keys, err
}

// KeyChange is a change of a registered key; nil fields stay unchanged.
type KeyChange struct {
	ClientID, KeyID string
	Name            *string
	// Lifetime counts from now on; 0 is without end.
	Lifetime *time.Duration
}
