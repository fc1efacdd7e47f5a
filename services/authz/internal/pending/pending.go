package pending

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Errors of a Store.
var (
	// ErrNotFound is returned if the caller cannot use the authorization. The errors below wrap it
	// and have a cause, except ErrStale.
	ErrNotFound = errors.New("authorization not found")
	// ErrUnknown is returned if no authorization has the identifier.
	ErrUnknown = cause.With(fmt.Errorf("%w: unknown", ErrNotFound), cause.AuthorizationUnknown)
	// ErrExpired is returned if the authorization was not decided within its lifetime.
	ErrExpired = cause.With(fmt.Errorf("%w: expired", ErrNotFound), cause.AuthorizationExpired)
	// ErrOtherBrowser is returned if another browser started the authorization.
	ErrOtherBrowser = cause.With(fmt.Errorf("%w: begun by another browser", ErrNotFound), cause.AuthorizationOtherBrowser)
	// ErrDecided is returned if the authorization is already decided, or decided differently.
	ErrDecided = cause.With(fmt.Errorf("%w: decided", ErrNotFound), cause.AuthorizationDecided)
	// ErrStale is returned if access of the user-client was revoked after the consent screen was
	// shown.
	ErrStale = errors.New("authorization is stale")
)

// Request is a validated authorization request.
type Request struct {
	oauth.AuthorizationRequest
	// ClientName is the client's name at the time of the request: untrusted text.
	ClientName string
	// State is empty if none was sent.
	State string
	// LoginHint is the address that the client expects to sign in: untrusted text, empty if none
	// was sent.
	LoginHint string
	// Demand has the client's requirements for the user's sign-in.
	Demand Demand
	// Unverified says that the client was not verified when the request started.
	Unverified bool
	// Refusal is set for a request that was refused, and is stored to show that to the user. It can
	// be cancelled, and never approved.
	Refusal *Refusal
	// PushedID identifies the pushed request that this one began with; empty for any other.
	PushedID string
	// ShortCode says that the code must live for a minute at most (FAPI 2.0).
	ShortCode bool
	// Device is the device that the outcome goes to; nil for a request with a redirect URI.
	Device *Device
	// Silent says that the request must be decided without a page (`prompt=none`).
	Silent bool
}

// Refusal is why a request was refused; it is stored as JSON.
type Refusal struct {
	// Cause is for the log.
	Cause cause.Cause `json:"cause"`
	// Code and Text are `error` and `error_description` of the response (RFC 6749 §4.1.2.1).
	Code string `json:"code"`
	Text string `json:"text"`
	// Parameter is the parameter whose value was not Expected, or, without that, the one that was refused;
	// empty if neither is known. They are for the log.
	Parameter string `json:"parameter,omitempty"`
	Expected  string `json:"expected,omitempty"`
	// LoggedAs is the identifier under which the log has the refused request; empty for one that release
	// 0.1 stored.
	LoggedAs string `json:"logged_as,omitempty"`
}

// Demand requires another session than the one that the browser had when the authorization started.
// The zero value requires nothing.
type Demand struct {
	// SignIn requires the user to sign in again (`prompt=login`, `max_age`).
	SignIn bool
	// Account requires the user to choose an account (`prompt=select_account`).
	Account bool
	// Session is the hash of that session's value.
	Session secret.Hash
	// Since is the earliest time of the other session's sign-in: a session may also begin without one, and
	// a browser may send an old session that it did not send at the start. Zero for a request of an earlier
	// release.
	Since time.Time
	// UserID is the only user who may decide (`id_token_hint`); empty for any.
	UserID string
}

// Admits reports whether a user may decide.
func (d Demand) Admits(userID string) bool { return d.UserID == "" || d.UserID == userID }

// Meets reports whether a session meets the requirements, given when its user signed in; zero where that is not
// known.
func (d Demand) Meets(session secret.String, signedIn time.Time) bool {
	if !d.SignIn && !d.Account {
		return true
	}
	return !secret.Equal(d.Session, secret.Sum(session.Reveal())) && (signedIn.IsZero() || !signedIn.Before(d.Since))
}

// Viewer is the user who saw the consent screen, and the epoch of the user-client at that time.
type Viewer struct {
	UserID string
	Epoch  int64
}

// Authorization is a pending or decided request.
type Authorization struct {
	ID string
	Request
	// Viewer is zero until Bind.
	Viewer Viewer
	// Outcome is nil while the request is pending.
	Outcome *Outcome
}

// Entries is the part of the short-lived store that a Store needs. Each method is atomic, and
// CompareAndSet keeps the entry's TTL.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	CompareAndSet(ctx context.Context, key string, before, after []byte) (bool, error)
}

// Store stores the pending authorizations. Its methods may be called concurrently and return the
// errors of Entries.
type Store struct {
	Entries Entries
	// Lifetime is how long a request may wait for its decision.
	Lifetime time.Duration
	// Kept is how much longer than Lifetime an authorization is stored, so that an outcome is
	// available as long as its code.
	Kept time.Duration
	Now  func() time.Time
}

// ValidBrowser reports whether a browser token has the right format. Authorizations are opened only
// for such tokens.
func ValidBrowser(browser secret.String) bool { return secret.ValidCode(browser.Reveal()) }

// Open stores a request for the browser and returns its random identifier.
func (s *Store) Open(ctx context.Context, browser secret.String, r Request) (string, error) {
	if !ValidBrowser(browser) {
		return "", ErrNotFound
	}
	return s.open(ctx, entry{
		Request: r, Browser: secret.Sum(browser.Reveal()), Deadline: s.Now().Add(s.Lifetime),
	})
}

