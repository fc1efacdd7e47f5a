// Package seal keeps the successor of a refresh token unreadable to everyone but who holds the
// predecessor: the key is derived from the predecessor itself, of which the database has only a
// hash.
//
// It owns the form of the sealed bytes. It never stores them and never decides when they may be
// opened.
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

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// ErrUnreadable is a sealed pair that this predecessor does not open.
var ErrUnreadable = errors.New("sealed pair does not open with this token")

// Sealer seals with AES-256-GCM. A random nonce stands in front: two refreshes at once may seal two
// pairs under one key.
type Sealer struct{}

// contents is the sealed form. Its fields are revealed secrets, which is why it never leaves this
// package.
type contents struct {
	Access    string `json:"a"`
	Refresh   string `json:"r"`
	ExpiresIn int64  `json:"e"`
	Scope     string `json:"s"`
}

// Seal hides the pair.
func (Sealer) Seal(predecessor secret.String, pair grant.TokenPair) ([]byte, error) {
	aead, err := cipherOf(predecessor)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(contents{
		Access: pair.Access.Reveal(), Refresh: pair.Refresh.Reveal(),
		ExpiresIn: int64(pair.ExpiresIn / time.Second), Scope: pair.Scope,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the pair: %w", err)
	}
	return aead.Seal(nil, nil, plain, nil), nil //nolint:gosec // it draws its own nonce
}

// Open reads the pair again. ErrUnreadable when the bytes were not sealed for this predecessor.
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
	}, nil
}

func cipherOf(predecessor secret.String) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(predecessor.Reveal()), nil, "usher refresh retry", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("preparing the cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
