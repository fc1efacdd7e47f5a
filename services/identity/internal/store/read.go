package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// FindRecord reads the user of an address, with the password's string. account.ErrUnknown when there is none.
func (s *Store) FindRecord(ctx context.Context, address account.Spelling) (account.Record, error) {
	var found account.Record
	var hash string
	err := s.db.QueryRow(ctx, s.text.findRecord, string(address.Canonical), string(address.Earlier)).Scan(append(userDest(&found.User), &hash)...)
	if err != nil {
		return account.Record{}, missing("reading a user by address", err, account.ErrUnknown)
	}
	found.PasswordHash = secret.New(hash)
	return found, nil
}

// FindUser reads a user. account.ErrUnknown when there is none.
func (s *Store) FindUser(ctx context.Context, id string) (account.User, error) {
	var found account.User
	if err := s.db.QueryRow(ctx, s.text.findUser, id).Scan(userDest(&found)...); err != nil {
		return account.User{}, missing("reading a user", err, account.ErrUnknown)
	}
	return found, nil
}

// Workspaces lists an enabled user's memberships by the workspace's name, upper and lower case (of ASCII) alike.
func (s *Store) Workspaces(ctx context.Context, userID string) ([]account.Membership, error) {
	return rowsOf(ctx, s, question{"listing workspaces", s.text.workspaces, []any{userID}}, membershipDest)
}

// Membership reads one membership of an enabled user. account.ErrNotMember when there is none.
func (s *Store) Membership(ctx context.Context, userID, workspaceID string) (account.Membership, error) {
	var found account.Membership
	err := s.db.QueryRow(ctx, s.text.membership, userID, workspaceID).Scan(membershipDest(&found)...)
	if err != nil {
		return account.Membership{}, missing("reading a membership", err, account.ErrNotMember)
	}
	return found, nil
}

// missing gives the absence of a row its meaning, and every other failure a place.
func missing(doing string, err, meaning error) error {
	if errors.Is(err, sqldb.ErrNotFound) {
		return meaning
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func userDest(u *account.User) []any {
	return []any{
		&u.ID, (*string)(&u.EmailAddress), &u.FirstName, &u.LastName, &u.DisplayName, &u.Disabled, (*instant)(&u.CreatedAt),
		&u.SessionEpoch,
	}
}

func membershipDest(m *account.Membership) []any {
	return []any{&m.UserID, &m.Workspace.ID, &m.Workspace.Name, &m.Workspace.Plan, (*string)(&m.Role)}
}
