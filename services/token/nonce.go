package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// errNoNonceKey is returned where nonces are on without the key that the replicas share.
var errNoNonceKey = errors.New("token.key_encryption_key is required with token.dpop_nonce: 32 random characters or more")

const (
	// noncePurpose separates the key of nonces from those that are derived for other purposes.
	noncePurpose = "usher DPoP nonces"
	// nonceKeyLength is the length of that key, in bytes.
	nonceKeyLength = 32
)

// newNonces returns the nonces that DPoP proofs need; nil where they need none.
func newNonces(config Config) (*dpop.Nonces, error) {
	if !config.DPoPNonce {
		return nil, nil //nolint:nilnil // no nonces is not a failure
	}
	if config.KeyEncryptionKey.IsZero() {
		return nil, errNoNonceKey
	}
	key, err := nonceKey(config.KeyEncryptionKey)
	if err != nil || config.OtherKeyEncryptionKey.IsZero() {
		return dpop.NewNonces(key), err
	}
	other, err := nonceKey(config.OtherKeyEncryptionKey)
	return dpop.NewNonces(key, other), err
}

// nonceKey derives the key of nonces.
func nonceKey(from secret.String) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(from.Reveal()), nil, noncePurpose, nonceKeyLength)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of nonces: %w", err)
	}
	return key, nil
}
