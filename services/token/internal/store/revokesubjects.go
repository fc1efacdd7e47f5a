package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// What takes access away writes one row of revoked_subjects for each subject that it names, and one
// entry of the log, whatever hangs on it. Processes of release 0.1 know no subjects: for them the
// first rows below are marked in the same transaction, and the pairs' epochs are raised, as many as
// slice says. The rest never follows: every statement of this release asks the subjects.

// slice is how many rows an ending marks for release 0.1.
const legacyLimit = 200

// endingStatements are the SQL of what takes access away.
type revocationStatements struct {
	revoke, incrementMark, lockPair, setPairEpoch string
	// The slices; empty on SQLite, whose file has one process.
	ofPair, ofUser, ofMember, ofClient, userTokens, memberTokens, appTokens string
	pairsOfUser, pairsOfClient, codesOfUser                                 string
}

// prepareEndings expands them once.
func prepareRevocations(db *sqldb.DB) revocationStatements {
	s := revocationStatements{
		revoke: db.SQL(`
INSERT INTO revoked_subjects (subject, cursor, revoked_at) VALUES ($1, $2, {{now}})
ON CONFLICT (subject) DO UPDATE SET cursor = excluded.cursor, revoked_at = excluded.revoked_at`),

		incrementMark: `
INSERT INTO ending_marks (subject, endings) VALUES ($1, 1)
ON CONFLICT (subject) DO UPDATE SET endings = ending_marks.endings + 1`,

		// It changes nothing and holds the row, which may not have been there.
		lockPair: `
INSERT INTO pairs (user_id, client_id, epoch) VALUES ($1, $2, 0)
ON CONFLICT (user_id, client_id) DO UPDATE SET epoch = pairs.epoch`,
		setPairEpoch: `UPDATE pairs SET epoch = $3, lenient_raises = 0 WHERE user_id = $1 AND client_id = $2`,
	}
	if db.Engine() == sqldb.Postgres {
		s.prepareLegacySteps(db)
	}
	return s
}

// prepareSlices expands what is there for release 0.1. Each looks at a bounded number of rows, and
// skips those that others hold. An array of identifiers, unlike a join, is always found by the
// index. Pairs are held in one order, so that two that hold several cannot deadlock.
func (s *revocationStatements) prepareLegacySteps(db *sqldb.DB) {
	families := func(which string) string {
		return db.SQL(`
UPDATE families SET revoked_at = {{now}}, retry_hash = NULL, retry_sealed = NULL, retry_until = NULL
WHERE revoked_at IS NULL AND id = ANY (ARRAY(` + which + `))`)
	}
	tokens := func(which string) string {
		return db.SQL(`
UPDATE user_tokens SET ended_at = {{now}} WHERE ended_at IS NULL AND expires_at > {{now}} - $1 AND hash = ANY (ARRAY(` + which + `))`)
	}
	const live = `SELECT hash, workspace_id FROM user_tokens WHERE ended_at IS NULL AND expires_at > {{now}} - $1 AND `
	s.ofPair = families(`SELECT id FROM families WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL LIMIT $3 {{skip locked}}`)
	s.ofUser = families(`SELECT id FROM families WHERE user_id = $1 AND revoked_at IS NULL LIMIT $2 {{skip locked}}`)
	s.ofMember = families(`SELECT id FROM (
    SELECT id, workspace_id FROM families WHERE user_id = $1 AND revoked_at IS NULL LIMIT $3 {{skip locked}}) AS f WHERE workspace_id = $2`)
	s.ofClient = families(`SELECT f.id FROM (SELECT user_id FROM pairs WHERE client_id = $1 LIMIT $2) AS p
    JOIN LATERAL (SELECT id FROM families WHERE user_id = p.user_id AND client_id = $1 AND revoked_at IS NULL LIMIT $2) AS f ON true LIMIT $2`)
	s.userTokens = tokens(`SELECT hash FROM (` + live + `user_id = $2 LIMIT $3 {{skip locked}}) AS t`)
	s.memberTokens = tokens(`SELECT hash FROM (` + live + `user_id = $2 LIMIT $4 {{skip locked}}) AS t WHERE workspace_id = $3`)
	s.appTokens = tokens(`SELECT hash FROM (` + live + `app_id = $2 AND app_id <> '' LIMIT $3 {{skip locked}}) AS t`)
	s.pairsOfUser = db.SQL(`UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0 WHERE user_id = $1 AND client_id = ANY (ARRAY(
    SELECT client_id FROM pairs WHERE user_id = $1 ORDER BY client_id LIMIT $2 {{for update}}))`)
	s.codesOfUser = db.SQL(`UPDATE pairs SET epoch = epoch + 1, lenient_raises = lenient_raises + 1 WHERE user_id = $1 AND client_id = ANY (ARRAY(
    SELECT client_id FROM pairs WHERE user_id = $1 ORDER BY client_id LIMIT $2 {{for update}}))`)
	s.pairsOfClient = db.SQL(`UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0 WHERE client_id = $1 AND user_id = ANY (ARRAY(
    SELECT user_id FROM pairs WHERE client_id = $1 ORDER BY user_id LIMIT $2 {{for update}}))`)
}

