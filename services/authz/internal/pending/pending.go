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

// Failures of a Store.
var (
	// ErrNotFound is an authorization that cannot be used by who asks. Each of the failures below is one, with its cause, but
	// ErrStale.
	ErrNotFound = errors.New("authorization not found")
	// ErrUnknown is an identifier that no authorization has.
	ErrUnknown = cause.With(fmt.Errorf("%w: unknown", ErrNotFound), cause.AuthorizationUnknown)
	// ErrExpired is an authorization that waited for longer than its lifetime.
	ErrExpired = cause.With(fmt.Errorf("%w: expired", ErrNotFound), cause.AuthorizationExpired)
	// ErrOtherBrowser is an authorization that another browser began.
	ErrOtherBrowser = cause.With(fmt.Errorf("%w: begun by another browser", ErrNotFound), cause.AuthorizationOtherBrowser)
	// ErrDecided is an authorization that was decided, or was decided otherwise.
	ErrDecided = cause.With(fmt.Errorf("%w: decided", ErrNotFound), cause.AuthorizationDecided)
	// ErrStale says that the consent screen was shown before a revocation of the pair (user, app).
	ErrStale = errors.New("authorization is stale")
)

// Request is a validated authorization request.
type Request struct {
	oauth.AuthorizationRequest
	// ClientName is the app's name at that moment: untrusted text.
	ClientName string
	// State is empty when none was sent.
	State string
	// LoginHint is the address that the client expects to sign in: untrusted text, empty when none was sent.
	LoginHint string
	// Demand is what the client asks of the person's sign-in.
	Demand Demand
}

// Demand says that the session which the browser had when the authorization began does not suffice. The zero value demands
// nothing.
type Demand struct {
	// SignIn wants the person to prove who they are once more (`prompt=login`, `max_age`).
	SignIn bool
	// Account wants the person to choose an account (`prompt=select_account`).
	Account bool
	// Session is the hash of that session's value. Each sign-in begins a session with a new value, so that any other session is
	// one that began later, and no clocks are compared.
	Session secret.Hash
}

// Meets reports whether a session satisfies the demand.
func (d Demand) Meets(session secret.String) bool {
	return !d.SignIn && !d.Account || !secret.Equal(d.Session, secret.Sum(session.Reveal()))
}

// Viewer is who saw the consent screen, and the epoch of the pair (user, app) that it showed.
type Viewer struct {
	UserID string
	Epoch  int64
}

// Authorization is a request that waits, or was decided.
type Authorization struct {
	ID string
	Request
	// Viewer is zero until Bind.
	Viewer Viewer
	// Outcome is nil while the request waits.
	Outcome *Outcome
}

// Entries is the short-lived store, of which a Store needs this much. Each method is atomic, and CompareAndSet keeps the
// entry's deadline.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	CompareAndSet(ctx context.Context, key string, before, after []byte) (bool, error)
}

// Config is what a Store needs.
type Config struct {
	Entries Entries
	// Lifetime is how long a request waits for its decision.
	Lifetime time.Duration
	// Kept is for how much longer an authorization is kept than it may wait, so that an outcome is there as long as its code.
	Kept time.Duration
	Now  func() time.Time
}

// Store holds the pending authorizations. Its methods may be called concurrently and return the errors of Entries.
type Store struct{ config Config }

// New returns a Store over the entries.
func New(config Config) *Store { return &Store{config: config} }

// ValidBrowser reports whether a browser token has the form of one; an authorization is opened for no other.
func ValidBrowser(browser secret.String) bool { return secret.ValidCode(browser.Reveal()) }

// Open keeps a request for the browser and answers its random identifier.
func (s *Store) Open(ctx context.Context, browser secret.String, r Request) (string, error) {
	if !ValidBrowser(browser) {
		return "", ErrNotFound
	}
	now := s.config.Now()
	id := newID(now)
	value, err := encode(entry{
		Request: r, Browser: secret.Sum(browser.Reveal()), Deadline: now.Add(s.config.Lifetime),
	})
	if err != nil {
		return "", err
	}
	if err := s.config.Entries.Put(ctx, key(id), value, s.config.Lifetime+s.config.Kept); err != nil {
		return "", fmt.Errorf("keeping an authorization: %w", err)
	}
	return id, nil
}

