package signing

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
)

const (
	// CacheLimit is how long a verifier may cache the JWK Set.
	CacheLimit = 24 * time.Hour
	// margin covers the lifetime of a signed token, and the time until a replica has read a new key.
	margin = 2 * time.Hour
	// Lead is how long a key is published before it signs.
	Lead = CacheLimit + margin
	// overlap is how long a key is published after it signed: until every verifier has its successor,
	// and every token that it signed has expired.
	overlap = CacheLimit + margin
	// kept is how long a key verifies tokens that come back to the server (id_token_hint) after it
	// signed.
	kept = 400 * 24 * time.Hour
)

// Row is a key as it is stored. Of each algorithm there is one row for a generation; a generation
// signs until the next one does.
type Row struct {
	Algorithm  string
	Generation int64
	// KeyID is the identifier of the public key.
	KeyID string
	// Public is the public key, a JWK.
	Public []byte
	// Sealed is the encrypted private key; nil once it does not sign any more.
	Sealed []byte
	// ActiveAt is when it begins to sign.
	ActiveAt time.Time
}

// Store stores keys. Its methods may be called concurrently.
type Store interface {
	// SigningKeys returns all keys, by algorithm and generation, and the database's time.
	SigningKeys(ctx context.Context) ([]Row, time.Time, error)
	// AddSigningKey stores a key unless its generation exists.
	AddSigningKey(ctx context.Context, row Row) error
	// EraseSigningKey erases the private key of a generation.
	EraseSigningKey(ctx context.Context, algorithm string, generation int64) error
	// ResealSigningKey replaces the encrypted private key of a generation if it is still the one that was
	// read.
	ResealSigningKey(ctx context.Context, row Row, sealed []byte) error
	// ResealSecret does the same with a stored secret.
	ResealSecret(ctx context.Context, name string, before, after []byte) error
	// DeleteSigningKey deletes a generation.
	DeleteSigningKey(ctx context.Context, algorithm string, generation int64) error
	// StoredSecret returns the secret of a name, which is sealed if there is none yet: all replicas get
	// the same.
	StoredSecret(ctx context.Context, name string, sealed []byte) ([]byte, error)
}

// Box encrypts private keys.
type Box interface {
	Seal(label string, plain []byte) ([]byte, error)
	Open(label string, sealed []byte) ([]byte, error)
	// Reseal returns what is sealed under another configured key sealed under the present one; nil where
	// it is sealed under that.
	Reseal(label string, sealed []byte) ([]byte, error)
}

// key is a parsed row. retiredAt is when its successor begins to sign; zero without a successor.
type key struct {
	Row

	public    jose.Key
	private   *jose.PrivateKey
	retiredAt time.Time
}

// signs reports whether it is the key that signs at a time.
func (k key) signs(now time.Time) bool {
	return !k.ActiveAt.After(now) && (k.retiredAt.IsZero() || k.retiredAt.After(now))
}

// published reports whether verifiers see the key at a time.
func (k key) published(now time.Time) bool {
	return k.retiredAt.IsZero() || k.retiredAt.Add(overlap).After(now)
}
