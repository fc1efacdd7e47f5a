package store

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// endingStatements are the SQL of what takes access away from users, members, apps and authentication apps.
type endingStatements struct {
	mark, raisePairs, spoilPairs, liftFamilies string
	families, memberFamilies                   string
	userTokens, memberTokens, appTokens        string
	clientSlice, clientPairs, clientFamilies   string
}

// clientSlice is how many users of an app one transaction ends.
const clientSlice = 200

// prepareEndings expands them once.
func prepareEndings(db *sqldb.DB) endingStatements {
	const endFamily = `UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE user_id = $1 AND revoked_at IS NULL`
	//nolint:gosec // SQL, and no credential
	const endToken = `UPDATE user_tokens SET ended_at = {{now}} WHERE ended_at IS NULL AND expires_at > {{now}} - $1 AND `
	return endingStatements{
		mark: `
INSERT INTO ending_marks (subject, endings) VALUES ($1, 1)
ON CONFLICT (subject) DO UPDATE SET endings = ending_marks.endings + 1`,

		raisePairs: `UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0 WHERE user_id = $1`,
		spoilPairs: `UPDATE pairs SET epoch = epoch + 1, lenient_raises = lenient_raises + 1 WHERE user_id = $1`,
		// Families of an older epoch stay there: their evidence was acted upon.
		liftFamilies: `
UPDATE families SET epoch = epoch + 1 WHERE user_id = $1 AND epoch = (
    SELECT p.epoch - 1 FROM pairs p WHERE p.user_id = families.user_id AND p.client_id = families.client_id)`,

		families:       db.SQL(endFamily),
		memberFamilies: db.SQL(endFamily + ` AND workspace_id = $2`),
		userTokens:     db.SQL(endToken + `user_id = $2`),
		memberTokens:   db.SQL(endToken + `user_id = $2 AND workspace_id = $3`),
		appTokens:      db.SQL(endToken + `app_id = $2 AND app_id <> ''`),

		// Whoever sees a consent page has a pair: see PairEpoch. So this reaches every page that is open and every code in flight.
		clientPairs: `UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0 WHERE client_id = $1 AND user_id > $2 AND user_id <= $3`,
		clientSlice: `
SELECT max(user_id) FROM (SELECT user_id FROM pairs WHERE client_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3) AS slice`,
		// Families have no index that begins with the app, but every one has a pair, which has.
		clientFamilies: db.SQL(`
UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE client_id = $1 AND revoked_at IS NULL AND user_id IN (
    SELECT user_id FROM pairs WHERE client_id = $1 AND user_id > $2 AND user_id <= $3)`),
	}
}

// EndUser ends everything of a user: OAuth families, codes in flight, user tokens.
func (s *Store) EndUser(ctx context.Context, userID string) error {
	return s.ending(ctx, userID, Entry{Kind: KindUser, Reason: ReasonUserDisabled, UserID: userID}, func(tx *sqldb.Tx) error {
		return execAll(ctx, tx,
			step{s.ends.raisePairs, []any{userID}},
			step{s.ends.families, []any{userID}},
			step{s.ends.userTokens, []any{micros(usertoken.KeptPastTime), userID}})
	})
}

// EndSignIns ends what a user's password opened: user tokens, and codes in flight, whose consent was given in a session that
// ends too. OAuth grants stay.
func (s *Store) EndSignIns(ctx context.Context, userID string) error {
	return s.ending(ctx, userID, Entry{Kind: KindUser, Reason: ReasonPasswordSet, UserID: userID}, func(tx *sqldb.Tx) error {
		if err := s.spoilCodes(ctx, tx, userID); err != nil {
			return err
		}
		return execAll(ctx, tx, step{s.ends.userTokens, []any{micros(usertoken.KeptPastTime), userID}})
	})
}