// subjectRevocation revokes whatever hangs on some subjects: its entry of the log, and the
// subjects.
type subjectRevocation struct {
	entry    revlog.Entry
	subjects []string
	// marked is the row of ending_marks that is held meanwhile: release 0.1 issues user tokens
	// under it, and so do we.
	lockedMark string
	// slices are for release 0.1.
	legacySteps []step
}

// step is one statement of a transaction; one without a text is left out.
type step struct {
	text string
	args []any
}

// revokeSubjects revokes whatever hangs on some subjects. What it costs does not depend on how much
// that is.
func (s *Store) revokeSubjects(ctx context.Context, r subjectRevocation) error {
	return s.log.Revoke(ctx, "revoking what a user or a client holds", func(tx *revlog.Tx) error {
		if _, err := tx.Exec(ctx, s.revocations.incrementMark, r.lockedMark); err != nil {
			return err
		}
		if err := execAll(ctx, tx, r.legacySteps...); err != nil {
			return err
		}
		cursor, err := tx.Append(ctx, r.entry)
		if err != nil {
			return err
		}
		return s.revokeBornBefore(ctx, tx, cursor, r.subjects...)
	})
}

// revokeBefore writes what decides: whatever hangs on a subject and was born before cursor is dead.
func (s *Store) revokeBornBefore(ctx context.Context, tx *revlog.Tx, cursor int64, subjects ...string) error {
	for _, subject := range subjects {
		if _, err := tx.Exec(ctx, s.revocations.revoke, subject, cursor); err != nil {
			return err
		}
	}
	return nil
}

func execAll(ctx context.Context, tx *revlog.Tx, steps ...step) error {
	for _, do := range steps {
		if do.text == "" {
			continue
		}
		if _, err := tx.Exec(ctx, do.text, do.args...); err != nil {
			return err
		}
	}
	return nil
}

// EndUser ends everything of a user: OAuth grants, codes in flight, user tokens.
func (s *Store) RevokeUser(ctx context.Context, userID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonUserDisabled, revocation.Revocation{Kind: revocation.User, UserID: userID}),
		subjects: []string{grantsOfUser(userID), tokensOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{
			{s.revocations.pairsOfUser, []any{userID, legacyLimit}},
			{s.revocations.ofUser, []any{userID, legacyLimit}},
			{s.revocations.userTokens, []any{micros(usertoken.KeptPastTime), userID, legacyLimit}},
		},
	})
}

// EndSignIns ends what a user's password opened: user tokens, and codes in flight, whose consent
// was given in a session that ends too. OAuth grants stay.
func (s *Store) RevokeSignIns(ctx context.Context, userID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonPasswordSet, revocation.Revocation{Kind: revocation.User, UserID: userID}),
		subjects: []string{codesOfUser(userID), tokensOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{
			{s.revocations.codesOfUser, []any{userID, legacyLimit}},
			{s.revocations.userTokens, []any{micros(usertoken.KeptPastTime), userID, legacyLimit}},
		},
	})
}

