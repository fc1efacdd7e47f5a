package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// FindClient returns a client with its redirect URIs and its valid secrets, or client.ErrUnknown.
func (s *Store) FindClient(ctx context.Context, id string) (registry.Client, error) {
	if client.MayBeDynamic(id) {
		if found, err := s.dynamic.registered(ctx, id); !errors.Is(err, client.ErrUnknown) {
			return found, err
		}
	}
	found, err := s.find(ctx, id)
	if err != nil {
		return registry.Client{}, err
	}
	registered := registry.Client{Registration: found}
	if err := s.db.QueryRow(ctx, s.text.created, id).Scan(sqldb.Time(&registered.CreatedAt)); err != nil {
		return registry.Client{}, fmt.Errorf("reading a client: %w", err)
	}
	if registered.Secrets, err = s.secrets(ctx, id); err != nil {
		return registered, err
	}
	if err := s.addSecretUses(ctx, id, registered.Secrets); err != nil {
		return registered, err
	}
	if registered.Keys, err = s.keys(ctx, id); err != nil {
		return registered, err
	}
	registered.UnusedScope, err = s.unusedScope(ctx, id, registered.Scope)
	return registered, err
}

func (s *Store) secrets(ctx context.Context, id string) ([]secret.Info, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing secrets", s.text.secrets, id), func(row sqldb.Row, one *secret.Info) error {
		var hash []byte
		err := row.Scan(&hash, &one.LastFour, &one.CreatedBy, sqldb.Time(&one.CreatedAt), sqldb.Time(&one.ExpiresAt))
		one.ID = secretID(hash)
		return err
	})
}

// addSecretUses sets when the secrets of a client were last used.
func (s *Store) addSecretUses(ctx context.Context, id string, list []secret.Info) error {
	return sqldb.Each(ctx, s.db, sqldb.Read("listing the uses of secrets", s.text.hashUses, id), func(row sqldb.Row) error {
		var kid string
		var used time.Time
		err := row.Scan(&kid, sqldb.Time(&used))
		for i := range list {
			if secretUse+list[i].ID == kid {
				list[i].LastUsedAt = used
			}
		}
		return err
	})
}

// ListClients returns at most limit clients after the given one, by name and identifier.
func (s *Store) ListClients(ctx context.Context, afterName, afterID string, limit int) ([]registry.Client, error) {
	return s.listRegistrations(ctx, s.text.page, afterName, afterID, limit)
}

// listRegistrations reads the clients of a statement.
func (s *Store) listRegistrations(ctx context.Context, text string, args ...any) ([]registry.Client, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing clients", text, args...), func(row sqldb.Row, listed *registry.Client) error {
		return scanRegistration(row, &listed.Registration, sqldb.Time(&listed.CreatedAt))
	})
}

// UpdateClient changes the fields that are not zero, in one transaction. It returns
// client.ErrUnknown if there is no such client, or ownership.ErrSubmitted for a change that is reviewed while
// the client waits for its review.
func (s *Store) UpdateClient(ctx context.Context, c registry.Change) error {
	var one int
	locked, waits := sqldb.Stmt(s.text.lockAny, c.ClientID).Scan(&one), sqldb.Stmt(s.text.waits, c.ClientID).Scan(&one)
	var defaultScope *string
	if c.DefaultScope != nil {
		text := c.DefaultScope.String()
		defaultScope = &text
	}
	var postLogout *string
	if c.PostLogoutRedirectURIs != nil {
		text := strings.Join(c.PostLogoutRedirectURIs, " ")
		postLogout = &text
	}
	steps := append([]*sqldb.Statement{locked, waits}, s.addedScopes(c)...)
	steps = append(steps,
		sqldb.Stmt(s.text.update, c.ClientID, c.Name, c.Scope.String(), strings.Join(c.GrantTypes, " "), c.ResourceServer,
			microsOrNull(c.RefreshRetry), c.DefaultRefreshRetry, defaultScope, string(c.ApplicationType), c.Unverified,
			string(c.Reuse), c.WorkspaceID, c.IDTokenAlgorithm, postLogout, c.PushRequired, c.DPoPRequired, string(c.Profile)),
		s.identityChange(c),
		s.backchannelChange(c),
	)
	if len(c.RedirectURIs) > 0 {
		steps = append(steps, sqldb.Stmt(s.text.deleteURIs, c.ClientID))
		steps = append(steps, s.uriRows(c.ClientID, c.RedirectURIs)...)
	}
	steps = append(steps, s.keyChange(c)...)
	return unlessUnknown("changing a client", s.audited(ctx, clientChange{
		// A key may have the identifier and the name of the one that it replaces.
		kind: "client.updated", id: c.ClientID, ifChanged: len(c.Keys) == 0, steps: steps, verify: func() error {
			if c.Reviewed && waits.Found() {
				return ownership.ErrSubmitted
			}
			return found(locked)()
		},
	}))
}
