package main

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// email returns the e-mail address of a caller's user.
func email(i int) string { return fmt.Sprintf("caller%d@example.com", i) }

// addUsers adds a user for each caller, with the password of the documents' John: with one user and
// one client a load would measure the wait for one row's lock.
func addUsers(ctx context.Context, database string, n int) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(database), MaxConns: 1})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for i := range n {
		id := fmt.Sprintf("usr_caller%d", i)
		_, err := db.Exec(ctx, `
INSERT INTO users (id, email_address, first_name, last_name, display_name, password_hash, disabled, created_at)
SELECT $1, $2, first_name, last_name, display_name, password_hash, disabled, created_at FROM users WHERE id = 'usr_john'`, id, email(i))
		if err != nil {
			return fmt.Errorf("adding a user: %w", err)
		}
		_, err = db.Exec(ctx, `
INSERT INTO memberships (user_id, workspace_id, role, created_at)
SELECT $1, workspace_id, role, created_at FROM memberships WHERE user_id = 'usr_john'`, id)
		if err != nil {
			return fmt.Errorf("adding a user's workspaces: %w", err)
		}
	}
	return nil
}
