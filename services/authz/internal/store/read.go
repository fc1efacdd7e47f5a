package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Find reads one app with its redirect URIs, in one statement. client.ErrUnknown when there is none.
func (s *Store) Find(ctx context.Context, id string) (client.Registration, error) {
	var found client.Registration
	rows, err := s.db.Query(ctx, s.text.find, id)
	if err != nil {
		return found, fmt.Errorf("reading a client: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var scope string
		var uri *string
		if err := scanClient(rows, &found.Client, &scope, &uri); err != nil {
			return client.Registration{}, fmt.Errorf("reading a client: %w", err)
		}
		found.Scope = names(scope)
		if uri != nil {
			found.RedirectURIs = append(found.RedirectURIs, *uri)
		}
	}
	if err := rows.Err(); err != nil {
		return client.Registration{}, fmt.Errorf("reading a client: %w", err)
	}
	if found.ID == "" {
		return client.Registration{}, client.ErrUnknown
	}
	return found, nil
}

// Credentials reads both apps, which may be the same, with the hashes of their secrets, valid and expired, in one statement. Unknown
// ones are left out.
func (s *Store) Credentials(ctx context.Context, first, second string) ([]client.Record, error) {
	if s.gathered != nil {
		records, _, err := s.gathered.Get(ctx, asked{first, second})
		return records, err
	}
	return s.credentials(ctx, s.text.credentials, first, second)
}

// credentialsOfMany is Credentials for those who ask at the same time.
func (s *Store) credentialsOfMany(ctx context.Context, many []asked) (map[asked][]client.Record, error) {
	var ids []string
	for _, a := range many {
		ids = append(ids, a.first, a.second)
	}
	slices.Sort(ids)
	records, err := s.credentials(ctx, s.text.credentialsOfMany, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	found := make(map[asked][]client.Record, len(many))
	for _, a := range many {
		for _, r := range records {
			if r.ID == a.first || r.ID == a.second {
				found[a] = append(found[a], r)
			}
		}
	}
	return found, nil
}

func (s *Store) credentials(ctx context.Context, text string, args ...any) ([]client.Record, error) {
	rows, err := s.db.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	defer rows.Close()
	var records []client.Record
	for rows.Next() {
		var app client.Client
		var hash []byte
		var expired bool
		if err := scanClient(rows, &app, &hash, &expired); err != nil {
			return nil, fmt.Errorf("reading credentials: %w", err)
		}
		if n := len(records); n == 0 || records[n-1].ID != app.ID {
			records = append(records, client.Record{Client: app})
		}
		if err := addSecret(&records[len(records)-1], hash, expired); err != nil {
			return nil, fmt.Errorf("reading credentials: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	return records, nil
}

// addSecret takes the hash of a joined row; an app without a secret has none.
func addSecret(r *client.Record, stored []byte, expired bool) error {
	if stored == nil {
		return nil
	}
	hash, err := secret.HashFromBytes(stored)
	if err != nil {
		return err
	}
	if expired {
		r.Expired = append(r.Expired, hash)
		return nil
	}
	r.Secrets = append(r.Secrets, hash)
	return nil
}

// List reads the apps of the identifiers, in no particular order. Unknown ones are left out.
func (s *Store) List(ctx context.Context, ids []string) ([]client.Client, error) {
	var list []client.Client
	for some := range slices.Chunk(ids, batch) {
		args := make([]any, batch)
		for i := range args {
			args[i] = some[min(i, len(some)-1)] // the text has a fixed number of places
		}
		found, err := s.listBatch(ctx, args)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

func (s *Store) listBatch(ctx context.Context, ids []any) ([]client.Client, error) {
	rows, err := s.db.Query(ctx, s.text.list, ids...)
	if err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	defer rows.Close()
	var list []client.Client
	for rows.Next() {
		var app client.Client
		if err := scanClient(rows, &app); err != nil {
			return nil, fmt.Errorf("listing clients: %w", err)
		}
		list = append(list, app)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list, nil
}

// scanClient reads the columns of statements.go and what a statement has behind them.
func scanClient(rows sqldb.Rows, app *client.Client, more ...any) error {
	var kind, grants string
	dest := append([]any{&app.ID, &app.Name, &kind, &grants, &app.ResourceServer, &app.Disabled}, more...)
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	app.Type, app.GrantTypes = client.Type(kind), names(grants)
	return nil
}
