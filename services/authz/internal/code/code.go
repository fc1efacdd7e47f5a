package code

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalid is a code that is malformed, unknown or older than its lifetime. It has a cause.
var ErrInvalid = errors.New("invalid authorization code")

// remembered is for how many lifetimes a code's facts are kept: for as long again as it was valid, a refusal can say that it
// expired.
const remembered = 2

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

// Mint draws a code for the facts.
func (b *Book) Mint(ctx context.Context, facts Facts) (secret.String, error) {
	code := secret.NewCode()
	value, err := json.Marshal(stored{
		ClientID: facts.ClientID, RedirectURI: []byte(facts.RedirectURI), CodeChallenge: facts.CodeChallenge,
		UserID: facts.UserID, DisplayName: facts.DisplayName, WorkspaceID: facts.WorkspaceID,
		Scope: facts.Scope, Epoch: facts.Epoch,
		Deadline: b.config.Now().Add(b.config.Lifetime).UnixMicro(),
	})
	if err != nil {
		return secret.String{}, fmt.Errorf("encoding a code's facts: %w", err)
	}
	if err := b.config.Entries.Put(ctx, key(code.Reveal()), value, remembered*b.config.Lifetime); err != nil {
		return secret.String{}, fmt.Errorf("keeping a code: %w", err)
	}
	return code, nil
}

// Resolve reads what a code stands for. It fails with ErrInvalid; what cannot be a code is refused without a look-up.
func (b *Book) Resolve(ctx context.Context, presented secret.String) (Facts, error) {
	if !secret.ValidCode(presented.Reveal()) {
		return Facts{}, cause.With(ErrInvalid, cause.CodeMalformed)
	}
	value, found, err := b.config.Entries.Get(ctx, key(presented.Reveal()))
	if err != nil {
		return Facts{}, fmt.Errorf("reading a code: %w", err)
	}
	if !found {
		return Facts{}, cause.With(ErrInvalid, cause.CodeUnknown)
	}
	var s stored
	if err := json.Unmarshal(value, &s); err != nil {
		return Facts{}, fmt.Errorf("decoding a code's facts: %w", err)
	}
	// The deadline is the code's own: a store that was restored or kept the entry for too long extends nothing.
	if !b.config.Now().Before(time.UnixMicro(s.Deadline)) {
		return Facts{}, cause.With(ErrInvalid, cause.CodeExpired)
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
