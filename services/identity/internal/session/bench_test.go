package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
)

const lifetime = time.Hour

// entries is a short-lived store that never evicts.
type entries struct {
	kept  map[string][]byte
	calls int
	// failPut, failGet and failDelete are outages.
	failPut, failGet, failDelete error
}

// uses are the last uses on record, and the number of reads.
type uses struct {
	lookups int
	// old says that the record of every session is too old.
	old     bool
	touched []secret.Hash
	fail    error
}

func (e *entries) Put(_ context.Context, key string, value []byte, _ time.Duration) error {
	if e.failPut == nil {
		e.kept[key] = value
	}
	return e.failPut
}

func (e *entries) Get(_ context.Context, key string) ([]byte, bool, error) {
	e.calls++
	value, found := e.kept[key]
	return value, found, e.failGet
}

func (e *entries) Delete(_ context.Context, key string) error {
	e.calls++
	if e.failDelete == nil {
		delete(e.kept, key)
	}
	return e.failDelete
}

// users are the users of the durable store.
type users map[string]account.User

// durable is the durable store with the sessions.
type durable struct {
	users
	live map[secret.Hash]session.Record
	uses *uses
}

func (d durable) BeginSession(ctx context.Context, r session.Record) (bool, error) {
	d.live[r.Hash] = r
	return d.EndSession(ctx, r.Previous, r.Device)
}

func (d durable) TouchSession(_ context.Context, hash secret.Hash) error {
	d.uses.touched = append(d.uses.touched, hash)
	return d.uses.fail
}

func (d durable) ListSessions(_ context.Context, userID string) (list []session.Listed, _ error) {
	for hash, r := range d.live {
		if r.UserID == userID {
			list = append(list, session.Listed{Hash: hash})
		}
	}
	return list, nil
}

func (d durable) EndUserSession(_ context.Context, userID string, hash secret.Hash, _ device.Device) error {
	if d.live[hash].UserID == userID {
		delete(d.live, hash)
	}
	return nil
}

func (d durable) EndOtherSessions(ctx context.Context, r session.Record) error {
	user, found := d.users[r.UserID]
	if !found || user.Disabled || user.SessionEpoch+1 != r.Epoch || d.live[r.Previous].UserID != user.ID {
		return account.ErrUnknown
	}
	user.SessionEpoch++
	d.users[user.ID] = user
	_, err := d.BeginSession(ctx, r)
	return err
}

func (d durable) EndSession(_ context.Context, hash secret.Hash, _ device.Device) (bool, error) {
	_, found := d.live[hash]
	delete(d.live, hash)
	return found, nil
}

func (d durable) GetSession(ctx context.Context, l session.Lookup) (session.Stored, error) {
	d.uses.lookups++
	r, found := d.live[l.Hash]
	if !found {
		return session.Stored{}, account.ErrUnknown
	}
	user, err := d.FindUser(ctx, r.UserID)
	return session.Stored{
		Session: session.Session{User: user, ExpiresAt: r.ExpiresAt, AuthenticatedAt: r.AuthenticatedAt},
		Epoch:   r.Epoch, Unseen: d.uses.old,
	}, err
}

func (d durable) FindUser(_ context.Context, id string) (account.User, error) {
	user, found := d.users[id]
	switch {
	case id == "usr_down":
		return account.User{}, errDown
	case !found:
		return account.User{}, account.ErrUnknown
	}
	return user, nil
}

func (durable) ListWorkspaces(_ context.Context, userID string) ([]account.Membership, error) {
	return []account.Membership{{UserID: userID}}, nil
}

var errDown = errors.New("down")

// bench is a Store with its dependencies.
type bench struct {
	*session.Store
	entries *entries
	durable
	now time.Time
}

func open() *bench {
	d := &bench{
		entries: &entries{kept: map[string][]byte{}},
		durable: durable{live: map[secret.Hash]session.Record{}, uses: &uses{}, users: users{"usr_john": {ID: "usr_john", DisplayName: "John Doe"}, "usr_esther": {ID: "usr_esther"}}},
		now:     time.Unix(1_800_000_000, 123_456_789),
	}
	d.Store = &session.Store{
		Entries: d.entries, Users: d.durable, Lifetime: lifetime, Now: func() time.Time { return d.now },
	}
	return d
}

func (d *bench) begin(t *testing.T, userID string, previous secret.String) secret.String {
	t.Helper()
	token, s, err := d.Begin(t.Context(), account.User{ID: userID}, previous, device.Device{})
	if err != nil || s.User.ID != userID {
		t.Fatalf("Begin: %+v, %v", s, err)
	}
	return token
}

// wantRequired requires that a value is not a valid session.
func (d *bench) wantRequired(t *testing.T, why string, token secret.String) {
	t.Helper()
	if s, err := d.Get(t.Context(), token); !errors.Is(err, session.ErrRequired) || s.User.ID != "" {
		t.Errorf("%s: %+v, %v", why, s, err)
	}
}
