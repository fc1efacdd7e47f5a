package device

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

// Errors of a Store. Each has a cause.
var (
	// ErrRefused is a device code with which the device cannot continue: malformed, unknown, expired
	// or another client's.
	ErrRefused = errors.New("device code is refused")
	// ErrUserCode is a user code that no device waits with.
	ErrUserCode = cause.With(errors.New("no device waits with the user code"), cause.UserCodeUnknown)
)

const (
	// slower is how much a poll that comes too soon lengthens the interval (RFC 8628 §3.5).
	slower = 5 * time.Second
	// jitter is how much sooner than the interval a poll may arrive: devices wait for the interval
	// between sending two polls, which the network does not deliver equally fast.
	jitter = 500 * time.Millisecond
	// keptLifetimes is how long a device code's entry is stored, in lifetimes: a poll after the end
	// gets "expired" and not "unknown".
	keptLifetimes = 2
	// draws is how many user codes are tried until one is not in use.
	draws = 5
)

// Entries is the part of the short-lived store that a Store needs. Each method is atomic, and
// CompareAndSet keeps the entry's TTL.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	Get(ctx context.Context, key string) ([]byte, bool, error)
	CompareAndSet(ctx context.Context, key string, before, after []byte) (bool, error)
}

// Store stores the codes. Its methods may be called concurrently and return the errors of Entries.
type Store struct {
	Entries Entries
	// Lifetime is how long both codes are valid.
	Lifetime time.Duration
	// Interval is how long a device waits between two polls at least, at first.
	Interval time.Duration
	Now      func() time.Time
}

// stored is a device code's entry as JSON.
type stored struct {
	Request  string `json:"request"`
	ClientID string `json:"client"`
	Deadline int64  `json:"deadline"`
	// Interval is in milliseconds, and PolledAt in microseconds since 1970: 0 before the first poll.
	Interval int64 `json:"interval"`
	PolledAt int64 `json:"polled,omitempty"`
}

// Keep stores the device code of a pending request of the client, and returns a user code for it in
// its normalized form.
func (s *Store) Keep(ctx context.Context, code secret.String, requestID, clientID string) (userCode string, err error) {
	value, err := json.Marshal(stored{
		Request: requestID, ClientID: clientID, Deadline: s.Now().Add(s.Lifetime).UnixMicro(),
		Interval: s.Interval.Milliseconds(),
	})
	if err != nil {
		return "", fmt.Errorf("encoding a device code: %w", err)
	}
	if err := s.Entries.Put(ctx, deviceKey(code), value, keptLifetimes*s.Lifetime); err != nil {
		return "", fmt.Errorf("storing a device code: %w", err)
	}
	for range draws {
		userCode = oauth.NewUserCode()
		// Both entries have the same deadline: an expired request has no user code.
		added, err := s.Entries.PutNew(ctx, userKey(userCode), []byte(requestID), s.Lifetime)
		if err != nil {
			return "", fmt.Errorf("storing a user code: %w", err)
		}
		if added {
			return userCode, nil
		}
	}
	return "", errors.New("no unused user code was found")
}

// FindUserCode returns the pending request of a user code, as the user typed it. It returns
// ErrUserCode.
func (s *Store) FindUserCode(ctx context.Context, typed string) (requestID string, err error) {
	code, ok := oauth.NormalizeUserCode(typed)
	if !ok {
		return "", ErrUserCode
	}
	value, found, err := s.Entries.Get(ctx, userKey(code))
	if err != nil {
		return "", fmt.Errorf("reading a user code: %w", err)
	}
	if !found {
		return "", ErrUserCode
	}
	return string(value), nil
}

// Find returns the pending request of a device code. It returns ErrRefused, without a look-up if the
// string has not the format of a device code.
func (s *Store) Find(ctx context.Context, code secret.String, clientID string) (requestID string, err error) {
	found, _, err := s.read(ctx, code)
	switch {
	case err != nil:
		return "", err
	case found.ClientID != clientID:
		return "", refuse(cause.DeviceCodeOtherClient)
	case !s.Now().Before(time.UnixMicro(found.Deadline)):
		return "", refuse(cause.DeviceCodeExpired)
	}
	return found.Request, nil
}

// CountPoll records a poll while the request is undecided, and reports whether it came too soon. The
// device's interval is then longer, for this and all later polls (RFC 8628 §3.5). Of concurrent
// polls at most one is not too soon.
func (s *Store) CountPoll(ctx context.Context, code secret.String) (tooSoon bool, err error) {
	for {
		found, before, err := s.read(ctx, code)
		if err != nil {
			return false, err
		}
		now, interval := s.Now(), time.Duration(found.Interval)*time.Millisecond
		tooSoon = found.PolledAt != 0 && now.Sub(time.UnixMicro(found.PolledAt)) < interval-jitter
		if tooSoon {
			found.Interval = (interval + slower).Milliseconds()
		}
		found.PolledAt = now.UnixMicro()
		after, err := json.Marshal(found)
		if err != nil {
			return false, fmt.Errorf("encoding a device code: %w", err)
		}
		set, err := s.Entries.CompareAndSet(ctx, deviceKey(code), before, after)
		if err != nil {
			return false, fmt.Errorf("counting a poll: %w", err)
		}
		if set {
			return tooSoon, nil
		}
	}
}

// read returns the entry of a device code, and its stored bytes, which CompareAndSet needs.
func (s *Store) read(ctx context.Context, code secret.String) (stored, []byte, error) {
	if !secret.ValidCode(code.Reveal()) {
		return stored{}, nil, refuse(cause.DeviceCodeMalformed)
	}
	value, found, err := s.Entries.Get(ctx, deviceKey(code))
	if err != nil {
		return stored{}, nil, fmt.Errorf("reading a device code: %w", err)
	}
	if !found {
		return stored{}, nil, refuse(cause.DeviceCodeUnknown)
	}
	var entry stored
	if err := json.Unmarshal(value, &entry); err != nil {
		return stored{}, nil, fmt.Errorf("decoding a device code: %w", err)
	}
	return entry, value, nil
}

func refuse(why cause.Cause) error { return cause.With(ErrRefused, why) }

// deviceKey and userKey are hashes: the codes themselves are never stored.
func deviceKey(code secret.String) string { return "authz:device:" + hashed(code.Reveal()) }

func userKey(code string) string { return "authz:user-code:" + hashed(code) }

func hashed(code string) string {
	hash := secret.Sum(code)
	return base64.RawURLEncoding.EncodeToString(hash[:])
}
