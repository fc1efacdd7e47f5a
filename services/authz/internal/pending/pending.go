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

// Failures of a Book.
var (
	// ErrNotFound is an authorization that is unknown, expired, closed, another browser's or another person's: one answer, with
	// the cause for the log.
	ErrNotFound = errors.New("authorization not found")
	// ErrStale says that the consent screen was shown before a revocation of the pair (user, app).
	ErrStale = errors.New("authorization is stale")
)

// Request is a checked authorization request.
type Request struct {
	ClientID string
	// ClientName is the app's name at that moment: untrusted text.
	ClientName string
	// RedirectURI is as the app sent it, byte for byte.
	RedirectURI string
	Scope       oauth.Scope
	// State is empty when none was sent.
	State string
	// CodeChallenge is S256; empty when none was sent.
	CodeChallenge string
}

// Viewer is who saw the consent screen, and the epoch of the pair (user, app) that it showed.
type Viewer struct {
	UserID string
	Epoch  int64
}

// Authorization is a request that waits.
type Authorization struct {
	ID string
	Request
	// Viewer is zero until Bind.
	Viewer Viewer
}

// Entries is the short-lived store, of which a Book needs this much. Each method is atomic, and CompareAndSet keeps the
// entry's deadline.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Take(ctx context.Context, key string) ([]byte, bool, error)
	CompareAndSet(ctx context.Context, key string, before, after []byte) (bool, error)
}

// Config is what a Book needs.
type Config struct {
	Entries  Entries
	Lifetime time.Duration
	Now      func() time.Time
}

// Book holds the pending authorizations. Its methods may be called concurrently and pass the store's errors on.
type Book struct{ config Config }

// New opens a book.
func New(config Config) *Book { return &Book{config: config} }

// ValidBrowser reports whether a browser token has the form of one; an authorization is opened for no other.
func ValidBrowser(browser secret.String) bool { return secret.ValidCode(browser.Reveal()) }

// Open keeps a request for the browser and answers its random identifier.
func (b *Book) Open(ctx context.Context, browser secret.String, r Request) (string, error) {
	if !ValidBrowser(browser) {
		return "", ErrNotFound
	}
	id := secret.NewCode().Reveal()
	value, err := encode(entry{
		Request: r, Browser: secret.Sum(browser.Reveal()), Deadline: b.config.Now().Add(b.config.Lifetime),
	})
	if err != nil {
		return "", err
	}
	if err := b.config.Entries.Put(ctx, key(id), value, b.config.Lifetime); err != nil {
		return "", fmt.Errorf("keeping an authorization: %w", err)
	}
	return id, nil
}

// Find reads an authorization. It changes nothing.
func (b *Book) Find(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	e, _, err := b.read(ctx, id, browser)
	if err != nil {
		return Authorization{}, err
	}
	return e.authorization(id), nil
}

// Bind records, once, who sees the consent screen. The same viewer again is no change; another person is ErrNotFound and
// another epoch ErrStale.
func (b *Book) Bind(ctx context.Context, id string, browser secret.String, viewer Viewer) error {
	if viewer.UserID == "" {
		return ErrNotFound
	}
	for {
		e, before, err := b.read(ctx, id, browser)
		if err != nil {
			return err
		}
		if e.Viewer.UserID != "" {
			return e.Viewer.match(viewer)
		}
		e.Viewer = viewer
		after, err := encode(e)
		if err != nil {
			return err
		}
		// A lost race means that the entry is bound or gone, so the next turn is the last.
		bound, err := b.config.Entries.CompareAndSet(ctx, key(id), before, after)
		if err != nil {
			return fmt.Errorf("binding an authorization: %w", err)
		}
		if bound {
			return nil
		}
	}
}

func (v Viewer) match(other Viewer) error {
	switch {
	case v.UserID != other.UserID:
		return cause.With(ErrNotFound, cause.AuthorizationOtherUser)
	case v.Epoch != other.Epoch:
		return ErrStale
	}
	return nil
}

// Close takes an authorization out of the book. Of any number of callers, one gets it.
func (b *Book) Close(ctx context.Context, id string, browser secret.String) (Authorization, error) {
	if _, _, err := b.read(ctx, id, browser); err != nil {
		return Authorization{}, err // what is not the caller's stays where it is
	}
	value, found, err := b.config.Entries.Take(ctx, key(id))
	if err != nil {
		return Authorization{}, fmt.Errorf("closing an authorization: %w", err)
	}
	if !found {
		return Authorization{}, unknown()
	}
	e, err := decode(value)
	if err != nil {
		return Authorization{}, err
	}
	return e.authorization(id), nil
}

// read answers the entry and its stored bytes, which CompareAndSet wants back.
func (b *Book) read(ctx context.Context, id string, browser secret.String) (entry, []byte, error) {
	if !secret.ValidCode(id) || !ValidBrowser(browser) {
		return entry{}, nil, unknown()
	}
	value, found, err := b.config.Entries.Get(ctx, key(id))
	if err != nil {
		return entry{}, nil, fmt.Errorf("reading an authorization: %w", err)
	}
	if !found {
		return entry{}, nil, unknown()
	}
	e, err := decode(value)
	if err != nil {
		return entry{}, nil, err
	}
	if !secret.Equal(e.Browser, secret.Sum(browser.Reveal())) {
		return entry{}, nil, cause.With(ErrNotFound, cause.AuthorizationOtherBrowser)
	}
	if !b.config.Now().Before(e.Deadline) {
		return entry{}, nil, unknown()
	}
	return e, value, nil
}

func unknown() error { return cause.With(ErrNotFound, cause.AuthorizationUnknown) }