func (s *Store) open(ctx context.Context, e entry) (string, error) {
	now := s.Now()
	id := newID(now)
	value, err := encode(e)
	if err != nil {
		return "", err
	}
	// The TTL is never shorter than Lifetime: missing then knows that the request has expired.
	ttl := max(s.Lifetime, e.Deadline.Sub(now)) + s.Kept
	if err := s.Entries.Put(ctx, key(id), value, ttl); err != nil {
		return "", fmt.Errorf("storing an authorization: %w", err)
	}
	return id, nil
}

// Find returns a pending authorization. It changes nothing, and returns the errors of Look or
// ErrDecided.
func (s *Store) Find(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	a, err := s.Look(ctx, id, browser)
	if err == nil && a.Outcome != nil {
		return Authorization{}, ErrDecided
	}
	return a, err
}

// Look returns an authorization, decided or not. It changes nothing. It returns ErrUnknown,
// ErrOtherBrowser or ErrExpired.
func (s *Store) Look(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	e, _, err := s.read(ctx, id, browser)
	if err != nil {
		return Authorization{}, err
	}
	return e.authorization(id), nil
}

// Expired returns an expired request that is still stored; false for any other.
func (s *Store) Expired(ctx context.Context, id string, browser secret.String) (Request, bool, error) {
	e, _, err := s.get(ctx, id, browser)
	if errors.Is(err, ErrNotFound) {
		return Request{}, false, nil
	}
	if err != nil {
		return Request{}, false, err
	}
	return e.Request, e.Outcome == nil && !s.Now().Before(e.Deadline), nil
}

// Bind records the user to whom the consent screen is shown. The same viewer again changes nothing.
// Another user replaces the previous viewer while the request is undecided: the previous user's
// forms require their session. The same user with another epoch is ErrStale. It returns the errors
// of Find.
func (s *Store) Bind(ctx context.Context, id string, browser secret.String, viewer Viewer) error {
	if viewer.UserID == "" {
		return ErrNotFound
	}
	return s.change(ctx, id, browser, func(e *entry) (bool, error) {
		if e.Viewer.UserID == viewer.UserID {
			return false, e.Viewer.match(viewer)
		}
		e.Viewer = viewer
		return true, nil
	})
}

// ChooseAccount records that the user continues with the account of the browser's session. It
// returns the errors of Find.
func (s *Store) ChooseAccount(ctx context.Context, id string, browser secret.String) error {
	return s.change(ctx, id, browser, func(e *entry) (bool, error) {
		changed := e.Demand.Account
		e.Demand.Account = false
		return changed, nil
	})
}

// change applies edit to a pending authorization and retries after a concurrent change; edit
// returns whether there is anything to write.
func (s *Store) change(ctx context.Context, id string, browser secret.String, edit func(*entry) (bool, error)) error {
	for {
		e, before, err := s.read(ctx, id, browser)
		if err != nil {
			return err
		}
		if e.Outcome != nil {
			return ErrDecided
		}
		changed, err := edit(&e)
		if err != nil || !changed {
			return err
		}
		if set, err := s.replace(ctx, id, e, before); err != nil || set {
			return err
		}
	}
}

func (v Viewer) match(other Viewer) error {
	if v.Epoch != other.Epoch {
		return ErrStale
	}
	return nil
}

// read returns an entry that has not expired, and its stored bytes, which CompareAndSet needs.
func (s *Store) read(ctx context.Context, id string, browser secret.String) (entry, []byte, error) {
	e, value, err := s.get(ctx, id, browser)
	if err != nil {
		return entry{}, nil, err
	}
	if end := s.end(e); !s.Now().Before(end) {
		return entry{}, nil, ErrExpired
	}
	return e, value, nil
}

// end returns when an entry expires: a request at its deadline, an outcome when it is no longer
// stored.
func (s *Store) end(e entry) time.Time {
	if e.Outcome != nil {
		return e.Deadline.Add(s.Kept)
	}
	return e.Deadline
}

// get returns an entry of the browser, expired or not.
func (s *Store) get(ctx context.Context, id string, browser secret.String) (entry, []byte, error) {
	if !ValidBrowser(browser) {
		return entry{}, nil, s.missing(id)
	}
	e, value, err := s.load(ctx, id)
	if err != nil {
		return entry{}, nil, err
	}
	if !secret.Equal(e.Browser, secret.Sum(browser.Reveal())) {
		return entry{}, nil, ErrOtherBrowser
	}
	return e, value, nil
}

// load returns an entry of any browser, expired or not.
func (s *Store) load(ctx context.Context, id string) (entry, []byte, error) {
	if !secret.ValidCode(id) {
		return entry{}, nil, s.missing(id)
	}
	value, found, err := s.Entries.Get(ctx, key(id))
	if err != nil {
		return entry{}, nil, fmt.Errorf("reading an authorization: %w", err)
	}
	if !found {
		return entry{}, nil, s.missing(id)
	}
	e, err := decode(value)
	return e, value, err
}

// missing returns ErrExpired for an identifier whose lifetime is over, and ErrUnknown for any
// other.
func (s *Store) missing(id string) error {
	if created, ok := createdAt(id); ok && !s.Now().Before(created.Add(s.Lifetime)) {
		return cause.With(ErrExpired, cause.AuthorizationUnknown)
	}
	return cause.With(ErrUnknown, cause.AuthorizationUnknown)
}
