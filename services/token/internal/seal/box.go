package seal

import (
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Box encrypts under a key of the configuration.
type Box struct{ key, other secret.String }

// NewBox returns a box for the value that a key has now. It also opens bytes that were sealed under
// other, which may be zero. Files that are replaced later have no effect: the new value opens nothing
// that is stored, and other replicas do not have it yet.
func NewBox(key, other secret.String) Box {
	return Box{secret.New(key.Reveal()), secret.New(other.Reveal())}
}

// Seal encrypts. The label names what is encrypted: only the same label decrypts it, so that stored
// values cannot be exchanged for one another.
func (b Box) Seal(label string, plain []byte) ([]byte, error) {
	aead, err := deriveCipher(b.key, boxPurpose)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, []byte(label)), nil //nolint:gosec // it generates its own nonce
}

// Open decrypts. It returns ErrUnreadable for bytes that were not sealed under one of the keys and this
// label.
func (b Box) Open(label string, sealed []byte) ([]byte, error) {
	plain, err := openWith(b.key, label, sealed)
	if err != nil && !b.other.IsZero() {
		plain, err = openWith(b.other, label, sealed)
	}
	return plain, err
}

// Reseal returns what is sealed under the other key sealed under the key instead; nil for bytes that are
// sealed under the key already. It returns ErrUnreadable as Open does.
func (b Box) Reseal(label string, sealed []byte) ([]byte, error) {
	if _, err := openWith(b.key, label, sealed); err == nil {
		return nil, nil
	}
	plain, err := b.Open(label, sealed)
	if err != nil {
		return nil, err
	}
	return b.Seal(label, plain)
}

func openWith(key secret.String, label string, sealed []byte) ([]byte, error) {
	aead, err := deriveCipher(key, boxPurpose)
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
