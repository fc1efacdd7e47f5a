package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
)

// ErrRequired is returned for a session that is malformed, unknown, expired or ended, or whose user
// is disabled or deleted, or has ended all sessions.
var ErrRequired = errors.New("sign in first")

// Session is the session of a signed-in browser.
type Session struct {
	// User is the user as stored now, not at the sign-in.
	User account.User
	// ExpiresAt is when the session expires, in whole microseconds.
	ExpiresAt time.Time
	// AuthenticatedAt is when the user signed in, in whole microseconds; zero for a session that an
	// earlier release created.
	AuthenticatedAt time.Time
	// Workspaces are the user's memberships, by name; nil unless requested.
	Workspaces []account.Membership
}

// Entries is the part of the short-lived store that a Store needs.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Delete(ctx context.Context, key string) error
}

// Lookup identifies a session in the durable store.
type Lookup struct {
	// Hash is the SHA-256 hash of the session's value.
	Hash secret.Hash
	// Workspaces requests the user's workspaces too.
	Workspaces bool
}

// Stored is a session in the durable store.
type Stored struct {
	Session

	// Epoch is the user's epoch that the session was created with. A larger current epoch ends the
	// session on every replica, even one that was being created concurrently.
	Epoch int64
	// Unseen says that the last use on record is more than five minutes ago.
	Unseen bool
}

// Users is the part of the durable store that a Store needs. It decides which sessions are valid.
type Users interface {
	// BeginSession records a session and its event, ends the user's sessions beyond 100, the ones that were
	// used longest ago, and ends the previous session of its browser in the same transaction. If that one is
	// the same user's, the new one continues it: its clients are told when the new one ends. It reports
	// whether there was a record of the previous session.
	BeginSession(ctx context.Context, r Record) (replaced bool, err error)
	// TouchSession records that a session is in use.
	TouchSession(ctx context.Context, hash secret.Hash) error
	// ListSessions returns a user's live sessions, the one used last first, at most 100.
	ListSessions(ctx context.Context, userID string) ([]Listed, error)
	// EndUserSession deletes the record of a session of a user, if there is one, and records the event
	// of the browser that ends it.
	EndUserSession(ctx context.Context, userID string, hash secret.Hash, on device.Device) error
	// EndOtherSessions raises a user's epoch to that of a session, which ends every session of a
	// smaller one, and records the session, which continues its previous one, and the event of its
	// browser. It returns account.ErrUnknown, and changes nothing, unless the previous session is live
	// and the user is enabled and has the epoch before.
	EndOtherSessions(ctx context.Context, r Record) error
	// GetSession returns a session that has not been ended, perhaps expired or of an earlier epoch, with
	// its user, disabled or not, or account.ErrUnknown.
	GetSession(ctx context.Context, l Lookup) (Stored, error)
	// FindUser returns a user, disabled or not, or account.ErrUnknown.
	FindUser(ctx context.Context, id string) (account.User, error)
	// ListWorkspaces returns an enabled user's memberships, by name.
	ListWorkspaces(ctx context.Context, userID string) ([]account.Membership, error)
	// EndSession deletes the record of a session, with the event of the browser that signs out if the
	// session was live, and reports whether there was a record.
	EndSession(ctx context.Context, hash secret.Hash, on device.Device) (bool, error)
}

// Store stores the sessions. Its methods may be called concurrently and return the stores' errors.
type Store struct {
	Entries  Entries
	Users    Users
	Lifetime time.Duration
	Now      func() time.Time
}

// Begin creates a session for a user who has just authenticated, with the epoch that they had then,
// and ends the browser's previous session, whatever its user: a value that was in the browser
// before the sign-in, perhaps planted there, must not be valid afterwards.
func (s *Store) Begin(ctx context.Context, user account.User, previous secret.String, on device.Device) (secret.String, Session, error) {
	return s.begin(ctx, s.signedIn(user), Renewal{
		Previous: previous, Record: func(ctx context.Context, r Record) (bool, error) {
			r.Device, r.Event = on, accountevent.SignedIn
			return s.Users.BeginSession(ctx, r)
		},
	})
}

// Renewal is a new session for a user who was signed in before, which a change makes necessary.
type Renewal struct {
	// User has the epoch of the new session.
	User account.User
	// Previous is the value of the session before.
	Previous secret.String
	// Record makes the change and records the session in one transaction, and reports whether there was
	// a record of the previous session. A change without its session would end the previous one, and
	// nothing would be left of which the end is announced to the clients.
	Record func(ctx context.Context, r Record) (replaced bool, err error)

	// value is that of the new session; zero for a random one.
	value secret.String
}

// Renew is Begin for a user who was signed in before.
func (s *Store) Renew(ctx context.Context, r Renewal) (secret.String, Session, error) {
	return s.begin(ctx, s.signedIn(r.User), r)
}

// signedIn returns the session of a user who authenticates now.
func (s *Store) signedIn(user account.User) Session {
	now := time.UnixMicro(s.Now().UnixMicro())
	return Session{User: user, ExpiresAt: now.Add(s.Lifetime), AuthenticatedAt: now}
}

