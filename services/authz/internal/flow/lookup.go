package flow

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Status is the state of an authorization request, as the browser that asks may know it.
type Status int

// The states of a request.
const (
	// Open waits for a decision.
	Open Status = iota + 1
	// Expired waited for longer than its lifetime.
	Expired
	// Approved was approved by the person who is signed in, or in this browser when nobody is.
	Approved
	// Denied was denied or cancelled, likewise.
	Denied
	// OtherBrowser was begun by another browser.
	OtherBrowser
	// OtherPerson was decided by another person than the one who is signed in.
	OtherPerson
	// Unknown never was.
	Unknown
)

// Found is a request as a page may show it.
type Found struct {
	Status Status
	// ClientName, untrusted text, and Origin are empty when the request is not kept any more, or is not this browser's.
	ClientName, Origin string
	// Next is the next step of an open request.
	Next Step
	// LoginHint is that of an open request: untrusted text.
	LoginHint string
	// DecidedAt is zero for a request that was not decided.
	DecidedAt time.Time
}

// LookUp reads the state of a request. It changes nothing. A request that is over or cannot be found is a status; an error
// means that nothing could be found out.
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
	person, err := f.person(ctx, browser.Session)
	if err != nil {
		return Found{}, err
	}
	found := Found{Status: statusOf(p.Outcome, person), ClientName: p.ClientName, Origin: p.Origin()}
	if p.Outcome == nil {
		found.Next, found.LoginHint = next(p, browser, person), p.LoginHint
		return found, nil
	}
	found.DecidedAt = p.Outcome.At
	return found, nil
}

func statusOf(o *pending.Outcome, person *Person) Status {
	switch {
	case o == nil:
		return Open
	case person != nil && o.UserID != "" && o.UserID != person.UserID:
		return OtherPerson
	case o.Approved:
		return Approved
	}
	return Denied
}

// expired adds the client as long as the store keeps the request.
func (f Flow) expired(ctx context.Context, id string, browser Browser) (Found, error) {
	r, known, err := f.Pending.Expired(ctx, id, browser.Token)
	if err != nil || !known {
		return Found{Status: Expired}, err
	}
	return Found{Status: Expired, ClientName: r.ClientName, Origin: r.Origin()}, nil
}
