package flow

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Status is the state of an authorization request, as far as it may be shown to the browser.
type Status int

// The states of a request.
const (
	// Open is a request that waits for a decision.
	Open Status = iota + 1
	// Expired is a request that was not decided within its lifetime.
	Expired
	// Approved is a request that the signed-in user approved or, without a session, that was
	// approved in this browser.
	Approved
	// Denied is a request that was denied or cancelled, likewise.
	Denied
	// OtherBrowser is a request that another browser started.
	OtherBrowser
	// OtherUser is a request that a user other than the signed-in one decided.
	OtherUser
	// Unknown is a request that never existed.
	Unknown
	// Refused is a request that was refused, whose client is not verified.
	Refused
	// Used is a request that its client pushed, and that was decided in another tab or browser.
	Used
)

// Found is a request as a page may show it.
type Found struct {
	Status Status
	// ClientName, untrusted text, and Origin are empty if the request is no longer stored or
	// belongs to another browser.
	ClientName, Origin string
	// Device is the device that the outcome goes to; nil for a request with a redirect URI, and
	// where ClientName is empty.
	Device *pending.Device
	// Next is the next step of an open or refused request.
	Next Step
	// LoginHint is the login_hint of an open request: untrusted text.
	LoginHint string
	// DecidedAt is zero for a request that was not decided.
	DecidedAt time.Time
	// ReturnLocation is where the user returns to a client that is not verified, from a refused or a
	// denied request; zero for a verified client.
	ReturnLocation secret.String
	// Fault is what is wrong with a refused request.
	Fault string
	// OwnedClientID is the client of a refused request, if a workspace owns it: its members have pages
	// about it.
	OwnedClientID string
}

// LookUp returns the state of a request. It changes nothing. A closed or unknown request is a
// status; an error means that the state could not be read.
func (f Flow) LookUp(ctx context.Context, id string, browser Browser) (Found, error) {
	p, err := f.Pending.Look(ctx, id, browser.Token)
	switch {
	case errors.Is(err, pending.ErrOtherBrowser):
		return Found{Status: OtherBrowser}, nil
	case errors.Is(err, pending.ErrExpired):
		return f.expired(ctx, id, browser)
	case errors.Is(err, pending.ErrNotFound):
		return Found{Status: Unknown}, nil
	case err != nil:
		return Found{}, err
	}
	if err := f.CheckUnused(ctx, p); errors.Is(err, pending.ErrDecided) {
		return Found{Status: Used, ClientName: p.ClientName, Origin: p.Origin(), Device: p.Device}, nil
	} else if err != nil {
		return Found{}, err
	}
	user, err := f.user(ctx, browser.Session)
	if err != nil {
		return Found{}, err
	}
	found := Found{Status: statusOf(p.Outcome, user), ClientName: p.ClientName, Origin: p.Origin(), Device: p.Device}
	if p.Outcome == nil {
		found.Next, found.LoginHint = next(p, browser, user), p.LoginHint
	} else {
		found.DecidedAt = p.Outcome.At
	}
	if found.Next.Kind == ReturnPage {
		found.Status, found.Fault = Refused, p.Refusal.Text
		found.OwnedClientID = f.ownedClient(ctx, p)
	}
	if found.Status == Refused || found.Status == Denied {
		found.ReturnLocation, err = f.returnLocation(ctx, p)
	}
	return found, err
}

func statusOf(o *pending.Outcome, user *User) Status {
	switch {
	case o == nil:
		return Open
	case user != nil && o.UserID != "" && o.UserID != user.UserID:
		return OtherUser
	case o.Approved:
		return Approved
	}
	return Denied
}

// expired adds the client while the store still has the request.
func (f Flow) expired(ctx context.Context, id string, browser Browser) (Found, error) {
	r, stored, err := f.Pending.Expired(ctx, id, browser.Token)
	if err != nil || !stored {
		return Found{Status: Expired}, err
	}
	return Found{Status: Expired, ClientName: r.ClientName, Origin: r.Origin(), Device: r.Device}, nil
}
