package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Find returns a client with its redirect URIs, in one statement, or client.ErrUnknown.
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

// Credentials returns both clients, which may be equal, with the hashes of their secrets, valid and
// expired, in one statement. It omits unknown clients.
func (s *Store) Credentials(ctx context.Context, first, second string) ([]client.Record, error) {
	if s.batched != nil {
		records, _, err := s.batched.Get(ctx, lookup{first, second})
		return records, err
	}
	return s.credentials(ctx, s.text.credentials, first, second)
}

// credentialsOfMany is Credentials for a batch of concurrent callers.
func (s *Store) credentialsOfMany(ctx context.Context, many []lookup) (map[lookup][]client.Record, error) {
	var ids []string
	for _, a := range many {
		ids = append(ids, a.first, a.second)
	}
	slices.Sort(ids)
	records, err := s.credentials(ctx, s.text.credentialsOfMany, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	found := make(map[lookup][]client.Record, len(many))
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
		var c client.Client
		var hash []byte
		var expired bool
		if err := scanClient(rows, &c, &hash, &expired); err != nil {
			return nil, fmt.Errorf("reading credentials: %w", err)
		}
		if n := len(records); n == 0 || records[n-1].ID != c.ID {
			records = append(records, client.Record{Client: c})
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

// addSecret adds the hash of a joined row; it is nil for a client without a secret.
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

// List returns the clients of the identifiers, in no particular order. It omits unknown ones.
func (s *Store) List(ctx context.Context, ids []string) ([]client.Client, error) {
	var list []client.Client
	for some := range slices.Chunk(ids, batch) {
		args := make([]any, batch)
		for i := range args {
			args[i] = some[min(i, len(some)-1)] // the statement has a fixed number of placeholders
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
		var c client.Client
		if err := scanClient(rows, &c); err != nil {
			return nil, fmt.Errorf("listing clients: %w", err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list, nil
}

// scanClient scans the columns of statements.go and the additional columns of a statement.
func scanClient(rows sqldb.Rows, c *client.Client, more ...any) error {
	var kind, grants string
	var retry *int64
	dest := append([]any{&c.ID, &c.Name, &kind, &grants, &c.ResourceServer, &c.Disabled, &retry}, more...)
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	c.RefreshRetry = durationOrNil(retry)
	c.Type, c.GrantTypes = client.Type(kind), names(grants)
	return nil
}
