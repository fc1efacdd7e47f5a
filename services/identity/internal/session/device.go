package session

import (
	"encoding/base64"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
)

// ErrUnknown is returned for an identifier that no session can have.
var ErrUnknown = errors.New("no such session")

// Record is a session in the durable store.
type Record struct {
	Hash   secret.Hash
	UserID string
	// Epoch is the user's at the sign-in.
	Epoch     int64
	ExpiresAt time.Time
	// AuthenticatedAt is when the user signed in; zero if that is not known.
	AuthenticatedAt time.Time
	device.Device
	// Event is recorded with the session; zero for none.
	Event accountevent.Kind
	// Previous is the session that this one takes the place of in its browser; zero for none.
	Previous secret.Hash
}

// Replaces reports whether the session takes the place of another one.
func (r Record) Replaces() bool { return r.Previous != secret.Hash{} }

// Listed is a session in the list of its user.
type Listed struct {
	Hash secret.Hash
	device.Device
	BegunAt time.Time
	// UsedAt is exact to five minutes.
	UsedAt time.Time
}

// ID returns the identifier of a session, which cannot be used as its value.
func (l Listed) ID() string { return base64.RawURLEncoding.EncodeToString(l.Hash[:]) }

// parseID returns the hash of an identifier, or ErrUnknown.
func parseID(id string) (secret.Hash, error) {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return secret.Hash{}, ErrUnknown
	}
	hash, err := secret.HashFromBytes(raw)
	if err != nil {
		return secret.Hash{}, ErrUnknown
	}
	return hash, nil
}
