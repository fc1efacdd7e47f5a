package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	domain "github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// The revocation of subjects writes one row of revoked_subjects for each subject, and one entry of
// the log, however many grants and tokens the subject has. Release 0.1 does not read
// revoked_subjects: for its processes the same transaction sets revoked_at of up to legacyLimit
// rows and raises the epochs of up to legacyLimit user-clients. The other rows are never updated:
// every statement of this release checks the subjects.

// legacyLimit is how many rows a revocation updates for release 0.1.
const legacyLimit = 200

// prepareRevocations sets the statements that revoke subjects. On SQLite, whose file has one process,
// those for release 0.1 stay empty.
func (t *statements) prepareRevocations(db *sqldb.DB) {
	t.revokeSubject = db.SQL(`
INSERT INTO revoked_subjects (subject, cursor, revoked_at) VALUES ($1, $2, {{now}})
ON CONFLICT (subject) DO UPDATE SET cursor = excluded.cursor, revoked_at = excluded.revoked_at`)

	t.incrementMark = `
INSERT INTO ending_marks (subject, endings) VALUES ($1, 1)
ON CONFLICT (subject) DO UPDATE SET endings = ending_marks.endings + 1`

	// It locks the row, and inserts it if it does not exist.
	t.lockPair = `
INSERT INTO pairs (user_id, client_id, epoch) VALUES ($1, $2, 0)
ON CONFLICT (user_id, client_id) DO UPDATE SET epoch = pairs.epoch`
	t.setPairEpoch = `UPDATE pairs SET epoch = $3, lenient_raises = 0 WHERE user_id = $1 AND client_id = $2`
	// Approvals and grants of other workspaces stay valid; codes in flight do not.
	const raise = `UPDATE pairs SET epoch = $3, lenient_raises = $3 - (epoch - lenient_raises) WHERE `
	t.raisePairEpoch = raise + `user_id = $1 AND client_id = $2`
	// lockPairs locks in one order, so that two transactions that lock several cannot deadlock.
	t.lockPairs = db.SQL(`SELECT user_id FROM pairs WHERE client_id = $1 AND user_id ` + db.Among("$2") + ` ORDER BY user_id {{for update}}`)
	t.raisePairs = raise + `client_id = $1 AND user_id ` + db.Among("$2")
	if db.Engine() == sqldb.Postgres {
		t.prepareLegacySteps(db)
	}
}

// prepareLegacySteps expands the statements for release 0.1. Each reads a bounded number of rows,
// and skips locked ones. An array of identifiers, unlike a join, always uses the index. Rows of
// pairs are locked in one order, so that two transactions that lock several cannot deadlock.
func (t *statements) prepareLegacySteps(db *sqldb.DB) {
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
	t.legacyRevokePair = families(`SELECT id FROM families WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL LIMIT $3 {{skip locked}}`)
	t.legacyRevokeUserClientInWorkspace = families(`SELECT id FROM families WHERE user_id = $1 AND client_id = $2 AND workspace_id = $3 AND revoked_at IS NULL
    LIMIT $4 {{skip locked}}`)
	t.legacyRevokeUser = families(`SELECT id FROM families WHERE user_id = $1 AND revoked_at IS NULL LIMIT $2 {{skip locked}}`)
	t.legacyRevokeMember = families(`SELECT id FROM (
    SELECT id, workspace_id FROM families WHERE user_id = $1 AND revoked_at IS NULL LIMIT $3 {{skip locked}}) AS f WHERE workspace_id = $2`)
	t.legacyRevokeClient = families(`SELECT f.id FROM (SELECT user_id FROM pairs WHERE client_id = $1 LIMIT $2) AS p
    JOIN LATERAL (SELECT id FROM families WHERE user_id = p.user_id AND client_id = $1 AND revoked_at IS NULL LIMIT $2) AS f ON true LIMIT $2`)
	t.legacyRevokeUserTokens = tokens(`SELECT hash FROM (` + live + `user_id = $2 LIMIT $3 {{skip locked}}) AS t`)
	t.legacyRevokeMemberTokens = tokens(`SELECT hash FROM (` + live + `user_id = $2 LIMIT $4 {{skip locked}}) AS t WHERE workspace_id = $3`)
	t.legacyRevokeAppTokens = tokens(`SELECT hash FROM (` + live + `app_id = $2 AND app_id <> '' LIMIT $3 {{skip locked}}) AS t`)
	t.legacyRaisePairsOfUser = db.SQL(`UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0 WHERE user_id = $1 AND client_id = ANY (ARRAY(
    SELECT client_id FROM pairs WHERE user_id = $1 ORDER BY client_id LIMIT $2 {{for update}}))`)
	t.legacyRaiseCodesOfUser = db.SQL(`UPDATE pairs SET epoch = epoch + 1, lenient_raises = lenient_raises + 1 WHERE user_id = $1 AND client_id = ANY (ARRAY(
    SELECT client_id FROM pairs WHERE user_id = $1 ORDER BY client_id LIMIT $2 {{for update}}))`)
	t.legacyRaisePairsOfClient = db.SQL(`UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0 WHERE client_id = $1 AND user_id = ANY (ARRAY(
    SELECT user_id FROM pairs WHERE client_id = $1 ORDER BY user_id LIMIT $2 {{for update}}))`)
}

