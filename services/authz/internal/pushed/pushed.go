package pushed

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrNotFound is returned for a request_uri that the client cannot use. It has a cause.
var ErrNotFound = errors.New("pushed request not found")

// ErrUsed is returned if another authorization of the same request_uri was decided.
var ErrUsed = errors.New("pushed request is used")

const (
	// Lifetime is how long a browser may begin with a request_uri. FAPI 2.0 §5.3.2.2 allows less than
	// ten minutes; a redirect takes seconds.
	Lifetime = 90 * time.Second
	// kept is how long a request is stored: after its lifetime, the cause of a failure can be
	// "expired" for as long again.
	kept = 2 * Lifetime
)

// Is reports whether a request_uri is one of a pushed request, and not the URL of a request object.
func Is(uri string) bool { return strings.HasPrefix(uri, oauth.PushedPrefix) }

// Entries is the part of the short-lived store that a Store needs. Each method is atomic.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Delete(ctx context.Context, key string) error
}

// Store stores the requests. Its methods may be called concurrently and return the errors of Entries.
type Store struct {
	Entries Entries
	// Decided is how long it is stored that a request_uri is used: at least as long as an
	// authorization that began with it may be decided.
	Decided time.Duration
	Now     func() time.Time
}

// Request is a validated request of a client.
type Request struct {
	ClientID string
	// Parameters are those of the authorization request, as a query without the client's
	// authentication.
	Parameters string
	// HintUserID is the user of its id_token_hint; empty without one.
	HintUserID string
}

type stored struct {
	ClientID   string `json:"client"`
	Parameters string `json:"parameters"`
	Deadline   int64  `json:"deadline"`
	HintUserID string `json:"hint,omitempty"`
}

// Keep stores a request and returns its request_uri, with 256 random bits.
func (s *Store) Keep(ctx context.Context, r Request) (secret.String, error) {
	value, err := json.Marshal(stored{
		ClientID: r.ClientID, Parameters: r.Parameters, Deadline: s.Now().Add(Lifetime).UnixMicro(), HintUserID: r.HintUserID,
	})
	if err != nil {
		return secret.String{}, fmt.Errorf("encoding a pushed request: %w", err)
	}
	reference := secret.NewCode()
	if err := s.Entries.Put(ctx, requestKey(hashed(reference.Reveal())), value, kept); err != nil {
		return secret.String{}, fmt.Errorf("storing a pushed request: %w", err)
	}
	return secret.New(oauth.PushedPrefix + reference.Reveal()), nil
}

// Find returns the request of a request_uri, and an identifier that is no secret. It returns
// ErrNotFound, without a lookup if the string has not the format.
func (s *Store) Find(ctx context.Context, uri, clientID string) (r Request, id string, err error) {
	reference := strings.TrimPrefix(uri, oauth.PushedPrefix)
	if !Is(uri) || !secret.ValidCode(reference) {
		return Request{}, "", cause.With(ErrNotFound, cause.PushedRequestUnknown)
	}
	id = hashed(reference)
	value, found, err := s.Entries.Get(ctx, requestKey(id))
	if err != nil {
		return Request{}, "", fmt.Errorf("reading a pushed request: %w", err)
	}
	if !found {
		return Request{}, "", cause.With(ErrNotFound, cause.PushedRequestUnknown)
	}
	var entry stored
	if err := json.Unmarshal(value, &entry); err != nil {
		return Request{}, "", fmt.Errorf("decoding a pushed request: %w", err)
	}
	switch {
	case entry.ClientID != clientID:
		return Request{}, "", cause.With(ErrNotFound, cause.PushedRequestOtherClient)
	case !s.Now().Before(time.UnixMicro(entry.Deadline)):
		return Request{}, "", cause.With(ErrNotFound, cause.PushedRequestExpired)
	}
	return Request{ClientID: entry.ClientID, Parameters: entry.Parameters, HintUserID: entry.HintUserID}, id, nil
}

// Claim spends a request_uri for one authorization, by their identifiers: of concurrent calls for
// several authorizations, one succeeds and the others return ErrUsed. For the same authorization it
// succeeds again. The request is then no longer found.
func (s *Store) Claim(ctx context.Context, id, authorization string) error {
	claimed, err := s.Entries.PutNew(ctx, usedKey(id), []byte(authorization), s.Decided)
	if err != nil {
		return fmt.Errorf("spending a pushed request: %w", err)
	}
	if !claimed {
		return s.Check(ctx, id, authorization)
	}
	// The record above is what counts: a request that is still found can be shown, and not decided.
	_ = s.Entries.Delete(ctx, requestKey(id))
	return nil
}

// Check returns ErrUsed if another authorization of the same request_uri was decided.
func (s *Store) Check(ctx context.Context, id, authorization string) error {
	by, found, err := s.Entries.Get(ctx, usedKey(id))
	if err != nil {
		return fmt.Errorf("reading the use of a pushed request: %w", err)
	}
	if found && string(by) != authorization {
		return ErrUsed
	}
	return nil
}

func requestKey(id string) string { return "authz:pushed:" + id }

func usedKey(id string) string { return "authz:pushed-used:" + id }

// hashed hashes the random part: it is never stored itself.
func hashed(reference string) string {
	hash := secret.Sum(reference)
	return base64.RawURLEncoding.EncodeToString(hash[:])
}
