package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
)

// ErrUnknown is returned for an identifier that no session can have.
var ErrUnknown = errors.New("no such session")

// Device is where a session is in use, as far as its user needs it to know the session again.
type Device struct {
	// UserAgent is the browser's header: untrusted text of at most maxUserAgent bytes.
	UserAgent string
	// Network is a part of the address, such as 203.0.113.* or 2001:db8:1:*. It does not tell
	// which person of a household or an office it was.
	Network string
}

// maxUserAgent is in bytes. Those of browsers have 80 to 160.
const maxUserAgent = 256

// NewDevice returns the device of a request.
func NewDevice(userAgent, address string) Device {
	return Device{UserAgent: cleanUserAgent(userAgent), Network: network(address)}
}

// cleanUserAgent returns a header as valid, printable UTF-8 of at most maxUserAgent bytes.
func cleanUserAgent(header string) string {
	header = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, header[:min(len(header), maxUserAgent)])
	return strings.TrimSpace(header)
}

// network returns the first three bytes of an IPv4 address, or the first three groups of an IPv6
// address; empty for anything else.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	switch parsed = parsed.Unmap(); {
	case err != nil:
		return ""
	case parsed.Is4():
		b := parsed.As4()
		return fmt.Sprintf("%d.%d.%d.*", b[0], b[1], b[2])
	}
	b := parsed.As16()
	return fmt.Sprintf("%x:%x:%x:*", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3]), uint16(b[4])<<8|uint16(b[5]))
}

// Record is a session in the durable store.
type Record struct {
	Hash   secret.Hash
	UserID string
	// Epoch is the user's at the sign-in.
	Epoch     int64
	ExpiresAt time.Time
	Device
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
	Device
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
