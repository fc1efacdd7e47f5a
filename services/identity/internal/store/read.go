package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// FindRecord returns the user of an address with the password hash, or account.ErrUnknown.
func (s *Store) FindRecord(ctx context.Context, address account.Spelling) (account.Record, error) {
	var found account.Record
	var hash string
	err := s.db.QueryRow(ctx, s.text.findRecord, string(address.Canonical), string(address.Earlier)).Scan(append(userDest(&found.User), &hash)...)
	if err != nil {
		return account.Record{}, sqldb.Wrap("reading a user by address", sqldb.NotFoundAs(account.ErrUnknown, err))
	}
	found.PasswordHash = secret.New(hash)
	return found, nil
}

// FindUser returns a user, or account.ErrUnknown.
func (s *Store) FindUser(ctx context.Context, id string) (account.User, error) {
	var found account.User
	if err := s.db.QueryRow(ctx, s.text.findUser, id).Scan(userDest(&found)...); err != nil {
		return account.User{}, sqldb.Wrap("reading a user", sqldb.NotFoundAs(account.ErrUnknown, err))
	}
	return found, nil
}

// ListWorkspaces returns an enabled user's memberships by the workspace's name, ignoring the case
// of ASCII letters.
func (s *Store) ListWorkspaces(ctx context.Context, userID string) ([]account.Membership, error) {
	return rowsOf(ctx, s, sqldb.Read("listing workspaces", s.text.workspaces, userID), membershipDest)
}

// GetMembership returns one membership of an enabled user, or account.ErrNotMember.
func (s *Store) GetMembership(ctx context.Context, userID, workspaceID string) (account.Membership, error) {
	var found account.Membership
	err := s.db.QueryRow(ctx, s.text.membership, userID, workspaceID).Scan(membershipDest(&found)...)
	if err != nil {
		return account.Membership{}, sqldb.Wrap("reading a membership", sqldb.NotFoundAs(account.ErrNotMember, err))
	}
	return found, nil
}

func userDest(u *account.User) []any {
	return []any{
		&u.ID, (*string)(&u.EmailAddress), &u.FirstName, &u.LastName, &u.DisplayName, &u.Disabled, sqldb.Time(&u.CreatedAt),
		&u.SessionEpoch, &u.Language, &u.TimeZone,
	}
}

func membershipDest(m *account.Membership) []any {
	return []any{&m.UserID, &m.Workspace.ID, &m.Workspace.Name, &m.Workspace.Plan, (*string)(&m.Role)}
}
