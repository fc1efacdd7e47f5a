package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// prepareUser sets the statements about user tokens.
func (t *statements) prepareUser(db *sqldb.DB) {
	grantsRevoked := strconv.Itoa(int(revlog.ReasonGrantsRevoked))
	t.ensureMark = `INSERT INTO ending_marks (subject, endings) VALUES ($1, 0) ON CONFLICT DO NOTHING`
	// Locked in one order, so that two transactions that lock both cannot deadlock.
	t.lockMarks = db.SQL(`SELECT subject FROM ending_marks WHERE subject IN ($1, $2) ORDER BY subject {{for share}}`)

	// A statement after the locks on ending_marks, so that it sees revocations that release 0.1
	// committed while it waited for them. A later revocation by this release has a cursor after
	// the token's born. It reads the log, since release 0.1 does not write revoked_subjects, and leaves
	// out what ends OAuth grants alone: of a user, and of a user with one client in a workspace.
	t.issueUserToken = db.SQL(`
INSERT INTO user_tokens (hash, user_id, app_id, workspace_id, display_name, issued_at, expires_at, born)
SELECT $1, $2, $3, $4, $5, {{now}}, {{now}} + $6, $7
WHERE NOT EXISTS (
    SELECT 1 FROM revocations WHERE cursor > $7 AND (
        user_id = $2 AND (kind = 4 AND reason <> ` + grantsRevoked + ` OR kind = 5 AND workspace_id = $4 AND client_id = '') OR kind = 8 AND client_id = $3))`)

	t.userTokenHolder = db.SQL(`
SELECT user_id, app_id, workspace_id, display_name FROM user_tokens WHERE hash = $1 AND expires_at > {{now}} - $2`)
	t.replaceUserToken = db.SQL(`
UPDATE user_tokens SET ended_at = {{now}} WHERE hash = $1 AND expires_at > {{now}} - $2 AND ` + liveUserToken("user_tokens"))
	// It inherits born from its predecessor, so that a revocation that revokes one revokes the
	// other, whichever of the two it sees.
	t.succeedUserToken = db.SQL(`
INSERT INTO user_tokens (hash, user_id, app_id, workspace_id, display_name, issued_at, expires_at, born)
SELECT $1, user_id, app_id, workspace_id, display_name, {{now}}, {{now}} + $2,
    COALESCE(born, (SELECT cursor FROM revocation_head WHERE id = 1))
FROM user_tokens WHERE hash = $3 AND expires_at > {{now}} - $4`)
	t.logoutUserToken = db.SQL(`
UPDATE user_tokens SET ended_at = {{now}} WHERE hash = $1 AND expires_at > {{now}} - $2 AND ` + liveUserToken("user_tokens") + `
RETURNING user_id, app_id, expires_at > {{now}}`)
	t.validateUserToken = db.SQL(`
SELECT user_id, app_id, workspace_id, display_name, issued_at, expires_at, expires_at - {{now}},
    expires_at > {{now}} AND ` + liveUserToken("user_tokens") + `
FROM user_tokens WHERE hash = $1 AND expires_at > {{now}} - $2`)
}

// IssueUserToken writes a user token and its event; usertoken.ErrRevokedMeanwhile when a revocation of
// its holder has a cursor after i.Since.
func (s *Store) IssueUserToken(ctx context.Context, i usertoken.Issue) error {
	return s.inTx(ctx, "issuing a user token", func(tx *sqldb.Tx) error {
		for _, subject := range []string{i.UserID, i.AppID} {
			if subject == "" {
				continue
			}
			if _, err := tx.Exec(ctx, s.text.ensureMark, subject); err != nil {
				return err
			}
		}
		if err := s.lockMarks(ctx, tx, i.Holder); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, s.text.issueUserToken, i.Token.Bytes(), i.UserID, i.AppID, i.WorkspaceID, i.DisplayName, micros(i.Lifetime), i.Since)
		if err == nil && n == 0 {
			return usertoken.ErrRevokedMeanwhile
		}
		if err != nil {
			return err
		}
		return s.Events().Append(ctx, tx, issuedUserToken(i))
	})
}

// issuedUserToken is the event of a sign-in at the user API: of the user, or of the authentication app
// whose secret was the proof.
func issuedUserToken(i usertoken.Issue) outbox.Event {
	e := outbox.Event{Kind: "user_token.issued", Actor: actor.OfUser(i.UserID), UserID: i.UserID, ClientID: i.AppID, Details: i.Device.Details()}
	if i.AppID != "" {
		e.Actor = actor.OfClient(i.AppID)
	}
	return e
}

