package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
)

// CreateUser adds a user and returns it as stored, or account.ErrAddressTaken.
func (s *Store) CreateUser(ctx context.Context, r account.Record) (account.User, error) {
	insert := sqldb.Stmt(s.text.createUser, r.ID, string(r.EmailAddress), r.FirstName, r.LastName, r.DisplayName,
		r.PasswordHash.Reveal()).Scan(sqldb.Time(&r.CreatedAt))
	err := s.events.Change(ctx, userEvent("user.created", r.ID), userObject(r.ID), func(tx *sqldb.Tx) error { return tx.Run(ctx, insert) })
	if err != nil {
		return account.User{}, onConflict("adding a user", err, account.ErrAddressTaken)
	}
	return r.User, nil
}

// ListUsers returns at most limit users after the given address, by address.
func (s *Store) ListUsers(ctx context.Context, after account.Address, limit int) ([]account.User, error) {
	return rowsOf(ctx, s, sqldb.Read("listing users", s.text.listUsers, string(after), limit), userDest)
}

// EnableUser enables a user. It returns account.ErrUnknown if there is none.
func (s *Store) EnableUser(ctx context.Context, id string) error {
	return s.change(ctx, change{
		"enabling a user", s.text.enableUser, []any{id}, account.ErrUnknown, userEvent("user.enabled", id).IfChanged(), userObject(id),
	})
}

// DisableUser disables a user and invalidates their browser sessions. It returns account.ErrUnknown
// if there is none.
func (s *Store) DisableUser(ctx context.Context, id string) error {
	return s.change(ctx, change{
		"disabling a user", s.text.disableUser, []any{id}, account.ErrUnknown, userEvent("user.disabled", id).IfChanged(), userObject(id),
	})
}

// SetPassword replaces a password hash, invalidates the user's browser sessions and records the
// event. It returns account.ErrUnknown if there is none.
func (s *Store) SetPassword(ctx context.Context, id string, hash secret.String) error {
	set := sqldb.Stmt(s.text.setPassword, id, hash.Reveal())
	err := s.events.Change(ctx, userEvent("user.password_set", id), outbox.Observed{}, func(tx *sqldb.Tx) error {
		err := tx.Run(ctx, set, sqldb.Stmt(s.text.addEvent, id, int64(accountevent.PasswordSet), "", ""))
		if err == nil && set.RowsAffected() == 0 {
			return account.ErrUnknown
		}
		return err
	})
	if err != nil && !errors.Is(err, account.ErrUnknown) {
		return fmt.Errorf("setting a password: %w", err)
	}
	return err
}

// ReplacePasswordHash replaces a password hash if it is still the one that was read. Sessions stay
// valid.
func (s *Store) ReplacePasswordHash(ctx context.Context, userID string, before, after secret.String) error {
	_, err := s.db.Exec(ctx, s.text.replaceHash, userID, before.Reveal(), after.Reveal())
	return sqldb.Wrap("replacing a password's hash", err)
}

// EarlierAddresses returns at most limit users after the given one, by identifier, whose address is
// stored under earlier rules.
func (s *Store) EarlierAddresses(ctx context.Context, afterID string, limit int) ([]account.User, error) {
	return rowsOf(ctx, s, sqldb.Read("listing addresses of earlier rules", s.text.earlierAddresses, afterID, limit), userDest)
}

// Respell replaces a user's address by another form, if it is unchanged. It returns
// account.ErrAddressTaken.
func (s *Store) Respell(ctx context.Context, userID string, before, after account.Address) error {
	if _, err := s.db.Exec(ctx, s.text.respell, userID, string(before), string(after)); err != nil {
		return onConflict("respelling an address", err, account.ErrAddressTaken)
	}
	return nil
}

// RecordUnlock records that an operator reset a user's failed attempts, which are not in the
// database.
func (s *Store) RecordUnlock(ctx context.Context, userID string) error {
	unlocked := func(*sqldb.Tx) error { return nil }
	return sqldb.Wrap("recording an unlocked user", s.events.Change(ctx, userEvent("user.unlocked", userID), outbox.Observed{}, unlocked))
}