// subjectRevocation is a revocation of subjects: its entry of the log, and the subjects.
type subjectRevocation struct {
	entry    revlog.Entry
	subjects []string
	// lockedMark is the row of ending_marks that the transaction locks: release 0.1 and this
	// release issue user tokens under a shared lock of it.
	lockedMark string
	// legacySteps are for release 0.1.
	legacySteps []step
}

// step is one statement of a transaction; a step without a text is skipped.
type step struct {
	text string
	args []any
}

// revokeSubjects revokes everything of some subjects. Its cost does not depend on the number of
// grants and tokens. It returns domain.ErrCommitted.
func (s *Store) revokeSubjects(ctx context.Context, r subjectRevocation) error {
	err := s.log.Revoke(ctx, "revoking the access of a user or a client", func(tx *revlog.Tx) error {
		if _, err := tx.Exec(ctx, s.text.incrementMark, r.lockedMark); err != nil {
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
	if errors.Is(err, revlog.ErrCommitted) {
		return fmt.Errorf("%w: %w", domain.ErrCommitted, err)
	}
	return err
}

// revokeBornBefore revokes every grant, pending code and token of the subjects that was born before
// cursor.
func (s *Store) revokeBornBefore(ctx context.Context, tx *revlog.Tx, cursor int64, subjects ...string) error {
	for _, subject := range subjects {
		if _, err := tx.Exec(ctx, s.text.revokeSubject, subject, cursor); err != nil {
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

// RevokeUser revokes everything of a user: OAuth grants, pending codes, user tokens.
func (s *Store) RevokeUser(ctx context.Context, userID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonUserDisabled, revocation.Revocation{Kind: revocation.User, UserID: userID}),
		subjects: []string{grantsOfUser(userID), tokensOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{
			{s.text.legacyRaisePairsOfUser, []any{userID, legacyLimit}},
			{s.text.legacyRevokeUser, []any{userID, legacyLimit}},
			{s.text.legacyRevokeUserTokens, []any{micros(usertoken.KeptPastTime), userID, legacyLimit}},
		},
	})
}

// RevokeSignIns revokes what a sign-in with the user's password gave: user tokens, and pending
// codes, whose consent was given in a session that is revoked too. OAuth grants stay.
func (s *Store) RevokeSignIns(ctx context.Context, userID string, on domain.Occasion) error {
	reason := revlog.ReasonPasswordSet
	if on == domain.OthersSignedOut {
		reason = revlog.ReasonOthersSignedOut
	}
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(reason, revocation.Revocation{Kind: revocation.User, UserID: userID}),
		subjects: []string{codesOfUser(userID), tokensOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{
			{s.text.legacyRaiseCodesOfUser, []any{userID, legacyLimit}},
			{s.text.legacyRevokeUserTokens, []any{micros(usertoken.KeptPastTime), userID, legacyLimit}},
		},
	})
}

// RevokeMember revokes what a user's membership gave: the OAuth grants of that workspace, the user
// tokens that are limited to it, and the user's pending codes, since the workspace is not known yet
// when a consent page is shown. User tokens without a limit stay: their access follows the current
// memberships.
func (s *Store) RevokeMember(ctx context.Context, userID, workspaceID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonMemberRemoved, revocation.Revocation{Kind: revocation.Member, UserID: userID, WorkspaceID: workspaceID}),
		subjects: []string{memberOf(userID, workspaceID), codesOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{
			{s.text.legacyRaiseCodesOfUser, []any{userID, legacyLimit}},
			{s.text.legacyRevokeMember, []any{userID, workspaceID, legacyLimit}},
			{s.text.legacyRevokeMemberTokens, []any{micros(usertoken.KeptPastTime), userID, workspaceID, legacyLimit}},
		},
	})
}

// RevokeAuthenticationAppTokens revokes the user tokens that were issued through an authentication
// app.
func (s *Store) RevokeAuthenticationAppTokens(ctx context.Context, appID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonAppRevoked, revocation.Revocation{Kind: revocation.AuthenticationApp, ClientID: appID}),
		subjects: []string{tokensOfApp(appID)}, lockedMark: appID,
		legacySteps: []step{{s.text.legacyRevokeAppTokens, []any{micros(usertoken.KeptPastTime), appID, legacyLimit}}},
	})
}

// RevokeClientGrants revokes everything that was granted to a client: OAuth grants, pending codes,
// open consent pages.
func (s *Store) RevokeClientGrants(ctx context.Context, clientID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonClientEnded, revocation.Revocation{Kind: revocation.Client, ClientID: clientID}),
		subjects: []string{grantsOfClient(clientID)}, lockedMark: clientID,
		legacySteps: []step{{s.text.legacyRaisePairsOfClient, []any{clientID, legacyLimit}}, {s.text.legacyRevokeClient, []any{clientID, legacyLimit}}},
	})
}

