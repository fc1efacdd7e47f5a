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

// ErrInvalid is returned for a code that is malformed, unknown or expired. It has a cause.
var ErrInvalid = errors.New("invalid authorization code")

// keptLifetimes is how long a code's entry is stored, in lifetimes: after a code has expired, its
// entry stays for one more lifetime so that the cause of a failure can be "expired".
const keptLifetimes = 2

// MaxLifetime is the maximum code lifetime that RFC 6749 §4.1.2 recommends.
const MaxLifetime = 10 * time.Minute

// Entries is the part of the short-lived store that a Store needs.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Delete removes an entry. A missing entry is not an error.
	Delete(ctx context.Context, key string) error
}

// Store stores the codes. Its methods may be called concurrently and return the errors of Entries.
type Store struct {
	Entries  Entries
	Lifetime time.Duration
	Now      func() time.Time
}

// Limited returns a Store over the same entries, whose codes live for at most that long.
func (s *Store) Limited(lifetime time.Duration) *Store {
	limited := *s
	limited.Lifetime = min(limited.Lifetime, lifetime)
	return &limited
}

// Derive returns the code of an approval: HMAC-SHA256 with the browser cookie's value as key, over
// the authorization's identifier and the number of the code (attempt, from 1). A repeated decision
// thus returns the same code although no code is stored in clear. Only the hash of the cookie's
// value is stored, and no client sees it.
func Derive(browser secret.String, requestID string, attempt int) secret.String {
	mac := hmac.New(sha256.New, []byte(browser.Reveal()))
	for _, part := range []string{"authorization code", requestID, strconv.Itoa(attempt)} {
		mac.Write([]byte(part))
		mac.Write([]byte{0}) // terminated, so that no two lists of parts have the same bytes
	}
	return secret.New(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// Hash returns the SHA-256 hash of a code, under which the token service stores its redemption.
func Hash(code secret.String) secret.Hash { return secret.Sum(code.Reveal()) }

// Expiry returns when the code of a decision made at that time expires.
func (s *Store) Expiry(decided time.Time) time.Time { return decided.Add(s.Lifetime) }

// Live reports whether the code of a decision made at that time is still valid.
func (s *Store) Live(decided time.Time) bool { return s.Now().Before(s.Expiry(decided)) }

// Keep stores the value of a code until its lifetime, counted from the decision, is over. Storing
// the same code again changes nothing. It returns ErrInvalid if the lifetime is over.
func (s *Store) Keep(ctx context.Context, code secret.String, approved oauth.ApprovedRequest, decided time.Time) error {
	deadline := s.Expiry(decided)
	left := deadline.Sub(s.Now())
	if left <= 0 {
		return ErrInvalid
	}
	value, err := json.Marshal(stored{
		ApprovedRequest: approved, RedirectURI: []byte(approved.RedirectURI), Deadline: deadline.UnixMicro(),
	})
	if err != nil {
		return fmt.Errorf("encoding a code: %w", err)
	}
	// The entry outlives the code, see keptLifetimes.
	left += (keptLifetimes - 1) * s.Lifetime
	if err := s.Entries.Put(ctx, key(code.Reveal()), value, left); err != nil {
		return fmt.Errorf("storing a code: %w", err)
	}
	return nil
}

// Drop deletes a code that another code replaces. A missing code is not an error.
func (s *Store) Drop(ctx context.Context, code secret.String) error {
	if err := s.Entries.Delete(ctx, key(code.Reveal())); err != nil {
		return fmt.Errorf("dropping a code: %w", err)
	}
	return nil
}

// Resolve returns the value of a code. It returns ErrInvalid, without a lookup if the string has
// not the format of a code.
func (s *Store) Resolve(ctx context.Context, presented secret.String) (oauth.ApprovedRequest, error) {
	if !secret.ValidCode(presented.Reveal()) {
		return oauth.ApprovedRequest{}, cause.With(ErrInvalid, cause.CodeMalformed)
	}
	value, kept, err := s.Entries.Get(ctx, key(presented.Reveal()))
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
	// The entry has its own deadline: a store that was restored, or that evicts too late, extends
	// no code.
	if !s.Now().Before(time.UnixMicro(found.Deadline)) {
		return oauth.ApprovedRequest{}, cause.With(ErrInvalid, cause.CodeExpired)
	}
	found.ApprovedRequest.RedirectURI = string(found.RedirectURI)
	return found.ApprovedRequest, nil
}

// stored is a code's value as JSON. RedirectURI is bytes, so that it is read back byte for byte:
// encoding/json takes the outer of two fields with the same name.
type stored struct {
	oauth.ApprovedRequest
	RedirectURI []byte `json:"uri"`
	Deadline    int64  `json:"deadline"`
}

// key returns the entry's key, a hash: the code itself is never stored.
func key(code string) string {
	hash := secret.Sum(code)
	return "authz:code:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
