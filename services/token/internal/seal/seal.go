// Package seal encrypts what the database stores and must not be able to read: the successor of a
// refresh token under the predecessor, of which the database has only a hash, and the server's own
// private keys under a key of the configuration.
//
// It owns the format of the sealed bytes. It never stores them and never decides when they may be
// decrypted.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// ErrUnreadable is returned for bytes that were not sealed under this key.
var ErrUnreadable = errors.New("sealed bytes cannot be decrypted with this key")

// Sealer encrypts with AES-256-GCM. A random nonce precedes the ciphertext: two concurrent
// refreshes may seal two token pairs under one key.
type Sealer struct{}

// contents is the plaintext. Its fields are revealed secrets, so it never leaves this package.
type contents struct {
	Access    string `json:"a"`
	Refresh   string `json:"r"`
	ExpiresIn int64  `json:"e"`
	Scope     string `json:"s"`
	Resources string `json:"o,omitempty"`
	Key       string `json:"k,omitempty"`
}

// Seal encrypts the token pair.
func (Sealer) Seal(predecessor secret.String, pair grant.TokenPair) ([]byte, error) {
	aead, err := cipherOf(predecessor)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(contents{
		Access: pair.Access.Reveal(), Refresh: pair.Refresh.Reveal(),
		ExpiresIn: int64(pair.ExpiresIn / time.Second), Scope: pair.Scope, Resources: pair.Resources.String(), Key: pair.Key,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the pair: %w", err)
	}
	return aead.Seal(nil, nil, plain, nil), nil //nolint:gosec // it generates its own nonce
}

// Open decrypts the token pair. ErrUnreadable when the bytes were not sealed under this
// predecessor.
func (Sealer) Open(predecessor secret.String, sealed []byte) (grant.TokenPair, error) {
	aead, err := cipherOf(predecessor)
	if err != nil {
		return grant.TokenPair{}, err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return grant.TokenPair{}, ErrUnreadable
	}
	var c contents
	if err := json.Unmarshal(plain, &c); err != nil {
		return grant.TokenPair{}, ErrUnreadable
	}
	return grant.TokenPair{
		Access: secret.New(c.Access), Refresh: secret.New(c.Refresh),
		ExpiresIn: time.Duration(c.ExpiresIn) * time.Second, Scope: c.Scope,
		Resources: oauth.ParseResources(c.Resources), Key: c.Key,
	}, nil
}

func cipherOf(predecessor secret.String) (cipher.AEAD, error) {
	return deriveCipher(predecessor, "usher refresh retry")
}

// deriveCipher returns AES-256-GCM with random nonces, under a key that HKDF derives from a secret for
// one purpose.
func deriveCipher(from secret.String, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(from.Reveal()), nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("preparing the cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
