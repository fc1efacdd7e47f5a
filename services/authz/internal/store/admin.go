package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// FindClient reads an app with its redirect URIs and its valid secrets. client.ErrUnknown when there is none.
func (s *Store) FindClient(ctx context.Context, id string) (registry.App, error) {
	found, err := s.Find(ctx, id)
	if err != nil {
		return registry.App{}, err
	}
	app := registry.App{Registration: found}
	var created int64
	if err := s.db.QueryRow(ctx, s.text.created, id).Scan(&created); err != nil {
		return registry.App{}, fmt.Errorf("reading a client: %w", err)
	}
	app.CreatedAt = moment(created)
	app.Secrets, err = s.secrets(ctx, id)
	return app, err
}

func (s *Store) secrets(ctx context.Context, id string) ([]registry.Secret, error) {
	rows, err := s.db.Query(ctx, s.text.secrets, id)
	if err != nil {
		return nil, fmt.Errorf("listing secrets: %w", err)
	}
	defer rows.Close()
	var list []registry.Secret
	for rows.Next() {
		var one registry.Secret
		var created int64
		var expires *int64
		if err := rows.Scan(&one.LastFour, &created, &expires); err != nil {
			return nil, fmt.Errorf("listing secrets: %w", err)
		}
		one.CreatedAt = moment(created)
		if expires != nil {
			one.ExpiresAt = moment(*expires)
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing secrets: %w", err)
	}
	return list, nil
}

// ListClients reads apps by name and identifier, at most so many, from behind one.
func (s *Store) ListClients(ctx context.Context, afterName, afterID string, most int) ([]registry.App, error) {
	rows, err := s.db.Query(ctx, s.text.apps, afterName, afterID, most)
	if err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	defer rows.Close()
	var list []registry.App
	for rows.Next() {
		var app registry.App
		var scope string
		var created int64
		if err := scanClient(rows, &app.Client, &scope, &created); err != nil {
			return nil, fmt.Errorf("listing clients: %w", err)
		}
		app.Scope, app.CreatedAt = names(scope), moment(created)
		list = append(list, app)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list, nil
}

// UpdateClient changes what is not zero, in one transaction. client.ErrUnknown when there is no such app.
func (s *Store) UpdateClient(ctx context.Context, c registry.Change) error {
	var one int
	app := sqldb.Stmt(s.text.lockAny, c.ClientID).Scan(&one)
	steps := []*sqldb.Statement{
		app, sqldb.Stmt(s.text.update, c.ClientID, c.Name, c.Scope.String(), strings.Join(c.GrantTypes, " "), c.ResourceServer),
	}
	if len(c.RedirectURIs) > 0 {
		steps = append(steps, sqldb.Stmt(s.text.deleteURIs, c.ClientID))
		steps = append(steps, s.uriRows(c.ClientID, c.RedirectURIs)...)
	}
	if err := s.db.Pipeline(ctx, steps...); err != nil {
		return fmt.Errorf("changing a client: %w", err)
	}
	if !app.Found() {
		return client.ErrUnknown
	}
	return nil
}

func moment(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