// CreateWorkspace adds a workspace. It returns account.ErrWorkspaceTaken.
func (s *Store) CreateWorkspace(ctx context.Context, w account.Workspace) error {
	created := outbox.Event{Kind: "workspace.created", WorkspaceID: w.ID}
	err := s.events.Change(ctx, created, workspaceObject(w.ID), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, s.text.createWorkspace, w.ID, w.Name, w.Plan)
		return err
	})
	if err != nil {
		return onConflict("adding a workspace", err, account.ErrWorkspaceTaken)
	}
	return nil
}

// ListAllWorkspaces returns at most limit workspaces after the given one, by name.
func (s *Store) ListAllWorkspaces(ctx context.Context, after account.Workspace, limit int) ([]account.Workspace, error) {
	return rowsOf(ctx, s, sqldb.Read("listing workspaces", s.text.listAllWorkspaces, lowerASCII(after.Name), after.Name, after.ID, limit), workspaceDest)
}

// SetWorkspacePlan changes a workspace's plan. It returns account.ErrUnknownWorkspace if there is
// none.
func (s *Store) SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error {
	return s.change(ctx, change{
		"setting a plan", s.text.setPlan,
		[]any{workspaceID, plan},
		account.ErrUnknownWorkspace,
		outbox.Event{Kind: "workspace.plan_set", WorkspaceID: workspaceID}.IfChanged(),
		workspaceObject(workspaceID),
	})
}

// AddMember adds a member, or changes a member's role. It returns account.ErrUnknownUserOrWorkspace
// if either does not exist.
func (s *Store) AddMember(ctx context.Context, userID, workspaceID string, role oauth.Role) error {
	return s.change(ctx, change{
		"adding a member", s.text.addMember,
		[]any{userID, workspaceID, string(role)},
		account.ErrUnknownUserOrWorkspace,
		outbox.Event{Kind: "member.added", UserID: userID, WorkspaceID: workspaceID}.IfChanged().IfExisted("member.role_changed"),
		memberObject(userID, workspaceID),
	})
}

// RemoveMember removes a member. It returns account.ErrNotMember if there is none.
func (s *Store) RemoveMember(ctx context.Context, userID, workspaceID string) error {
	return s.change(ctx, change{
		"removing a member", s.text.removeMember,
		[]any{userID, workspaceID},
		account.ErrNotMember,
		outbox.Event{Kind: "member.removed", UserID: userID, WorkspaceID: workspaceID},
		memberObject(userID, workspaceID),
	})
}

// ListMembers is PageOfMembers for a workspace that may not exist: it returns account.ErrUnknownWorkspace.
func (s *Store) ListMembers(ctx context.Context, workspaceID string, after account.Address, limit int) ([]account.WorkspaceMember, error) {
	list, err := s.PageOfMembers(ctx, workspaceID, after, limit)
	if err != nil || len(list) > 0 {
		return list, err
	}
	found, err := s.BatchGetWorkspaces(ctx, []string{workspaceID})
	if err == nil && len(found) == 0 {
		err = account.ErrUnknownWorkspace
	}
	return nil, err
}

// PageOfMembers returns at most limit members of a workspace after an address, by address.
func (s *Store) PageOfMembers(ctx context.Context, workspaceID string, after account.Address, limit int) ([]account.WorkspaceMember, error) {
	return rowsOf(ctx, s, sqldb.Read("listing members", s.text.pageOfMembers, workspaceID, string(after), limit), memberDest)
}

// ListMemberships returns a user's memberships by name, also those of a disabled user.
func (s *Store) ListMemberships(ctx context.Context, userID string) ([]account.Membership, error) {
	return rowsOf(ctx, s, sqldb.Read("listing workspaces", s.text.listMemberships, userID), membershipDest)
}

func memberDest(m *account.WorkspaceMember) []any {
	return append(userDest(&m.User), (*string)(&m.Role))
}

// onConflict returns meaning for a conflict, and wraps every other error.
func onConflict(doing string, err, meaning error) error {
	if errors.Is(err, sqldb.ErrConflict) {
		return meaning
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// lowerASCII maps like lower in both engines.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