// Find reads an authorization that waits for its decision. It changes nothing, and fails as Look does or with ErrDecided.
func (s *Store) Find(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	a, err := s.Look(ctx, id, browser)
	if err == nil && a.Outcome != nil {
		return Authorization{}, ErrDecided
	}
	return a, err
}

// Look reads an authorization, decided or not. It changes nothing. It fails with ErrUnknown, ErrOtherBrowser or ErrExpired.
func (s *Store) Look(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	e, _, err := s.read(ctx, id, browser)
	if err != nil {
		return Authorization{}, err
	}
	return e.authorization(id), nil
}

// Expired reads a request whose time to be decided is over and that is still kept; false for any other.
func (s *Store) Expired(ctx context.Context, id string, browser secret.String) (Request, bool, error) {
	e, _, err := s.get(ctx, id, browser)
	if errors.Is(err, ErrNotFound) {
		return Request{}, false, nil
	}
	if err != nil {
		return Request{}, false, err
	}
	return e.Request, e.Outcome == nil && !s.config.Now().Before(e.Deadline), nil
}

// Bind records who sees the consent screen. The same viewer again is no change. Another person takes the place of the one
// before as long as the request is undecided: forms of that one need their session. Another epoch of the same
// person is ErrStale. It fails as Find does.
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

// ChooseAccount records that the person goes on with the account of the browser's session. It fails as Find does.
func (s *Store) ChooseAccount(ctx context.Context, id string, browser secret.String) error {
	return s.change(ctx, id, browser, func(e *entry) (bool, error) {
		changed := e.Demand.Account
		e.Demand.Account = false
		return changed, nil
	})
}

// change applies edit to an authorization that waits, until no other change comes between; edit returns whether there is
// anything to write.
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

// read returns an entry whose time is not over, and its stored bytes, which CompareAndSet wants back.
func (s *Store) read(ctx context.Context, id string, browser secret.String) (entry, []byte, error) {
	e, value, err := s.get(ctx, id, browser)
	if err != nil {
		return entry{}, nil, err
	}
	if end := s.end(e); !s.config.Now().Before(end) {
		return entry{}, nil, ErrExpired
	}
	return e, value, nil
}

// end is when an entry counts no more: a request when its time to be decided is over, an outcome when it is not kept longer.
func (s *Store) end(e entry) time.Time {
	if e.Outcome != nil {
		return e.Deadline.Add(s.config.Kept)
	}
	return e.Deadline
}

// get returns an entry of the browser, expired or not.
func (s *Store) get(ctx context.Context, id string, browser secret.String) (entry, []byte, error) {
	if !secret.ValidCode(id) || !ValidBrowser(browser) {
		return entry{}, nil, s.missing(id)
	}
	value, found, err := s.config.Entries.Get(ctx, key(id))
	if err != nil {
		return entry{}, nil, fmt.Errorf("reading an authorization: %w", err)
	}
	if !found {
		return entry{}, nil, s.missing(id)
	}
	e, err := decode(value)
	if err != nil {
		return entry{}, nil, err
	}
	if !secret.Equal(e.Browser, secret.Sum(browser.Reveal())) {
		return entry{}, nil, ErrOtherBrowser
	}
	return e, value, nil
}

// missing returns ErrExpired for an identifier that was drawn too long ago, and ErrUnknown for any other.
func (s *Store) missing(id string) error {
	if drawn, ok := drawnAt(id); ok && !s.config.Now().Before(drawn.Add(s.config.Lifetime)) {
		return cause.With(ErrExpired, cause.AuthorizationUnknown)
	}
	return cause.With(ErrUnknown, cause.AuthorizationUnknown)
}
