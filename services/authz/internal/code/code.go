package code

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalid is a code that is malformed, unknown or older than its lifetime.
var ErrInvalid = errors.New("invalid authorization code")

// MaxLifetime is the longest life of a code that RFC 6749 §4.1.2 recommends.
const MaxLifetime = 10 * time.Minute

// Facts are what the person approved.
type Facts struct {
	ClientID string
	// RedirectURI is that of the authorization request, byte for byte.
	RedirectURI string
	// CodeChallenge is S256; empty when none was sent.
	CodeChallenge string
	UserID        string
	// DisplayName is the person's name at that moment.
	DisplayName string
	WorkspaceID string
	Scope       oauth.Scope
	// Epoch is that of the pair (user, app) which the consent screen showed.
	Epoch int64
}

// Entries is the short-lived store, of which a Book needs this much.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Delete removes an entry; one that is gone is no error.
	Delete(ctx context.Context, key string) error
}

// Config is what a Book needs.
type Config struct {
	Entries  Entries
	Lifetime time.Duration
	Now      func() time.Time
}

// Book holds the codes. Its methods may be called concurrently and pass the store's errors on.
type Book struct{ config Config }

// New opens a book.
func New(config Config) *Book { return &Book{config: config} }

// Derive returns the code of an approval: HMAC-SHA256 under the browser cookie's value, over the authorization's identifier and
// the number of the code (attempt, from 1). A repeated decision so returns the same code although no code is stored in clear.
// Only the hash of the cookie's value is stored, and no client sees it.
func Derive(browser secret.String, requestID string, attempt int) secret.String {
	mac := hmac.New(sha256.New, []byte(browser.Reveal()))
	for _, part := range []string{"authorization code", requestID, strconv.Itoa(attempt)} {
		mac.Write([]byte(part))
		mac.Write([]byte{0}) // no part can flow into the next
	}
	return secret.New(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// Hash is the name under which the token service keeps a redemption: SHA-256 of the code.
func Hash(code secret.String) secret.Hash { return secret.Sum(code.Reveal()) }

// Expiry is when a code ends that was given for a decision of that moment.
func (b *Book) Expiry(decided time.Time) time.Time { return decided.Add(b.config.Lifetime) }

// Live reports whether a code that was given for a decision of that moment still counts.
func (b *Book) Live(decided time.Time) bool { return b.config.Now().Before(b.Expiry(decided)) }

// Keep makes a code stand for the facts until its lifetime, counted from the decision, is over. Keeping the same code again
// changes nothing. It fails with ErrInvalid when that is over.
func (b *Book) Keep(ctx context.Context, code secret.String, facts Facts, decided time.Time) error {
	deadline := b.Expiry(decided)
	left := deadline.Sub(b.config.Now())
	if left <= 0 {
		return ErrInvalid
	}
	value, err := json.Marshal(stored{
		ClientID: facts.ClientID, RedirectURI: []byte(facts.RedirectURI), CodeChallenge: facts.CodeChallenge,
		UserID: facts.UserID, DisplayName: facts.DisplayName, WorkspaceID: facts.WorkspaceID,
		Scope: facts.Scope, Epoch: facts.Epoch, Deadline: deadline.UnixMicro(),
	})
	if err != nil {
		return fmt.Errorf("encoding a code's facts: %w", err)
	}
	if err := b.config.Entries.Put(ctx, key(code.Reveal()), value, left); err != nil {
		return fmt.Errorf("keeping a code: %w", err)
	}
	return nil
}

// Drop ends a code that another one takes the place of; one that is gone is no error.
func (b *Book) Drop(ctx context.Context, code secret.String) error {
	if err := b.config.Entries.Delete(ctx, key(code.Reveal())); err != nil {
		return fmt.Errorf("dropping a code: %w", err)
	}
	return nil
}

// Resolve reads what a code stands for. It fails with ErrInvalid; what cannot be a code is refused without a look-up.
func (b *Book) Resolve(ctx context.Context, presented secret.String) (Facts, error) {
	if !secret.ValidCode(presented.Reveal()) {
		return Facts{}, ErrInvalid
	}
	value, found, err := b.config.Entries.Get(ctx, key(presented.Reveal()))
	if err != nil {
		return Facts{}, fmt.Errorf("reading a code: %w", err)
	}
	if !found {
		return Facts{}, ErrInvalid
	}
	var s stored
	if err := json.Unmarshal(value, &s); err != nil {
		return Facts{}, fmt.Errorf("decoding a code's facts: %w", err)
	}
	// The deadline is the code's own: a store that was restored or kept the entry for too long extends nothing.
	if !b.config.Now().Before(time.UnixMicro(s.Deadline)) {
		return Facts{}, ErrInvalid
	}
	return s.facts(), nil
}

// stored are the facts as JSON. The redirect URI is bytes, so that it comes back byte for byte.
type stored struct {
	ClientID      string      `json:"client"`
	RedirectURI   []byte      `json:"uri"`
	CodeChallenge string      `json:"challenge,omitempty"`
	UserID        string      `json:"user"`
	DisplayName   string      `json:"name,omitempty"`
	WorkspaceID   string      `json:"workspace"`
	Scope         oauth.Scope `json:"scope"`
	Epoch         int64       `json:"epoch"`
	Deadline      int64       `json:"deadline"`
}

func (s stored) facts() Facts {
	return Facts{
		ClientID: s.ClientID, RedirectURI: string(s.RedirectURI), CodeChallenge: s.CodeChallenge,
		UserID: s.UserID, DisplayName: s.DisplayName, WorkspaceID: s.WorkspaceID, Scope: s.Scope, Epoch: s.Epoch,
	}
}

// key is the hash of the code: the code itself is never stored.
func key(code string) string {
	hash := secret.Sum(code)
	return "authz:code:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
