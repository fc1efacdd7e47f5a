package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// CreateApp stores an authentication app and its secret. It returns account.ErrUnknownWorkspace if
// the workspace does not exist.
func (s *Store) CreateApp(ctx context.Context, app authapp.App, current secret.Record) error {
	insert := sqldb.Stmt(s.text.createApp, app.ID, app.Name)
	if app.WorkspaceID != "" {
		insert = sqldb.Stmt(s.text.createAppFor, app.ID, app.Name, app.WorkspaceID)
	}
	err := s.events.Change(ctx, appEvent("authentication_app.created", app.ID), appObject(app.ID), func(tx *sqldb.Tx) error {
		err := tx.Run(ctx, insert, sqldb.Stmt(s.text.insertAppSecret, app.ID, current.Hash.Bytes(), current.LastFour))
		if err == nil && insert.RowsAffected() == 0 {
			return account.ErrUnknownWorkspace
		}
		return err
	})
	if err != nil && !errors.Is(err, account.ErrUnknownWorkspace) {
		return fmt.Errorf("storing an authentication app: %w", err)
	}
	return err
}

// RotateAppSecret makes a secret the current one of an app that is not revoked. It returns
// authapp.ErrUnknown if there is none.
func (s *Store) RotateAppSecret(ctx context.Context, id string, next secret.Record, overlap time.Duration) error {
	insert := sqldb.Stmt(s.text.rotateSecretIn, id, next.Hash.Bytes(), next.LastFour)
	var locked string
	rotated := appEvent("authentication_app.secret_rotated", id)
	err := s.events.Change(ctx, rotated, appObject(id), func(tx *sqldb.Tx) error {
		err := tx.Run(ctx, sqldb.Stmt(s.text.lockApp, id).Scan(&locked), sqldb.Stmt(s.text.dropOlderSecrets, id),
			sqldb.Stmt(s.text.expireSecrets, id, overlap.Microseconds()), insert)
		if err == nil && insert.RowsAffected() == 0 {
			return authapp.ErrUnknown
		}
		return err
	})
	if err != nil && !errors.Is(err, authapp.ErrUnknown) {
		return fmt.Errorf("rotating an authentication app's secret: %w", err)
	}
	return err
}

// RevokeApp revokes an authentication app permanently. It returns authapp.ErrUnknown if there is
// none.
func (s *Store) RevokeApp(ctx context.Context, id string) error {
	return s.change(ctx, change{
		"revoking an authentication app", s.text.revokeApp,
		[]any{id},
		authapp.ErrUnknown,
		appEvent("authentication_app.revoked", id).IfChanged(), appObject(id),
	})
}

// appEvent has its workspace from appObject.
func appEvent(kind, id string) outbox.Event { return outbox.Event{Kind: kind, Object: id} }

// FindApp returns an authentication app, revoked or not, or authapp.ErrUnknown.
func (s *Store) FindApp(ctx context.Context, id string) (authapp.App, error) {
	list, err := s.listApps(ctx, sqldb.Read("reading an authentication app", s.text.findApp, id))
	if err != nil {
		return authapp.App{}, err
	}
	if len(list) == 0 {
		return authapp.App{}, authapp.ErrUnknown
	}
	return list[0], nil
}

// ListApps returns at most limit authentication apps after the given one, by name.
func (s *Store) ListApps(ctx context.Context, after authapp.App, limit int) ([]authapp.App, error) {
	return s.listApps(ctx, sqldb.Read("listing authentication apps", s.text.listApps, lowerASCII(after.Name), after.Name, after.ID, limit))
}

// appDest returns where one row is scanned to: an app and one of its secrets, whose time is zero for an
// app without any.
func appDest(a *authapp.App) []any {
	a.Secrets = make([]secret.Info, 1)
	return []any{
		&a.ID, &a.Name, &a.WorkspaceID, sqldb.Time(&a.CreatedAt), sqldb.Time(&a.LastUsedAt), sqldb.Time(&a.RevokedAt),
		&a.Secrets[0].LastFour, sqldb.Time(&a.Secrets[0].CreatedAt), sqldb.Time(&a.Secrets[0].ExpiresAt),
	}
}

// listApps merges the rows of each app, which are adjacent.
func (s *Store) listApps(ctx context.Context, r sqldb.Reading) ([]authapp.App, error) {
	rows, err := rowsOf(ctx, s, r, appDest)
	if err != nil {
		return nil, err
	}
	var list []authapp.App
	for _, a := range rows {
		if a.Secrets[0].CreatedAt.IsZero() {
			a.Secrets = nil
		}
		if n := len(list); n > 0 && list[n-1].ID == a.ID {
			list[n-1].Secrets = append(list[n-1].Secrets, a.Secrets...)
			continue
		}
		list = append(list, a)
	}
	return list, nil
}

// Vouch returns the user that a secret vouches for, with one query in every case; the first success
// in a minute is recorded by a second statement. It returns authapp.ErrUnknown for every mismatch.
func (s *Store) Vouch(ctx context.Context, address account.Spelling, hash secret.Hash) (authapp.Voucher, error) {
	var v authapp.Voucher
	var unnoted bool
	err := s.db.QueryRow(ctx, s.text.vouch, string(address.Canonical), string(address.Earlier), hash.Bytes()).
		Scan(append(userDest(&v.User), &v.AppID, &v.WorkspaceID, &unnoted)...)
	if err != nil {
		return authapp.Voucher{}, sqldb.Wrap("reading who a secret vouches for", sqldb.NotFoundAs(authapp.ErrUnknown, err))
	}
	if unnoted {
		if _, err := s.db.Exec(ctx, s.text.touchApp, v.AppID); err != nil {
			return authapp.Voucher{}, fmt.Errorf("recording an authentication app's use: %w", err)
		}
	}
	return v, nil
}