// EndMember ends what a user's membership opened: the OAuth families of that workspace, the user tokens that are limited to it,
// and the user's codes in flight, since their workspace is not known here. User tokens without a limit stay: what they open
// follows the memberships of the moment.
func (s *Store) EndMember(ctx context.Context, userID, workspaceID string) error {
	entry := Entry{Kind: KindMember, Reason: ReasonMemberRemoved, UserID: userID, WorkspaceID: workspaceID}
	return s.ending(ctx, userID, entry, func(tx *sqldb.Tx) error {
		if err := s.spoilCodes(ctx, tx, userID); err != nil {
			return err
		}
		return execAll(ctx, tx,
			step{s.ends.memberFamilies, []any{userID, workspaceID}},
			step{s.ends.memberTokens, []any{micros(usertoken.KeptPastTime), userID, workspaceID}})
	})
}

// EndAuthenticationApp ends the user tokens that were issued through an authentication app.
func (s *Store) EndAuthenticationApp(ctx context.Context, appID string) error {
	entry := Entry{Kind: KindAuthenticationApp, Reason: ReasonAppRevoked, ClientID: appID}
	return s.ending(ctx, appID, entry, func(tx *sqldb.Tx) error {
		return execAll(ctx, tx, step{s.ends.appTokens, []any{micros(usertoken.KeptPastTime), appID}})
	})
}

// EndClient ends all that was granted to an app: OAuth families, codes in flight, consent pages that are open.
// It goes through the app's users a slice at a time, each with its entry in the log: those who refresh meanwhile wait for one slice
// and not for all, and what has ended stays ended when it is broken off.
func (s *Store) EndClient(ctx context.Context, clientID string) error {
	entry := Entry{Kind: KindClient, Reason: ReasonClientEnded, ClientID: clientID}
	for after := ""; ; {
		var last *string
		if err := s.db.QueryRow(ctx, s.ends.clientSlice, clientID, after, clientSlice).Scan(&last); err != nil {
			return fmt.Errorf("looking for an app's users: %w", err)
		}
		if last == nil {
			return nil
		}
		err := s.ending(ctx, clientID, entry, func(tx *sqldb.Tx) error {
			return execAll(ctx, tx, step{s.ends.clientPairs, []any{clientID, after, *last}}, step{s.ends.clientFamilies, []any{clientID, after, *last}})
		})
		if err != nil {
			return err
		}
		after = *last
	}
}

// EndUserGrants ends all that a user granted: OAuth families, codes in flight, consent pages that are open. User tokens stay.
func (s *Store) EndUserGrants(ctx context.Context, userID string) error {
	return s.ending(ctx, userID, Entry{Kind: KindUser, Reason: ReasonGrantsRevoked, UserID: userID}, func(tx *sqldb.Tx) error {
		return execAll(ctx, tx, step{s.ends.raisePairs, []any{userID}}, step{s.ends.families, []any{userID}})
	})
}

// NoteWorkspace tells followers of the log that what they know of a workspace is old. It ends nothing.
func (s *Store) NoteWorkspace(ctx context.Context, workspaceID string) error {
	return s.inTx(ctx, "noting a workspace's change", func(tx *sqldb.Tx) error {
		return s.appendEntry(ctx, tx, Entry{Kind: KindWorkspace, Reason: ReasonPlanChanged, WorkspaceID: workspaceID})
	})
}

// ending holds a subject's mark, ends what work ends, and logs it. Work's statements are behind the mark, so that they see what
// was issued while this waited.
func (s *Store) ending(ctx context.Context, subject string, entry Entry, work func(*sqldb.Tx) error) error {
	return s.inTx(ctx, "ending what a user or an app holds", func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, s.ends.mark, subject); err != nil {
			return err
		}
		if err := work(tx); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, entry)
	})
}

// spoilCodes raises the epoch of a user's pairs, so that no code in flight redeems, and moves their families along, dead ones
// too: a spent refresh token that comes again is still the evidence of a theft. An approval stays one (see lenient_raises).
func (s *Store) spoilCodes(ctx context.Context, tx *sqldb.Tx, userID string) error {
	return execAll(ctx, tx, step{s.ends.spoilPairs, []any{userID}}, step{s.ends.liftFamilies, []any{userID}})
}

// step is one statement of a transaction.
type step struct {
	text string
	args []any
}

func execAll(ctx context.Context, tx *sqldb.Tx, steps ...step) error {
	for _, do := range steps {
		if _, err := tx.Exec(ctx, do.text, do.args...); err != nil {
			return err
		}
	}
	return nil
}
