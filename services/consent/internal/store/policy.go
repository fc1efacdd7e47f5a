package store

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/workspaceapp"
)

// requestRetention is how long a request of a member is kept.
const requestRetention = 365 * 24 * time.Hour

func scanText(row sqldb.Row, text *string) error { return row.Scan(text) }

// Policies returns the policies of workspaces that have set one.
func (s *Store) Policies(ctx context.Context, workspaceIDs []string) (map[string]policy.Policy, error) {
	found := map[string]policy.Policy{}
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading policies", s.policies.policies, s.db.Texts(workspaceIDs)), func(row sqldb.Row) error {
		var id string
		var rule policy.Rule
		var clientID *string
		if err := row.Scan(&id, &rule, &clientID); err != nil {
			return err
		}
		p, ok := found[id]
		if !ok {
			p = policy.Policy{Rule: rule, Clients: map[string]bool{}}
			found[id] = p
		}
		if clientID != nil {
			p.Clients[*clientID] = true
		}
		return nil
	})
	return found, err
}

// Setting returns the policy of a workspace as it was set.
func (s *Store) Setting(ctx context.Context, workspaceID string) (policy.Setting, error) {
	var p policy.Setting
	err := s.db.QueryRow(ctx, s.policies.setting, workspaceID).Scan(&p.Rule, &p.By.UserID, &p.By.Name, sqldb.Time(&p.At), &p.Waiting)
	return p, sqldb.Wrap("reading a policy", err)
}

// lock locks the policy and the approvals of a workspace, or the requests of one of its members, until the
// transaction ends. Later statements of it see the rows of transactions that this one waited for.
func (s *Store) lock(ctx context.Context, tx *sqldb.Tx, workspaceID, userID string) error {
	_, err := tx.Exec(ctx, s.policies.lock, workspaceID, userID)
	return err
}

// SetRule sets the rule of a workspace. It changes nothing where this rule was set already.
func (s *Store) SetRule(ctx context.Context, workspaceID string, rule policy.Rule, by oauth.NamedUser) error {
	return s.inTx(ctx, "setting a policy", func(tx *sqldb.Tx) error {
		if err := s.lock(ctx, tx, workspaceID, ""); err != nil {
			return err
		}
		var before policy.Setting
		var at *int64
		if err := tx.QueryRow(ctx, s.policies.setting, workspaceID).Scan(&before.Rule, &before.By.UserID, &before.By.Name, &at, &before.Waiting); err != nil {
			return err
		}
		if at != nil && before.Rule == rule {
			return nil
		}
		if _, err := tx.Exec(ctx, s.policies.setRule, workspaceID, int64(rule), by.UserID, by.Name); err != nil {
			return err
		}
		if before.Rule == rule { // that of a workspace without one
			return nil
		}
		return s.events.Append(ctx, tx, outbox.Event{
			Kind: "workspace.app_policy_set", Actor: actor.OfAdministrator(by.UserID), WorkspaceID: workspaceID,
			Changes: []outbox.Change{{Field: "app_policy", Before: ruleName(before.Rule), After: ruleName(rule)}},
		})
	})
}

// ruleName returns the name of a rule in events.
func ruleName(r policy.Rule) string {
	switch r {
	case policy.Anyone:
		return "anyone"
	case policy.Approved:
		return "approved"
	case policy.None:
		return "nobody"
	}
	return ""
}

// ApprovedClients lists the approved clients of a workspace.
func (s *Store) ApprovedClients(ctx context.Context, workspaceID string) ([]policy.Approval, error) {
	read := sqldb.Read("listing approved clients", s.policies.approvals, workspaceID)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, a *policy.Approval) error {
		return row.Scan(&a.ClientID, &a.By.UserID, &a.By.Name, sqldb.Time(&a.At))
	})
}

// ApprovedAmong returns which of the clients are approved in a workspace.
func (s *Store) ApprovedAmong(ctx context.Context, workspaceID string, clientIDs []string) (map[string]bool, error) {
	read := sqldb.Read("reading approved clients", s.policies.approvedAmong, workspaceID, s.db.Texts(clientIDs))
	list, err := sqldb.List(ctx, s.db, read, scanText)
	approved := make(map[string]bool, len(list))
	for _, id := range list {
		approved[id] = true
	}
	return approved, err
}

// Now returns the database's time.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now int64
	err := s.db.QueryRow(ctx, s.policies.now).Scan(&now)
	return time.UnixMicro(now).UTC(), sqldb.Wrap("reading the time", err)
}

// Approvers returns the users of the oldest approvals, each once; of at most limit approvals.
func (s *Store) Approvers(ctx context.Context, of workspaceapp.Approvals, limit int) ([]string, error) {
	read := sqldb.Read("listing approvals", s.policies.approvers, of.WorkspaceID, of.ClientID, of.Before.UnixMicro(), limit)
	users, err := sqldb.List(ctx, s.db, read, scanText)
	slices.Sort(users)
	return slices.Compact(users), err
}

// EndApprovals deletes the approvals of some users.
func (s *Store) EndApprovals(ctx context.Context, of workspaceapp.Approvals, userIDs []string) error {
	_, err := s.db.Exec(ctx, s.policies.endApprovals, of.WorkspaceID, of.ClientID, of.Before.UnixMicro(), s.db.Texts(userIDs))
	return sqldb.Wrap("ending approvals", err)
}