// RefreshUserToken ends a user token and writes its successor: usertoken.ErrUnknown,
// usertoken.ErrExpired.
func (s *Store) RefreshUserToken(ctx context.Context, r usertoken.Refresh) (usertoken.Holder, error) {
	var h usertoken.Holder
	err := s.log.Revoke(ctx, "refreshing a user token", func(tx *revlog.Tx) error {
		var err error
		// A token's holder never changes, so it may be read before any lock is taken.
		if h, err = s.holder(ctx, tx, r.Predecessor); err != nil {
			return err
		}
		if err := s.lockMarks(ctx, tx.Tx, h); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, s.text.replaceUserToken, r.Predecessor.Bytes(), micros(usertoken.KeptPastTime))
		if err == nil && n == 0 {
			return usertoken.ErrExpired
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, s.text.succeedUserToken,
			r.Successor.Bytes(), micros(r.Lifetime), r.Predecessor.Bytes(), micros(usertoken.KeptPastTime))
		if err != nil {
			return err
		}
		_, err = tx.Append(ctx, tokenEntry(r.Predecessor, h, revlog.ReasonReplaced))
		return err
	})
	return h, err
}

func (s *Store) holder(ctx context.Context, tx *revlog.Tx, token secret.Hash) (usertoken.Holder, error) {
	var h usertoken.Holder
	err := tx.QueryRow(ctx, s.text.userTokenHolder, token.Bytes(), micros(usertoken.KeptPastTime)).
		Scan(&h.UserID, &h.AppID, &h.WorkspaceID, &h.DisplayName)
	return h, sqldb.NotFoundAs(usertoken.ErrUnknown, err)
}

// lockMarks blocks revocations of the user and of the authentication app until the commit.
func (s *Store) lockMarks(ctx context.Context, tx *sqldb.Tx, h usertoken.Holder) error {
	_, err := tx.Exec(ctx, s.text.lockMarks, h.UserID, h.AppID)
	return err
}

// LogoutUserToken revokes a user token: usertoken.ErrUnknown, and usertoken.ErrExpired for one that
// was not live.
func (s *Store) LogoutUserToken(ctx context.Context, token secret.Hash) error {
	live, exists := false, false
	err := s.log.Revoke(ctx, "logging out a user token", func(tx *revlog.Tx) error {
		var h usertoken.Holder
		live, exists = false, true
		err := tx.QueryRow(ctx, s.text.logoutUserToken, token.Bytes(), micros(usertoken.KeptPastTime)).Scan(&h.UserID, &h.AppID, &live)
		if isNotFound(err) {
			live = false
			if _, err = s.holder(ctx, tx, token); errors.Is(err, usertoken.ErrUnknown) {
				exists, err = false, nil
			}
			return err
		}
		if err != nil {
			return err
		}
		_, err = tx.Append(ctx, tokenEntry(token, h, revlog.ReasonLogout))
		return err
	})
	switch {
	case err != nil:
		return err
	case !exists:
		return usertoken.ErrUnknown
	case !live:
		return usertoken.ErrExpired
	}
	return nil
}

// RevokeUserToken is LogoutUserToken for a caller that treats an unknown or expired token as
// success. It reports whether the token was live.
func (s *Store) RevokeUserToken(ctx context.Context, token secret.Hash) (bool, error) {
	err := s.LogoutUserToken(ctx, token)
	if errors.Is(err, usertoken.ErrUnknown) || errors.Is(err, usertoken.ErrExpired) {
		return false, nil
	}
	return err == nil, err
}

func tokenEntry(token secret.Hash, h usertoken.Holder, reason revlog.Reason) revlog.Entry {
	return revlog.NewEntry(reason, revocation.Revocation{Kind: revocation.Token, TokenHash: token.Bytes(), UserID: h.UserID, ClientID: h.AppID})
}

// ValidateUserToken returns the facts of a user token: usertoken.ErrUnknown, and
// usertoken.ErrExpired with the facts for one that is not live.
func (s *Store) ValidateUserToken(ctx context.Context, token secret.Hash) (introspect.Facts, error) {
	f := introspect.Facts{Kind: enforce.UserToken}
	var issued, expires, left int64
	var live bool
	err := s.db.QueryRow(ctx, s.text.validateUserToken, token.Bytes(), micros(usertoken.KeptPastTime)).
		Scan(&f.UserID, &f.ClientID, &f.WorkspaceID, &f.DisplayName, &issued, &expires, &left, &live)
	if err != nil {
		return introspect.Facts{}, sqldb.Wrap("reading a user token", sqldb.NotFoundAs(usertoken.ErrUnknown, err))
	}
	f.IssuedAt, f.ExpiresAt, f.Left = fromMicros(issued), fromMicros(expires), time.Duration(left)*time.Microsecond
	if !live {
		return f, usertoken.ErrExpired
	}
	return f, nil
}

// FindUserToken returns a live user token. introspect.ErrInactive when there is none.
func (s *Store) FindUserToken(ctx context.Context, token secret.Hash) (introspect.Facts, error) {
	f, err := s.ValidateUserToken(ctx, token)
	if errors.Is(err, usertoken.ErrUnknown) || errors.Is(err, usertoken.ErrExpired) {
		return introspect.Facts{}, introspect.ErrInactive
	}
	return f, err
}
