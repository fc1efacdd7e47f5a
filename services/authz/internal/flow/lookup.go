package flow

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Fate is what became of a request, as the asking browser may know it.
type Fate int

// The fates.
const (
	// Open waits for a decision.
	Open Fate = iota + 1
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
	Fate Fate
	// ClientName, untrusted text, and Origin are empty when the request is not kept any more, or is not this browser's.
	ClientName, Origin string
	// Next is the next step of an open request.
	Next Step
	// LoginHint is that of an open request: untrusted text.
	LoginHint string
	// DecidedAt is zero for a request that was not decided.
	DecidedAt time.Time
}

// LookUp reads what became of a request. It changes nothing. A request that is over or cannot be found is a fate; an error
// means that nothing could be found out.
func (f Flow) LookUp(ctx context.Context, id string, browser Browser) (Found, error) {
	p, err := f.Pending.Look(ctx, id, browser.Token)
	switch {
	case errors.Is(err, pending.ErrOtherBrowser):
		return Found{Fate: OtherBrowser}, nil
	case errors.Is(err, pending.ErrExpired):
		return f.expired(ctx, id, browser)
	case errors.Is(err, pending.ErrNotFound):
		return Found{Fate: Unknown}, nil
	case err != nil:
		return Found{}, err
	}
	person, err := f.person(ctx, browser.Session)
	if err != nil {
		return Found{}, err
	}
	found := Found{Fate: fate(p.Outcome, person), ClientName: p.ClientName, Origin: p.Origin()}
	if p.Outcome == nil {
		found.Next, found.LoginHint = next(p, browser, person), p.LoginHint
		return found, nil
	}
	found.DecidedAt = p.Outcome.At
	return found, nil
}

func fate(o *pending.Outcome, person *Person) Fate {
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

// expired names the client as long as it is known which one it was.
func (f Flow) expired(ctx context.Context, id string, browser Browser) (Found, error) {
	r, known, err := f.Pending.Expired(ctx, id, browser.Token)
	if err != nil || !known {
		return Found{Fate: Expired}, err
	}
	return Found{Fate: Expired, ClientName: r.ClientName, Origin: r.Origin()}, nil
}
