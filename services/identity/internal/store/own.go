package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
	"github.com/vidocu/usher/services/identity/internal/credential"
)

// UpdateProfile replaces a user's profile, in a browser. It returns account.ErrUnknown. A profile that is
// saved as it was has no event.
func (s *Store) UpdateProfile(ctx context.Context, userID string, p account.Profile, on device.Device) error {
	changed := userEvent("user.profile_changed", userID)
	changed.Actor, changed.Details = actor.OfUser(userID), on.Details()
	err := s.events.Change(ctx, changed, userObject(userID), func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, s.text.updateProfile, userID, p.FirstName, p.LastName, p.DisplayName, p.Language, p.TimeZone)
		if err != nil || n > 0 {
			return err
		}
		return cmp.Or(sqldb.Demand(ctx, tx, account.ErrUnknown, s.text.userExists, userID), outbox.ErrUnchanged)
	})
	if err != nil && !errors.Is(err, account.ErrUnknown) {
		err = fmt.Errorf("changing a profile: %w", err)
	}
	return err
}

// ChangePassword replaces the password hash of an enabled user if it is still the one that was read, raises
// the session epoch if all sessions end, replaces the session of the request, and records the event. It
// returns credential.ErrChanged if the hash was replaced, or the user disabled or the epoch raised,
// concurrently.
func (s *Store) ChangePassword(ctx context.Context, c credential.Replacement) (replaced bool, err error) {
	epoch := c.Epoch
	if c.EndSessions {
		epoch--
	}
	r := c.Record
	r.Event = accountevent.PasswordChanged
	event := outbox.Event{
		Kind: "user.password_changed", UserID: c.UserID, Actor: actor.OfUser(c.UserID), Details: c.Details(),
	}
	err = s.events.Change(ctx, event, outbox.Observed{}, func(tx *sqldb.Tx) (err error) {
		var changed bool
		change := sqldb.Stmt(s.text.changePassword, c.UserID, c.Before.Reveal(), c.After.Reveal(), epoch, c.Epoch)
		changed, replaced, err = s.continueSession(ctx, tx, r, change)
		if err == nil && !changed {
			err = credential.ErrChanged
		}
		return err
	})
	if err != nil && !errors.Is(err, credential.ErrChanged) {
		err = fmt.Errorf("changing a password: %w", err)
	}
	return replaced, err
}

// AddFailedSignIns adds to the number of failed sign-ins of the current hour.
func (s *Store) AddFailedSignIns(ctx context.Context, userID string, count int64) error {
	failed := userEvent("user.sign_in_failed", userID)
	failed.Actor, failed.Details = actor.Actor{Kind: actor.Service, ID: "identity"}, map[string]string{"count": strconv.FormatInt(count, 10)}
	err := s.events.Change(ctx, failed, outbox.Observed{}, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, s.text.addFailures, userID, int64(accountevent.SignInFailed), count)
		return err
	})
	return sqldb.Wrap("recording failed sign-ins", err)
}

// ListEvents returns a page of a user's events, the newest first.
func (s *Store) ListEvents(ctx context.Context, q accountevent.Query) ([]accountevent.Event, error) {
	before := int64(math.MaxInt64)
	if !q.Before.IsZero() {
		before = q.Before.UnixMicro()
	}
	return rowsOf(ctx, s, sqldb.Read("listing an account's events", s.text.listEvents, q.UserID, before, int64(q.BeforeKind), q.Limit), eventDest)
}

func eventDest(e *accountevent.Event) []any {
	return []any{sqldb.Time(&e.At), (*int16)(&e.Kind), &e.Count, &e.UserAgent, &e.Network}
}

// hour is in microseconds, the unit of stored times.
const hour = int64(time.Hour / time.Microsecond)

// prepareOwnAccount sets the statements of what users see and change in their own accounts.
func (t *statements) prepareOwnAccount(db *sqldb.DB) {
	const insert = `INSERT INTO account_events (user_id, happened_at, kind, count, user_agent, network) `
	const event = insert + `SELECT u.id, {{now}}, $2, 1, $3, $4 FROM users u WHERE u.id = $1`
	t.updateProfile = `
UPDATE users SET first_name = $2, last_name = $3, display_name = $4, language = $5, time_zone = $6
WHERE id = $1 AND (first_name, last_name, display_name, language, time_zone) <> ($2, $3, $4, $5, $6)`
	t.userExists = `SELECT 1 FROM users WHERE id = $1`

	t.changePassword = db.SQL(`
UPDATE users SET password_hash = $3, session_epoch = $5
WHERE id = $1 AND password_hash = $2 AND session_epoch = $4 AND NOT disabled`)

	// Of two equal events in one microsecond one is recorded.
	t.addEvent = db.SQL(event + ` ON CONFLICT DO NOTHING`)

	t.addFailures = db.SQL(insert + fmt.Sprintf(`
SELECT u.id, {{now}} - {{now}} %% %d, $2, $3, '', '' FROM users u WHERE u.id = $1
ON CONFLICT (user_id, happened_at, kind) DO UPDATE SET count = account_events.count + excluded.count`, hour))

	t.listEvents = db.SQL(`
SELECT happened_at, kind, count, user_agent, network FROM account_events
WHERE user_id = $1 AND (happened_at, kind) < ($2, $3) ORDER BY happened_at DESC, kind DESC LIMIT $4`)
}