// RevokeUserGrants revokes everything that a user granted: OAuth grants, pending codes, open
// consent pages. User tokens stay.
func (s *Store) RevokeUserGrants(ctx context.Context, userID string) error {
	return s.revokeSubjects(ctx, subjectRevocation{
		entry:    revlog.NewEntry(revlog.ReasonGrantsRevoked, revocation.Revocation{Kind: revocation.User, UserID: userID}),
		subjects: []string{grantsOfUser(userID)}, lockedMark: userID,
		legacySteps: []step{{s.text.legacyRaisePairsOfUser, []any{userID, legacyLimit}}, {s.text.legacyRevokeUser, []any{userID, legacyLimit}}},
	})
}

// EndConnection revokes every grant of a user-client, as the user decided: when it returns none of
// its tokens is live, and no token can be issued from an older consent.
func (s *Store) EndConnection(ctx context.Context, userID, clientID string) error {
	return s.revokeUserClient(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}, revlog.ReasonDisconnect)
}

// EndConnectionIn is EndConnection for one workspace. The user-client's grants in other workspaces
// stay; its pending codes are revoked, since the workspace is not known yet when a consent page is
// shown. The entry of the log makes caches evict what the user has in the workspace.
func (s *Store) EndConnectionIn(ctx context.Context, p oauth.UserClient, workspaceID string) error {
	return s.log.Revoke(ctx, "revoking a user-client in a workspace", func(tx *revlog.Tx) error {
		err := execAll(ctx, tx,
			step{s.text.lockPair, []any{p.UserID, p.ClientID}},
			step{s.text.legacyRevokeUserClientInWorkspace, []any{p.UserID, p.ClientID, workspaceID, legacyLimit}})
		if err != nil {
			return err
		}
		return s.revokeLockedUserClientInWorkspace(ctx, tx, userClientRevocation{p, workspaceID, revlog.ReasonDisconnect})
	})
}

// RevokeUserClientGrants is EndConnection as an operator decided.
func (s *Store) RevokeUserClientGrants(ctx context.Context, userID, clientID string) error {
	return s.revokeUserClient(ctx, oauth.UserClient{UserID: userID, ClientID: clientID}, revlog.ReasonGrantsRevoked)
}

func (s *Store) revokeUserClient(ctx context.Context, p oauth.UserClient, reason revlog.Reason) error {
	return s.log.Revoke(ctx, "revoking a user-client", func(tx *revlog.Tx) error {
		if _, err := tx.Exec(ctx, s.text.lockPair, p.UserID, p.ClientID); err != nil {
			return err
		}
		return s.revokeLockedUserClient(ctx, tx, p, reason)
	})
}

// revokeLockedUserClient revokes every grant of a user-client whose row is locked. Its new epoch is
// the cursor, which is larger than every earlier epoch. An operator who finds no live grant leaves no
// event; the epoch is raised all the same, for pending codes.
func (s *Store) revokeLockedUserClient(ctx context.Context, tx *revlog.Tx, p oauth.UserClient, reason revlog.Reason) error {
	workspaces, err := s.grantedWorkspaces(ctx, tx, p)
	if err != nil {
		return err
	}
	if len(workspaces) == 0 && reason != revlog.ReasonGrantsRevoked {
		workspaces = []string{""} // what the page of connected apps listed, or what was stolen
	}
	if err := execAll(ctx, tx, step{s.text.legacyRevokePair, []any{p.UserID, p.ClientID, legacyLimit}}); err != nil {
		return err
	}
	entry := revlog.NewEntry(reason, revocation.Revocation{Kind: revocation.UserClient, UserID: p.UserID, ClientID: p.ClientID})
	cursor, err := tx.AppendIn(ctx, entry, workspaces...)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, s.text.setPairEpoch, p.UserID, p.ClientID, cursor); err != nil {
		return err
	}
	return s.revokeBornBefore(ctx, tx, cursor, grantsOfPair(p.UserID, p.ClientID))
}

// LogWorkspaceChange appends an entry that makes caches evict a workspace. It revokes nothing.
func (s *Store) LogWorkspaceChange(ctx context.Context, workspaceID string) error {
	return s.log.Revoke(ctx, "logging a workspace's change", func(tx *revlog.Tx) error {
		_, err := tx.Append(ctx, revlog.NewEntry(revlog.ReasonPlanChanged, revocation.Revocation{Kind: revocation.Workspace, WorkspaceID: workspaceID}))
		return err
	})
}

// RecordRevocation writes the event of revocations that had none of their own (actor.Within).
func (s *Store) RecordRevocation(ctx context.Context, e domain.Event) error {
	event := outbox.Event{Kind: e.Kind, UserID: e.UserID, WorkspaceID: e.WorkspaceID, ClientID: e.ClientID, Object: e.Object}
	return s.log.Events().Change(ctx, event, outbox.Observed{}, func(*sqldb.Tx) error { return nil })
}
