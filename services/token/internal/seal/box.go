package seal

import (
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Box encrypts under a key of the configuration.
type Box struct{ key secret.String }

// NewBox returns a box for a key.
func NewBox(key secret.String) Box { return Box{key} }

// Seal encrypts. The label names what is encrypted: only the same label decrypts it, so that stored
// values cannot be exchanged for one another.
func (b Box) Seal(label string, plain []byte) ([]byte, error) {
	aead, err := deriveCipher(b.key, boxPurpose)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, []byte(label)), nil //nolint:gosec // it generates its own nonce
}

// Open decrypts. It returns ErrUnreadable for bytes that were not sealed under this key and label.
func (b Box) Open(label string, sealed []byte) ([]byte, error) {
	aead, err := deriveCipher(b.key, boxPurpose)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(label))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrUnreadable, label)
	}
	return plain, nil
}

// boxPurpose separates the keys of a Box from those that are derived for other purposes.
const boxPurpose = "usher stored keys"
