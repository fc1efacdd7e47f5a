package pending

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Device is a device that waits for the outcome of an authorization (RFC 8628).
type Device struct {
	// Code is the hash of the device code, under which the token service stores its redemption.
	Code secret.Hash
	// Source is the network address of the device's request; empty if it is not known.
	Source string
	// RequestedAt is when that request arrived, in whole microseconds.
	RequestedAt time.Time
}

type storedDevice struct {
	Code        []byte `json:"code"`
	Source      string `json:"source,omitempty"`
	RequestedAt int64  `json:"at"`
}

func (d Device) stored() *storedDevice {
	return &storedDevice{Code: d.Code.Bytes(), Source: d.Source, RequestedAt: d.RequestedAt.UnixMicro()}
}

func (s *storedDevice) device() (*Device, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // most requests have no device
	}
	code, err := secret.HashFromBytes(s.Code)
	return &Device{Code: code, Source: s.Source, RequestedAt: time.UnixMicro(s.RequestedAt)}, err
}

// OpenDevice stores the request of a device, which no browser has claimed yet, and returns its
// random identifier.
func (s *Store) OpenDevice(ctx context.Context, r Request, lifetime time.Duration) (string, error) {
	return s.open(ctx, entry{Request: r, Deadline: s.Now().Add(lifetime)})
}

// Claim binds the request of a device to the browser in which its user code was entered. A browser
// that claims it later replaces the previous one while the request is undecided: users change from
// one browser to another, and who knows the user code may decide. A decided request stays the
// deciding browser's. It returns ErrUnknown, ErrExpired, or ErrDecided for another browser.
func (s *Store) Claim(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	if !ValidBrowser(browser) {
		return Authorization{}, ErrNotFound
	}
	claimed := secret.Sum(browser.Reveal())
	for {
		e, before, err := s.load(ctx, id)
		switch {
		case err != nil:
			return Authorization{}, err
		case e.Device == nil:
			return Authorization{}, ErrUnknown
		case !s.Now().Before(s.end(e)):
			return Authorization{}, ErrExpired
		case secret.Equal(e.Browser, claimed):
			return e.authorization(id), nil
		case e.Outcome != nil:
			return Authorization{}, ErrDecided
		}
		e.Browser, e.Viewer = claimed, Viewer{}
		if set, err := s.replace(ctx, id, e, before); err != nil || set {
			return e.authorization(id), err
		}
	}
}

// ForDevice returns the request of a device, decided or not, to the device. It returns ErrUnknown
// or ErrExpired; an outcome is available as long as a pending request would be.
func (s *Store) ForDevice(ctx context.Context, id string) (Authorization, error) {
	e, _, err := s.load(ctx, id)
	switch {
	case err != nil:
		return Authorization{}, err
	case e.Device == nil:
		return Authorization{}, ErrUnknown
	case !s.Now().Before(e.Deadline):
		return Authorization{}, ErrExpired
	}
	return e.authorization(id), nil
}
