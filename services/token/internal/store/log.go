package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Kind is what a log entry ended.
type Kind int16

// The kinds, as stored.
const (
	// KindToken is one access token, API key or user token, named by TokenHash.
	KindToken Kind = 1
	// KindFamily is a family with all its tokens, named by FamilyID.
	KindFamily Kind = 2
	// KindPair is everything between a user and an app below Epoch.
	KindPair Kind = 3
	// KindUser is every token of UserID.
	KindUser Kind = 4
	// KindMember is every token of UserID that is good for WorkspaceID.
	KindMember Kind = 5
	// KindClient is every token of ClientID.
	KindClient Kind = 6
	// KindWorkspace ends nothing: what is known of WorkspaceID changed.
	KindWorkspace Kind = 7
	// KindAuthenticationApp is every user token that was issued through the authentication app ClientID.
	KindAuthenticationApp Kind = 8
)

// Reason is why it ended.
type Reason int16

// The reasons, as stored.
const (
	// ReasonRevoked is the revocation endpoint (RFC 7009).
	ReasonRevoked Reason = 1
	// ReasonCodeReplay is a second use of an authorization code.
	ReasonCodeReplay Reason = 2
	// ReasonReuse is a spent refresh token that came again.
	ReasonReuse Reason = 3
	// ReasonDisconnect is the user's own decision on the Connected Apps page.
	ReasonDisconnect Reason = 4
	// ReasonKeyRevoked is an API key's end.
	ReasonKeyRevoked Reason = 5
	// ReasonUserDisabled is an operator's decision on a user.
	ReasonUserDisabled Reason = 6
	// ReasonPasswordSet is a new password.
	ReasonPasswordSet Reason = 7
	// ReasonMemberRemoved is an operator's decision on a membership.
	ReasonMemberRemoved Reason = 8
	// ReasonAppRevoked is the end of an authentication app.
	ReasonAppRevoked Reason = 9
	// ReasonLogout is a user token's logout.
	ReasonLogout Reason = 10
	// ReasonReplaced is a user token's refresh.
	ReasonReplaced Reason = 11
	// ReasonPlanChanged is a workspace's new plan.
	ReasonPlanChanged Reason = 12
	// ReasonClientEnded is an operator's decision on an app.
	ReasonClientEnded Reason = 13
	// ReasonGrantsRevoked is an operator's decision on what a user granted.
	ReasonGrantsRevoked Reason = 14
)

// Entry is one revocation. Cursors rise by one in the order of commits.
type Entry struct {
	Cursor    int64
	Kind      Kind
	Reason    Reason
	TokenHash []byte
	FamilyID  []byte
	UserID    string
	ClientID  string
	// WorkspaceID is empty but for KindMember and KindWorkspace.
	WorkspaceID string
	// Epoch is the family's, or for KindPair the one that the pair was raised to.
	Epoch     int64
	RevokedAt time.Time
	// Age is how old it was when it was read, by the database's clock.
	Age time.Duration
}

// appendEntry writes to the log. It is the last statement of its transaction: from here to the commit other revocations
// wait, which is what makes the order of cursors the order of commits.
func (s *Store) appendEntry(ctx context.Context, tx *sqldb.Tx, e Entry) error {
	if _, err := tx.Exec(ctx, s.text.nextCursor); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, s.text.appendEntry, int64(e.Kind), int64(e.Reason), e.TokenHash, e.FamilyID,
		e.UserID, e.ClientID, e.WorkspaceID, e.Epoch)
	return err
}

// EntriesAfter reads the log behind a cursor, oldest first, at most limit entries.
func (s *Store) EntriesAfter(ctx context.Context, cursor int64, limit int) ([]Entry, error) {
	rows, err := s.db.Query(ctx, s.text.entriesAfter, cursor, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the revocation log: %w", err)
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		var e Entry
		var revokedAt, age int64
		err := rows.Scan(&e.Cursor, &e.Kind, &e.Reason, &e.TokenHash, &e.FamilyID, &e.UserID, &e.ClientID, &e.WorkspaceID, &e.Epoch, &revokedAt, &age)
		if err != nil {
			return nil, fmt.Errorf("reading a revocation: %w", err)
		}
		e.RevokedAt, e.Age = fromMicros(revokedAt), time.Duration(age)*time.Microsecond
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the revocation log: %w", err)
	}
	return entries, nil
}
