package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// SeedApp adds an authentication app with its secret unless it exists.
func (s *Store) SeedApp(ctx context.Context, app authapp.App, current secret.Record) error {
	err := s.db.Pipeline(ctx, sqldb.Stmt(s.text.seedApp, app.ID, app.Name),
		sqldb.Stmt(s.text.seedAppSecret, app.ID, current.Hash.Bytes(), current.LastFour))
	return sqldb.Wrap("seeding an authentication app", err)
}

// Seed adds users and memberships that are missing, in one round trip: all or none. Existing ones
// stay unchanged.
func (s *Store) Seed(ctx context.Context, directory account.Directory) error {
	var steps []*sqldb.Statement
	for _, u := range directory.Users {
		steps = append(steps, sqldb.Stmt(s.text.seedUser, u.ID, string(u.EmailAddress), u.FirstName, u.LastName, u.DisplayName,
			u.Disabled, u.PasswordHash.Reveal()))
	}
	for _, m := range directory.Memberships {
		steps = append(steps,
			sqldb.Stmt(s.text.seedWorkspace, m.Workspace.ID, m.Workspace.Name, m.Workspace.Plan),
			sqldb.Stmt(s.text.seedMembership, m.UserID, m.Workspace.ID, string(m.Role)))
	}
	return sqldb.Wrap("seeding users", s.db.Pipeline(ctx, steps...))
}
