package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Find returns a client with its redirect URIs, or client.ErrUnknown. Callers share the slices and
// must not change them.
func (s *Store) Find(ctx context.Context, id string) (client.Registration, error) {
	if client.MayBeDynamic(id) {
		if found, err := s.dynamic.find(ctx, id); !errors.Is(err, client.ErrUnknown) {
			return found.Registration, err
		}
	}
	return s.registrations.Get(ctx, id, func(ctx context.Context) (client.Registration, time.Duration, error) {
		found, err := s.find(ctx, id)
		return found, maxAge, err
	})
}

// find reads a client with its redirect URIs, in one statement.
func (s *Store) find(ctx context.Context, id string) (client.Registration, error) {
	var found client.Registration
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading a client", s.text.find, id), func(row sqldb.Row) error {
		var uri *string
		err := scanRegistration(row, &found, &uri)
		if uri != nil {
			found.RedirectURIs = append(found.RedirectURIs, *uri)
		}
		return err
	})
	if err != nil {
		return client.Registration{}, err
	}
	if found.ID == "" {
		return client.Registration{}, client.ErrUnknown
	}
	return found, nil
}

// Credentials returns a client with the hashes of its secrets, valid and expired, or
// client.ErrUnknown. Only a client that did not register itself has a stamp. Callers share the slices
// and must not change them.
func (s *Store) Credentials(ctx context.Context, id string) (client.Record, error) {
	if client.MayBeDynamic(id) {
		if found, err := s.dynamic.record(ctx, id); !errors.Is(err, client.ErrUnknown) {
			return found, err
		}
	}
	found, stamp, err := s.records.GetStamped(ctx, id, func(ctx context.Context) (client.Record, time.Duration, error) {
		read, err := s.record(ctx, id)
		if err == nil && read.ID == "" {
			err = client.ErrUnknown
		}
		return read.Record, read.holds, err
	})
	found.Stamp = stamp
	return found, err
}

// record is a client's credentials, and how long they are the same if nothing is changed: until a
// secret expires.
type record struct {
	client.Record
	holds time.Duration
}

// record reads the credentials of one client; zero if there is no such client.
func (s *Store) record(ctx context.Context, id string) (record, error) {
	if s.batched != nil {
		read, _, err := s.batched.Get(ctx, id)
		return read, err
	}
	read, err := s.readRecords(ctx, s.text.credentials, id)
	return read[id], err
}

// recordsOfMany reads the credentials of the clients that concurrent callers need, in one
// statement.
func (s *Store) recordsOfMany(ctx context.Context, ids []string) (map[string]record, error) {
	return s.readRecords(ctx, s.text.credentialsOfMany, ids)
}

func (s *Store) readRecords(ctx context.Context, text string, args ...any) (map[string]record, error) {
	records := map[string]record{}
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading credentials", text, args...), func(row sqldb.Row) error {
		var c client.Client
		var hash, jwk []byte
		var left, keyLeft *int64
		if err := scanClient(row, &c, &hash, &left, &jwk, &keyLeft); err != nil {
			return err
		}
		r, seen := records[c.ID]
		if !seen {
			r = record{Record: client.Record{Client: c}, holds: maxAge}
		}
		err := errors.Join(r.addSecret(hash, left), r.addKey(jwk, keyLeft))
		records[c.ID] = r
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// addSecret adds the hash of a joined row, which is nil for a client without a secret. left is how
// long the secret is still valid, in µs; nil for the current one.
func (r *record) addSecret(stored []byte, left *int64) error {
	if stored == nil {
		return nil
	}
	hash, err := secret.HashFromBytes(stored)
	switch {
	case err != nil:
		return err
	case left != nil && *left <= 0:
		r.Expired = append(r.Expired, hash)
		return nil
	case left != nil:
		r.holds = min(r.holds, time.Duration(*left)*time.Microsecond)
	}
	r.Secrets = append(r.Secrets, hash)
	return nil
}

// List returns the clients of the identifiers with their scopes, in no particular order. It omits unknown
// ones.
func (s *Store) List(ctx context.Context, ids []string) ([]client.Registration, error) {
	list, err := s.dynamic.listed(ctx, ids)
	if err != nil {
		return nil, err
	}
	read := sqldb.Read("listing clients", s.text.list, s.db.Texts(ids))
	found, err := sqldb.List(ctx, s.db, read, func(row sqldb.Row, c *client.Registration) error {
		var unverified bool
		var scope string
		err := scanClient(row, &c.Client, &unverified, &c.Owner.WorkspaceID, &scope)
		c.Identity.Verified, c.Scope = !unverified, names(scope)
		return err
	})
	if err != nil {
		return nil, err
	}
	return append(list, found...), nil
}

// scanClient scans the columns of statements.go and the additional columns of a statement.
func scanClient(row sqldb.Row, c *client.Client, more ...any) error {
	var kind, grants, reuse, serviceScope, profile, status string
	var retry *int64
	dest := slices.Concat([]any{
		&c.ID, &c.Name, &kind, &grants, &c.ResourceServer, &c.Disabled, &retry, &reuse,
		&c.Method, &c.Algorithm, &c.URI, &c.Service.WorkspaceID, &serviceScope,
		&c.IDTokenAlgorithm, &c.Sector,
		&c.PushRequired, &c.DPoPRequired, &profile, &status,
	}, backchannelFields(&c.BackChannelLogout), identityFields(&c.Identity), more)
	if err := row.Scan(dest...); err != nil {
		return err
	}
	c.RefreshRetry = durationOrNil(retry)
	if status != statusLive {
		c.Status = client.Status(status)
	}
	c.Disabled = c.Disabled || c.Status == client.Suspended
	if profile != string(client.NoProfile) {
		c.Profile = client.Profile(profile)
	}
	c.Type, c.GrantTypes, c.Reuse, c.Service.Scope = client.Type(kind), names(grants), oauth.Reuse(reuse), names(serviceScope)
	return nil
}

// scanRegistration scans the columns of client.Registration and the additional columns of a
// statement.
func scanRegistration(row sqldb.Row, r *client.Registration, more ...any) error {
	var scope, defaultScope, applicationType, optional, postLogout string
	dest := append([]any{
		&scope, &defaultScope, &applicationType, &r.Unverified, &optional, &postLogout,
		&r.Owner.WorkspaceID, &r.Owner.CreatedBy, &r.Owner.ReviewNote, sqldb.Time(&r.Owner.SubmittedAt),
	}, more...)
	if err := scanClient(row, &r.Client, dest...); err != nil {
		return err
	}
	r.PostLogoutRedirectURIs = names(postLogout)
	r.Scope, r.DefaultScope, r.ApplicationType = names(scope), names(defaultScope), client.ApplicationType(applicationType)
	r.OptionalScope = names(optional)
	return nil
}
