package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// CreateUser adds a user and answers it as it is kept. account.ErrAddressTaken when another user has the address.
func (s *Store) CreateUser(ctx context.Context, r account.Record) (account.User, error) {
	insert := sqldb.Stmt(s.text.admin.createUser, r.ID, string(r.EmailAddress), r.FirstName, r.LastName, r.DisplayName,
		r.PasswordHash.Reveal()).Scan((*instant)(&r.CreatedAt))
	if err := s.db.Pipeline(ctx, insert); err != nil {
		return account.User{}, taken("adding a user", err, account.ErrAddressTaken)
	}
	return r.User, nil
}

// ListUsers reads users by address, from behind one.
func (s *Store) ListUsers(ctx context.Context, after account.Address, most int) ([]account.User, error) {
	return rowsOf(ctx, s, question{"listing users", s.text.admin.listUsers, []any{string(after), most}}, userDest)
}

// EnableUser lets a user in again. account.ErrUnknown when there is none.
func (s *Store) EnableUser(ctx context.Context, id string) error {
	return s.change(ctx, question{"enabling a user", s.text.admin.enable, []any{id}}, account.ErrUnknown)
}

// DisableUser keeps a user out and ends their browser sessions. account.ErrUnknown when there is none.
func (s *Store) DisableUser(ctx context.Context, id string) error {
	return s.change(ctx, question{"disabling a user", s.text.admin.disable, []any{id}}, account.ErrUnknown)
}

// SetPassword replaces a password's string and ends the user's browser sessions. account.ErrUnknown when there is none.
func (s *Store) SetPassword(ctx context.Context, id string, hash secret.String) error {
	return s.change(ctx, question{"setting a password", s.text.admin.setPassword, []any{id, hash.Reveal()}}, account.ErrUnknown)
}

// ReplacePasswordHash puts another string in the place of a password's, if it still is the one that was read. Sessions go on.
func (s *Store) ReplacePasswordHash(ctx context.Context, userID string, before, after secret.String) error {
	if _, err := s.db.Exec(ctx, s.text.replaceHash, userID, before.Reveal(), after.Reveal()); err != nil {
		return fmt.Errorf("replacing a password's hash: %w", err)
	}
	return nil
}

// EarlierAddresses reads users whose address was stored under earlier rules, by identifier, at most so many, from behind one.
func (s *Store) EarlierAddresses(ctx context.Context, afterID string, most int) ([]account.User, error) {
	return rowsOf(ctx, s, question{"listing addresses of earlier rules", s.text.earlierAddresses, []any{afterID, most}}, userDest)
}

// Respell gives a user's address another form, if it still is what it was. account.ErrAddressTaken when another user has it.
func (s *Store) Respell(ctx context.Context, userID string, before, after account.Address) error {
	if _, err := s.db.Exec(ctx, s.text.respell, userID, string(before), string(after)); err != nil {
		return taken("respelling an address", err, account.ErrAddressTaken)
	}
	return nil
}

// CreateWorkspace adds a workspace. account.ErrWorkspaceTaken when the identifier is taken.
func (s *Store) CreateWorkspace(ctx context.Context, w account.Workspace) error {
	if _, err := s.db.Exec(ctx, s.text.admin.createWorkspace, w.ID, w.Name, w.Plan); err != nil {
		return taken("adding a workspace", err, account.ErrWorkspaceTaken)
	}
	return nil
}

// ListWorkspaces reads workspaces by name, from behind one.
func (s *Store) ListWorkspaces(ctx context.Context, after account.Workspace, most int) ([]account.Workspace, error) {
	return rowsOf(ctx, s, question{
		"listing workspaces", s.text.admin.listWorkspaces, []any{lowerASCII(after.Name), after.Name, after.ID, most},
	}, workspaceDest)
}

// SetPlan gives a workspace another plan. account.ErrUnknownWorkspace when there is none.
func (s *Store) SetPlan(ctx context.Context, workspaceID, plan string) error {
	return s.change(ctx, question{"setting a plan", s.text.admin.setPlan, []any{workspaceID, plan}}, account.ErrUnknownWorkspace)
}

// AddMember makes a user a member, or gives a member another role. account.ErrUnknownUserOrWorkspace when
// either does not exist.
func (s *Store) AddMember(ctx context.Context, userID, workspaceID string, role account.Role) error {
	return s.change(ctx, question{
		"adding a member", s.text.admin.addMember, []any{userID, workspaceID, string(role)},
	}, account.ErrUnknownUserOrWorkspace)
}

// RemoveMember ends a membership. account.ErrNotMember when there is none.
func (s *Store) RemoveMember(ctx context.Context, userID, workspaceID string) error {
	return s.change(ctx, question{"removing a member", s.text.admin.removeMember, []any{userID, workspaceID}}, account.ErrNotMember)
}

// ListMembers reads a workspace's members by address. account.ErrUnknownWorkspace when there is no such workspace.
func (s *Store) ListMembers(ctx context.Context, workspaceID string) ([]account.WorkspaceMember, error) {
	list, err := rowsOf(ctx, s, question{"listing members", s.text.admin.members, []any{workspaceID}}, memberDest)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, account.ErrUnknownWorkspace
	case list[0].User.ID == "":
		return nil, nil
	}
	return list, nil
}

// AllWorkspaces lists a user's memberships by name, also those of a disabled user.
func (s *Store) AllWorkspaces(ctx context.Context, userID string) ([]account.Membership, error) {
	return rowsOf(ctx, s, question{"listing workspaces", s.text.admin.allWorkspaces, []any{userID}}, membershipDest)
}

func memberDest(m *account.WorkspaceMember) []any {
	return append(userDest(&m.User), (*string)(&m.Role))
}

// change runs a statement that changes one row, or none, which has a meaning.
func (s *Store) change(ctx context.Context, q question, none error) error {
	n, err := s.db.Exec(ctx, q.text, q.args...)
	if err != nil {
		return fmt.Errorf("%s: %w", q.doing, err)
	}
	if n == 0 {
		return none
	}
	return nil
}

// taken gives a broken uniqueness its meaning, and every other failure a place.
func taken(doing string, err, meaning error) error {
	if errors.Is(err, sqldb.ErrConflict) {
		return meaning
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// lowerASCII is what lower does on both engines.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
