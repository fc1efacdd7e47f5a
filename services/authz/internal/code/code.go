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
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalid is a code that is malformed, unknown or older than its lifetime. It has a cause.
var ErrInvalid = errors.New("invalid authorization code")

// keptLifetimes is how many lifetimes a code's entry is kept: for as long again as it was valid, a refusal can say that it
// expired.
const keptLifetimes = 2

// MaxLifetime is the longest life of a code that RFC 6749 §4.1.2 recommends.
const MaxLifetime = 10 * time.Minute

// Entries is the short-lived store, of which a Store needs this much.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Delete removes an entry; one that is gone is no error.
	Delete(ctx context.Context, key string) error
}

// Config is what a Store needs.
type Config struct {
	Entries  Entries
	Lifetime time.Duration
	Now      func() time.Time
}

// Store holds the codes. Its methods may be called concurrently and return the errors of Entries.
type Store struct{ config Config }

// New returns a Store over the entries.
func New(config Config) *Store { return &Store{config: config} }

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
func (s *Store) Expiry(decided time.Time) time.Time { return decided.Add(s.config.Lifetime) }

// Live reports whether a code that was given for a decision of that moment still counts.
func (s *Store) Live(decided time.Time) bool { return s.config.Now().Before(s.Expiry(decided)) }

// Keep stores the value of a code until its lifetime, counted from the decision, is over. Keeping the same code again changes
// nothing. It fails with ErrInvalid when the lifetime is over.
func (s *Store) Keep(ctx context.Context, code secret.String, approved oauth.ApprovedRequest, decided time.Time) error {
	deadline := s.Expiry(decided)
	left := deadline.Sub(s.config.Now())
	if left <= 0 {
		return ErrInvalid
	}
	value, err := json.Marshal(stored{
		ApprovedRequest: approved, RedirectURI: []byte(approved.RedirectURI), Deadline: deadline.UnixMicro(),
	})
	if err != nil {
		return fmt.Errorf("encoding a code: %w", err)
	}
	// Kept for as long again as the code is valid, see keptLifetimes.
	left += (keptLifetimes - 1) * s.config.Lifetime
	if err := s.config.Entries.Put(ctx, key(code.Reveal()), value, left); err != nil {
		return fmt.Errorf("keeping a code: %w", err)
	}
	return nil
}

// Drop ends a code that another one takes the place of; one that is gone is no error.
func (s *Store) Drop(ctx context.Context, code secret.String) error {
	if err := s.config.Entries.Delete(ctx, key(code.Reveal())); err != nil {
		return fmt.Errorf("dropping a code: %w", err)
	}
	return nil
}

// Resolve reads the value of a code. It fails with ErrInvalid, and without a lookup for a string that cannot be a code.
func (s *Store) Resolve(ctx context.Context, presented secret.String) (oauth.ApprovedRequest, error) {
	if !secret.ValidCode(presented.Reveal()) {
		return oauth.ApprovedRequest{}, cause.With(ErrInvalid, cause.CodeMalformed)
	}
	value, kept, err := s.config.Entries.Get(ctx, key(presented.Reveal()))
	if err != nil {
		return oauth.ApprovedRequest{}, fmt.Errorf("reading a code: %w", err)
	}
	if !kept {
		return oauth.ApprovedRequest{}, cause.With(ErrInvalid, cause.CodeUnknown)
	}
	var found stored
	if err := json.Unmarshal(value, &found); err != nil {
		return oauth.ApprovedRequest{}, fmt.Errorf("decoding a code: %w", err)
	}
	// The deadline is the code's own: a store that was restored or kept the entry for too long extends nothing.
	if !s.config.Now().Before(time.UnixMicro(found.Deadline)) {
		return oauth.ApprovedRequest{}, cause.With(ErrInvalid, cause.CodeExpired)
	}
	found.ApprovedRequest.RedirectURI = string(found.RedirectURI)
	return found.ApprovedRequest, nil
}

// stored is a code's value as JSON. The redirect URI is bytes, so that it is read back byte for byte: encoding/json takes the
// outer of two fields with one name.
type stored struct {
	oauth.ApprovedRequest
	RedirectURI []byte `json:"uri"`
	Deadline    int64  `json:"deadline"`
}

// key is the hash of the code: the code itself is never stored.
func key(code string) string {
	hash := secret.Sum(code)
	return "authz:code:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