// Approve approves a client, and the requests that wait for it.
func (s *Store) Approve(ctx context.Context, workspaceID, clientID string, by oauth.NamedUser) error {
	return s.inTx(ctx, "approving a client", func(tx *sqldb.Tx) error {
		if err := s.lock(ctx, tx, workspaceID, ""); err != nil {
			return err
		}
		approved, err := s.approve(ctx, tx, workspaceID, clientID, by)
		if err != nil {
			return err
		}
		decided, err := tx.Exec(ctx, s.policies.decide, workspaceID, clientID, int64(policy.Granted), "", by.UserID, by.Name)
		if err != nil || !approved && decided == 0 {
			return err
		}
		return s.events.Append(ctx, tx, approvalEvent("workspace.app_approved", workspaceID, clientID, by))
	})
}

// approvalEvent is the event of a change of a client's approval.
func approvalEvent(kind, workspaceID, clientID string, by oauth.NamedUser) outbox.Event {
	change := outbox.Change{Field: "approval", After: strings.TrimPrefix(kind, "workspace.app_")}
	if change.After == "withdrawn" {
		change.Before = "approved"
	}
	return outbox.Event{
		Kind: kind, Actor: actor.OfAdministrator(by.UserID), WorkspaceID: workspaceID, ClientID: clientID, Changes: []outbox.Change{change},
	}
}

// approve approves a client, and returns false where it was approved already. policy.ErrFull. The policy of
// the workspace is locked.
func (s *Store) approve(ctx context.Context, tx *sqldb.Tx, workspaceID, clientID string, by oauth.NamedUser) (bool, error) {
	n, err := tx.Exec(ctx, s.policies.approve, workspaceID, clientID, by.UserID, by.Name)
	if err != nil || n == 0 {
		return false, err
	}
	var full bool
	if err := tx.QueryRow(ctx, s.policies.full, workspaceID, policy.MaxApproved).Scan(&full); err != nil {
		return false, err
	}
	if full {
		return false, policy.ErrFull
	}
	return true, nil
}

func (s *Store) inTx(ctx context.Context, doing string, work func(*sqldb.Tx) error) error {
	return sqldb.Wrap(doing, s.db.InTx(ctx, work))
}

// Withdraw withdraws the approval of a client.
func (s *Store) Withdraw(ctx context.Context, workspaceID, clientID string, by oauth.NamedUser) error {
	return s.inTx(ctx, "withdrawing an approval", func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, s.policies.withdraw, workspaceID, clientID)
		if err != nil || n == 0 {
			return err
		}
		return s.events.Append(ctx, tx, approvalEvent("workspace.app_withdrawn", workspaceID, clientID, by))
	})
}

// Requests lists requests of a workspace, the newest first.
func (s *Store) Requests(ctx context.Context, q policy.Query) ([]policy.Request, error) {
	before, text := int64(math.MaxInt64), s.policies.requests
	if !q.After.At.IsZero() {
		before = q.After.At.UnixMicro()
	}
	if q.WaitingOnly {
		text = s.policies.waiting
	}
	read := sqldb.Read("listing requests for clients", text, q.WorkspaceID, before, q.After.ClientID, q.After.User.UserID, q.Limit)
	return sqldb.List(ctx, s.db, read, scanRequest)
}

// RequestsOf returns the requests of a user for a client, in all workspaces.
func (s *Store) RequestsOf(ctx context.Context, userID, clientID string) ([]policy.Request, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("reading a user's requests for a client", s.policies.requestsOf, userID, clientID), scanRequest)
}

func scanRequest(row sqldb.Row, r *policy.Request) error {
	return row.Scan(&r.WorkspaceID, &r.ClientID, &r.User.UserID, &r.User.Name, &r.Reason, sqldb.Time(&r.At), &r.State, &r.Answer,
		&r.By.UserID, &r.By.Name, sqldb.Time(&r.DecidedAt))
}

// Ask stores a request that waits.
func (s *Store) Ask(ctx context.Context, r policy.Request) error {
	return s.inTx(ctx, "storing a request for a client", func(tx *sqldb.Tx) error {
		if err := s.lock(ctx, tx, r.WorkspaceID, r.User.UserID); err != nil {
			return err
		}
		waits, err := tx.Exec(ctx, s.policies.lockWaiting, r.WorkspaceID, r.ClientID, r.User.UserID, r.Reason)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, s.policies.ask, r.WorkspaceID, r.ClientID, r.User.UserID, r.User.Name, r.Reason, policy.MaxWaiting)
		if err != nil {
			return err
		}
		switch {
		case n == 0:
			return policy.ErrFull
		case waits > 0: // the same request, sent again
			return nil
		}
		return s.events.Append(ctx, tx, approvalEvent("workspace.app_requested", r.WorkspaceID, r.ClientID, r.User))
	})
}

// Decide decides the waiting requests for a client.
func (s *Store) Decide(ctx context.Context, d policy.Decision) error {
	return s.inTx(ctx, "deciding a request for a client", func(tx *sqldb.Tx) error {
		if err := s.lock(ctx, tx, d.WorkspaceID, ""); err != nil { // before the requests, as Approve does
			return err
		}
		state := policy.Declined
		if d.Approve {
			state = policy.Granted
		}
		n, err := tx.Exec(ctx, s.policies.decide, d.WorkspaceID, d.ClientID, int64(state), d.Answer, d.By.UserID, d.By.Name)
		if err != nil {
			return err
		}
		if n == 0 {
			return policy.ErrNoRequest
		}
		if !d.Approve {
			return s.events.Append(ctx, tx, approvalEvent("workspace.app_refused", d.WorkspaceID, d.ClientID, d.By))
		}
		if _, err := s.approve(ctx, tx, d.WorkspaceID, d.ClientID, d.By); err != nil {
			return err
		}
		return s.events.Append(ctx, tx, approvalEvent("workspace.app_approved", d.WorkspaceID, d.ClientID, d.By))
	})
}
