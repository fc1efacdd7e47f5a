package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// ErrRequired is a session that is malformed, unknown, expired, ended, or of a user who is disabled or gone, or whose sessions
// were ended altogether.
var ErrRequired = errors.New("sign in first")

// Session is a person's signed-in browser.
type Session struct {
	// User is as the store has it now, not as it was at the sign-in.
	User account.User
	// ExpiresAt is when the session ends by itself, in whole microseconds.
	ExpiresAt time.Time
	// AuthenticatedAt is when the person proved who they are, in whole microseconds; zero for a session that an earlier release
	// began.
	AuthenticatedAt time.Time
	// Workspaces are where the user belongs, by name; nil unless they were asked for.
	Workspaces []account.Membership
}

// Entries is the short-lived store, of which a Book needs this much.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Delete(ctx context.Context, key string) error
}

// Lookup names a session in the durable store.
type Lookup struct {
	// UserID is the user that the short-lived store names.
	UserID string
	// Hash is the SHA-256 of the session's value.
	Hash secret.Hash
	// Workspaces asks for the user's workspaces too.
	Workspaces bool
}

// Holder is the user of a session.
type Holder struct {
	account.User

	// Live says that the durable store has the session as this user's: it was begun and has not been ended.
	Live bool
	// Workspaces are where the user belongs, by name; nil unless they were asked for.
	Workspaces []account.Membership
}

// Users is the durable store, of which a Book needs this much. It decides which sessions live.
type Users interface {
	// BeginSession records that a session lives.
	BeginSession(ctx context.Context, hash secret.Hash, userID string, expires time.Time) error
	// FindHolder reads the user of a session, disabled or not. It fails with account.ErrUnknown.
	FindHolder(ctx context.Context, l Lookup) (Holder, error)
	// EndSession records that a session has ended, and reports whether it was recorded as living.
	EndSession(ctx context.Context, hash secret.Hash) (bool, error)
}

// Config is what a Book needs.
type Config struct {
	Entries  Entries
	Users    Users
	Lifetime time.Duration
	Now      func() time.Time
}

// Book holds the sessions. Its methods may be called concurrently and pass the stores' errors on.
type Book struct{ config Config }

// New opens a book.
func New(config Config) *Book { return &Book{config: config} }

// Begin draws a session for somebody who has just proven who they are, under the epoch that they had then, and ends the browser's previous one, whoever's it
// was: a value that was in the browser before the sign-in, perhaps planted there, is worth nothing after it.
func (b *Book) Begin(ctx context.Context, user account.User, previous secret.String) (secret.String, Session, error) {
	token := secret.NewCode()
	now := time.UnixMicro(b.config.Now().UnixMicro())
	expires := now.Add(b.config.Lifetime)
	value, err := json.Marshal(stored{
		UserID: user.ID, Deadline: expires.UnixMicro(), Epoch: user.SessionEpoch, Recorded: true, Authenticated: now.UnixMicro(),
	})
	if err != nil {
		return secret.String{}, Session{}, fmt.Errorf("encoding a session: %w", err)
	}
	if err := b.config.Users.BeginSession(ctx, secret.Sum(token.Reveal()), user.ID, expires); err != nil {
		return secret.String{}, Session{}, err
	}
	if err := b.config.Entries.Put(ctx, key(token), value, b.config.Lifetime); err != nil {
		return secret.String{}, Session{}, fmt.Errorf("keeping a session: %w", err)
	}
	// Last, so that a sign-in which fails for an outage leaves the browser as it was.
	if err := b.End(ctx, previous); err != nil {
		return secret.String{}, Session{}, err
	}
	return token, Session{User: user, ExpiresAt: expires, AuthenticatedAt: now}, nil
}

// Find returns the session of a browser. It fails with ErrRequired; a malformed value is refused without a lookup.
func (b *Book) Find(ctx context.Context, token secret.String) (Session, error) {
	return b.find(ctx, token, false)
}

// FindWithWorkspaces is Find with the user's workspaces of the same moment.
func (b *Book) FindWithWorkspaces(ctx context.Context, token secret.String) (Session, error) {
	return b.find(ctx, token, true)
}

func (b *Book) find(ctx context.Context, token secret.String, workspaces bool) (Session, error) {
	entry, err := b.read(ctx, token)
	if err != nil {
		return Session{}, err
	}
	expires := time.UnixMicro(entry.Deadline)
	// The deadline is the session's own: a store that was restored or kept the entry for too long extends nothing.
	if !b.config.Now().Before(expires) {
		return Session{}, ErrRequired
	}
	holder, err := b.config.Users.FindHolder(ctx, Lookup{UserID: entry.UserID, Hash: secret.Sum(token.Reveal()), Workspaces: workspaces})
	if errors.Is(err, account.ErrUnknown) {
		return Session{}, ErrRequired
	}
	if err != nil {
		return Session{}, fmt.Errorf("reading a session's user: %w", err)
	}
	// A restored short-lived store, or a replica of it that was behind, may bring an entry back that was deleted: whether the session
	// lives is what the durable store says.
	if holder.Disabled || entry.Epoch < holder.SessionEpoch || entry.Recorded && !holder.Live {
		return Session{}, ErrRequired
	}
	found := Session{User: holder.User, ExpiresAt: expires, Workspaces: holder.Workspaces}
	if entry.Authenticated != 0 {
		found.AuthenticatedAt = time.UnixMicro(entry.Authenticated)
	}
	return found, nil
}

func (b *Book) read(ctx context.Context, token secret.String) (stored, error) {
	if !secret.ValidCode(token.Reveal()) {
		return stored{}, ErrRequired
	}
	value, found, err := b.config.Entries.Get(ctx, key(token))
	if err != nil {
		return stored{}, fmt.Errorf("reading a session: %w", err)
	}
	if !found {
		return stored{}, ErrRequired
	}
	var entry stored
	if err := json.Unmarshal(value, &entry); err != nil {
		return stored{}, fmt.Errorf("decoding a session: %w", err)
	}
	return entry, nil
}

// End ends a session, durably first; one that is gone, and a value that cannot be one, are no error.
func (b *Book) End(ctx context.Context, token secret.String) error {
	if !secret.ValidCode(token.Reveal()) {
		return nil
	}
	ended, err := b.config.Users.EndSession(ctx, secret.Sum(token.Reveal()))
	if err != nil {
		return err
	}
	// The entry of a recorded session decides nothing any more, and expires by itself where it cannot be deleted now.
	if err := b.config.Entries.Delete(ctx, key(token)); err != nil && !ended {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// stored is a session as JSON.
type stored struct {
	UserID   string `json:"user"`
	Deadline int64  `json:"deadline"`
	// Epoch is the user's when they proved who they are. One that has been raised since ends the session on every replica,
	// also one that was being begun at that moment.
	Epoch int64 `json:"epoch,omitempty"`
	// Recorded says that the durable store has the session. Those that release 0.1 began lack it: until their deadline they live as
	// they did there, by the short-lived store alone.
	Recorded bool `json:"recorded,omitempty"`
	// Authenticated is when they did, in microseconds since 1970.
	Authenticated int64 `json:"authenticated,omitempty"`
}

// key is the hash of the value: the value itself is never stored.
func key(token secret.String) string {
	hash := secret.Sum(token.Reveal())
	return "identity:session:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