// begin creates a session.
func (s *Store) begin(ctx context.Context, created Session, by Renewal) (secret.String, Session, error) {
	token := by.value
	if token.IsZero() {
		token = secret.NewCode()
	}
	user := created.User
	value, err := json.Marshal(entry{
		UserID: user.ID, Deadline: created.ExpiresAt.UnixMicro(), Epoch: user.SessionEpoch, Recorded: true,
	})
	if err != nil {
		return secret.String{}, Session{}, fmt.Errorf("encoding a session: %w", err)
	}
	r := Record{
		Hash: secret.Sum(token.Reveal()), UserID: user.ID, Epoch: user.SessionEpoch,
		ExpiresAt: created.ExpiresAt, AuthenticatedAt: created.AuthenticatedAt,
	}
	if secret.ValidCode(by.Previous.Reveal()) {
		r.Previous = secret.Sum(by.Previous.Reveal())
	}
	// First the entry, which is no session without the record: an outage of the short-lived store leaves no
	// record, and no event, of a sign-in that failed.
	if err := s.Entries.Put(ctx, key(token), value, created.ExpiresAt.Sub(s.Now())); err != nil {
		return secret.String{}, Session{}, fmt.Errorf("storing a session: %w", err)
	}
	replaced, err := by.Record(ctx, r)
	if err == nil && r.Replaces() {
		err = s.deleteEntry(ctx, by.Previous, replaced)
	}
	if err != nil {
		return secret.String{}, Session{}, err
	}
	return token, created, nil
}

// Get returns the session of a browser, or ErrRequired; a malformed value is refused without a
// lookup.
func (s *Store) Get(ctx context.Context, token secret.String) (Session, error) {
	return s.get(ctx, token, false)
}

// GetWithWorkspaces is Get with the user's workspaces, read in the same statement.
func (s *Store) GetWithWorkspaces(ctx context.Context, token secret.String) (Session, error) {
	return s.get(ctx, token, true)
}

func (s *Store) get(ctx context.Context, token secret.String, workspaces bool) (Session, error) {
	if !secret.ValidCode(token.Reveal()) {
		return Session{}, ErrRequired
	}
	l := Lookup{Hash: secret.Sum(token.Reveal()), Workspaces: workspaces}
	found, err := s.Users.GetSession(ctx, l)
	if errors.Is(err, account.ErrUnknown) {
		found, err = s.unrecorded(ctx, token, workspaces)
	}
	switch {
	case errors.Is(err, account.ErrUnknown):
		return Session{}, ErrRequired
	case err != nil:
		return Session{}, fmt.Errorf("reading a session: %w", err)
	case found.User.Disabled || found.Epoch < found.User.SessionEpoch || !s.Now().Before(found.ExpiresAt):
		return Session{}, ErrRequired
	}
	if found.Unseen {
		// A last use that cannot be recorded ends no session; the next request records it.
		_ = s.Users.TouchSession(ctx, l.Hash)
	}
	return found.Session, nil
}

// unrecorded returns a session of release 0.1, which has only its entry, or account.ErrUnknown. An entry
// of this release without its record is a session that has ended, or that never began.
func (s *Store) unrecorded(ctx context.Context, token secret.String, workspaces bool) (Stored, error) {
	value, found, err := s.Entries.Get(ctx, key(token))
	if err != nil {
		return Stored{}, err
	}
	if !found {
		return Stored{}, account.ErrUnknown
	}
	var e entry
	if err := json.Unmarshal(value, &e); err != nil {
		return Stored{}, fmt.Errorf("decoding a session: %w", err)
	}
	if e.Recorded {
		return Stored{}, account.ErrUnknown
	}
	user, err := s.Users.FindUser(ctx, e.UserID)
	if err != nil {
		return Stored{}, err
	}
	earlier := Stored{Session: Session{User: user, ExpiresAt: time.UnixMicro(e.Deadline)}, Epoch: e.Epoch}
	if workspaces {
		earlier.Workspaces, err = s.Users.ListWorkspaces(ctx, user.ID)
	}
	return earlier, err
}

// End ends a session, as its user signs out, first in the durable store. It returns no error for a
// session that has ended or a malformed value.
func (s *Store) End(ctx context.Context, token secret.String, on device.Device) error {
	if !secret.ValidCode(token.Reveal()) {
		return nil
	}
	ended, err := s.Users.EndSession(ctx, secret.Sum(token.Reveal()), on)
	if err != nil {
		return err
	}
	return s.deleteEntry(ctx, token, ended)
}

// deleteEntry deletes the entry of a session whose record is deleted, if there was one.
func (s *Store) deleteEntry(ctx context.Context, token secret.String, ended bool) error {
	// The entry of a recorded session is no longer decisive, and expires if it cannot be deleted
	// now.
	if err := s.Entries.Delete(ctx, key(token)); err != nil && !ended {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// entry is a session as JSON in the short-lived store. Replicas of release 0.1 find their sessions by it,
// also those that this release begins while it is rolled out.
type entry struct {
	UserID   string `json:"user"`
	Deadline int64  `json:"deadline"`
	Epoch    int64  `json:"epoch,omitempty"`
	// Recorded says that the durable store has the session. Sessions of release 0.1 lack it: until
	// their deadline they stay valid by the short-lived store alone, as in that release.
	Recorded bool `json:"recorded,omitempty"`
}

// key returns the entry's key, a hash: the value itself is never stored.
func key(token secret.String) string {
	hash := secret.Sum(token.Reveal())
	return "identity:session:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