// EndMember ends what a user's membership opened: the OAuth grants of that workspace, the user
// tokens that are limited to it, and the user's codes in flight, since a consent page does not know
// the workspace yet. User tokens without a limit stay: what they open follows the memberships of
// the moment.
func (s *Store) RevokeMember(ctx context.Context, userID, workspaceID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonMemberRemoved, revocation.Revocation{Kind: revocation.Member, UserID: userID, WorkspaceID: workspaceID}),
		subjects: []string{memberOf(userID, workspaceID), codesOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{
			{s.revocations.codesOfUser, []any{userID, legacyLimit}},
			{s.revocations.ofMember, []any{userID, workspaceID, legacyLimit}},
			{s.revocations.memberTokens, []any{micros(usertoken.KeptPastTime), userID, workspaceID, legacyLimit}},
		},
	})
}

// EndAuthenticationApp ends the user tokens that were issued through an authentication app.
func (s *Store) RevokeAuthenticationAppTokens(ctx context.Context, appID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonAppRevoked, revocation.Revocation{Kind: revocation.AuthenticationApp, ClientID: appID}),
		subjects: []string{tokensOfApp(appID)}, lockedMark: appID,
		legacySteps: []step{{s.revocations.appTokens, []any{micros(usertoken.KeptPastTime), appID, legacyLimit}}},
	})
}

// EndClient ends all that was granted to a client: OAuth grants, codes in flight, consent pages
// that are open.
func (s *Store) RevokeClientGrants(ctx context.Context, clientID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonClientEnded, revocation.Revocation{Kind: revocation.Client, ClientID: clientID}),
		subjects: []string{grantsOfClient(clientID)}, lockedMark: clientID,
		legacySteps: []step{{s.revocations.pairsOfClient, []any{clientID, legacyLimit}}, {s.revocations.ofClient, []any{clientID, legacyLimit}}},
	})
}

// EndUserGrants ends all that a user granted: OAuth grants, codes in flight, consent pages that are
// open. User tokens stay.
func (s *Store) RevokeUserGrants(ctx context.Context, userID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonGrantsRevoked, revocation.Revocation{Kind: revocation.User, UserID: userID}),
		subjects: []string{grantsOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{{s.revocations.pairsOfUser, []any{userID, legacyLimit}}, {s.revocations.ofUser, []any{userID, legacyLimit}}},
	})
}

// EndConnection ends everything of a user with a client, by the user's own decision: when it
// returns nothing of it is live, and nothing that was being issued from an older consent becomes
// so.
func (s *Store) EndConnection(ctx context.Context, userID, clientID string) error {
	return s.revokeUserClient(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}, revlog.ReasonDisconnect)
}

// EndPairGrants is EndConnection as an operator's decision.
func (s *Store) RevokeUserClientGrants(ctx context.Context, userID, clientID string) error {
	return s.revokeUserClient(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}, revlog.ReasonGrantsRevoked)
}

func (s *Store) revokeUserClient(ctx context.Context, p oauth.UserClient, reason revlog.Reason) error {
	return s.log.Revoke(ctx, "ending a connection", func(tx *revlog.Tx) error {
		if _, err := tx.Exec(ctx, s.revocations.lockPair, p.UserID, p.ClientID); err != nil {
			return err
		}
		return s.revokeLockedUserClient(ctx, tx, p, reason)
	})
}

// revokePair revokes everything of a pair whose row is held. Its new epoch is the cursor, which is
// larger than every epoch before.
func (s *Store) revokeLockedUserClient(ctx context.Context, tx *revlog.Tx, p oauth.UserClient, reason revlog.Reason) error {
	if err := execAll(ctx, tx, step{s.revocations.ofPair, []any{p.UserID, p.ClientID, legacyLimit}}); err != nil {
		return err
	}
	cursor, err := tx.Append(ctx, revlog.NewEntry(reason, revocation.Revocation{Kind: revocation.UserClient, UserID: p.UserID, ClientID: p.ClientID}))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, s.revocations.setPairEpoch, p.UserID, p.ClientID, cursor); err != nil {
		return err
	}
	return s.revokeBornBefore(ctx, tx, cursor, grantsOfPair(p.UserID, p.ClientID))
}

// NoteWorkspace tells followers of the log that what they know of a workspace is old. It ends
// nothing.
func (s *Store) LogWorkspaceChange(ctx context.Context, workspaceID string) error {
	return s.log.Revoke(ctx, "noting a workspace's change", func(tx *revlog.Tx) error {
		_, err := tx.Append(ctx, revlog.NewEntry(revlog.ReasonPlanChanged, revocation.Revocation{Kind: revocation.Workspace, WorkspaceID: workspaceID}))
		return err
	})
}
