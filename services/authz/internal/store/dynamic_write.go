package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
)

const (
	// maxRegistrations is how many registrations of a shared client are kept, the newest ones.
	maxRegistrations = 20
	// joinAttempts is how often a registration looks for the client that it may share: each attempt
	// but the last found that another one was just added or deleted.
	joinAttempts = 3
	// enabledFor is how long a client is kept at least after an operator enabled it.
	enabledFor = 30 * 24 * time.Hour
	// cleanupSlice is how many clients one transaction of the cleanup changes.
	cleanupSlice = 500
)

// AddDynamic stores a registration, and its client unless it shares one. It returns
// dynamic.ErrToken.
func (s *Store) AddDynamic(ctx context.Context, n dynamic.New) (dynamic.Client, error) {
	var id string
	d := s.dynamic
	err := s.db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		if n.Initial != nil {
			taken, err := tx.Exec(ctx, d.text.takeInitial, n.Initial.Bytes())
			if err != nil {
				return err
			}
			if taken == 0 {
				return dynamic.ErrToken
			}
		}
		if id, err = d.joinOrInsert(ctx, tx, n); err != nil {
			return err
		}
		event := byItself("client.registered", id)
		if n.Initial != nil {
			var token string
			if err := tx.QueryRow(ctx, d.text.nameInitial, n.Initial.Bytes()).Scan(&token); err != nil {
				return err
			}
			event.Details = map[string]string{"registration_token": token}
		}
		if _, err = tx.Exec(ctx, d.text.insertRegistration, n.Token.Bytes(), id); err != nil {
			return err
		}
		return s.events.AppendCreated(ctx, tx, event, dynamicObject(id))
	})
	if err != nil {
		return dynamic.Client{}, err
	}
	return scanDynamic(s.db.QueryRow(ctx, d.text.find, id))
}

// joinOrInsert returns the client of a registration: one with the same fingerprint, which becomes
// shared, or the new one.
func (d *dynamicClients) joinOrInsert(ctx context.Context, tx *sqldb.Tx, n dynamic.New) (string, error) {
	if n.Fingerprint == nil {
		_, err := d.insert(ctx, tx, n)
		return n.Client.ID, err
	}
	fingerprint := n.Fingerprint.Bytes()
	if _, err := tx.Exec(ctx, d.text.releaseFingerprint, fingerprint, n.Window.Microseconds()); err != nil {
		return "", err
	}
	for range joinAttempts {
		var id string
		err := tx.QueryRow(ctx, d.text.lockFingerprint, fingerprint).Scan(&id)
		if err == nil {
			if _, err := tx.Exec(ctx, d.text.join, id, n.Kept.Microseconds()); err != nil {
				return "", err
			}
			_, err = tx.Exec(ctx, d.text.trimRegistrations, id, maxRegistrations-1)
			return id, err
		}
		if !errors.Is(err, sqldb.ErrNotFound) {
			return "", err
		}
		if inserted, err := d.insert(ctx, tx, n); err != nil || inserted {
			return n.Client.ID, err
		}
	}
	return "", errors.New("the client of an identical registration changes all the time")
}

// insert adds the client, and reports false if another one has its fingerprint.
func (d *dynamicClients) insert(ctx context.Context, tx *sqldb.Tx, n dynamic.New) (bool, error) {
	metadata, err := json.Marshal(n.Client.Metadata)
	if err != nil {
		return false, fmt.Errorf("encoding metadata: %w", err)
	}
	var fingerprint []byte
	if n.Fingerprint != nil {
		fingerprint = n.Fingerprint.Bytes()
	}
	hash, lastFour := secretColumns(n.Client.Secret)
	c := n.Client
	rows, err := tx.Exec(ctx, d.text.insert, c.ID, c.Name, string(c.Type), strings.Join(c.GrantTypes, " "), c.Scope.String(),
		string(c.ApplicationType), strings.Join(c.RedirectURIs, "\n"), string(metadata), hash, lastFour, n.Initial != nil,
		c.Privilege.Scope.String(), fingerprint, n.Kept.Microseconds())
	return rows > 0, err
}

func secretColumns(current *secret.Record) (hash []byte, lastFour string) {
	if current == nil {
		return nil, ""
	}
	return current.Hash.Bytes(), current.LastFour
}

// FindDynamic returns the client of a registration, or dynamic.ErrToken.
func (s *Store) FindDynamic(ctx context.Context, r dynamic.Key) (dynamic.Client, error) {
	found, err := scanDynamic(s.db.QueryRow(ctx, s.dynamic.text.findByToken, r.ClientID, r.Token.Bytes()))
	return found, sqldb.NotFoundAs(dynamic.ErrToken, err)
}

// ReplaceDynamic replaces the client of a registration and the registration's token. It returns
// dynamic.ErrToken or dynamic.ErrShared.
func (s *Store) ReplaceDynamic(ctx context.Context, r dynamic.Key, c dynamic.Client, token secret.Hash) error {
	metadata, err := json.Marshal(c.Metadata)
	if err != nil {
		return fmt.Errorf("encoding metadata: %w", err)
	}
	hash, lastFour := secretColumns(c.Secret)
	return s.dynamic.changeLocked(ctx, byItself("client.registration_changed", r.ClientID).IfChanged(), func(tx *sqldb.Tx, shared bool) error {
		replaced, err := tx.Exec(ctx, s.dynamic.text.replaceToken, r.ClientID, r.Token.Bytes(), token.Bytes())
		switch {
		case err != nil:
			return err
		case replaced == 0:
			return dynamic.ErrToken
		case shared:
			return dynamic.ErrShared
		}
		_, err = tx.Exec(ctx, s.dynamic.text.replace, r.ClientID, c.Name, string(c.Type), strings.Join(c.GrantTypes, " "), c.Scope.String(),
			string(c.ApplicationType), strings.Join(c.RedirectURIs, "\n"), string(metadata), hash, lastFour, c.HasSecret())
		return err
	})
}

// DisableToDelete disables the client of a registration, and reports so, if users have approved it and it is
// not shared: no registration joins it after that. It returns dynamic.ErrToken.
func (s *Store) DisableToDelete(ctx context.Context, r dynamic.Key) (disabled bool, err error) {
	event := byItself(disabledKind(true), r.ClientID).IfChanged()
	err = s.dynamic.changeLocked(ctx, event, func(tx *sqldb.Tx, shared bool) error {
		disabled = false
		if err := sqldb.Demand(ctx, tx, dynamic.ErrToken, s.dynamic.text.registered, r.ClientID, r.Token.Bytes()); err != nil || shared {
			return err
		}
		changed, err := tx.Exec(ctx, s.dynamic.text.disableToDelete, r.ClientID)
		disabled = changed > 0
		return err
	})
	return disabled && err == nil, err
}

// DeleteDynamic deletes a registration, and its client unless that is shared. It reports whether users have
// approved a client that it deleted. It returns dynamic.ErrToken.
func (s *Store) DeleteDynamic(ctx context.Context, r dynamic.Key) (authorized bool, err error) {
	err = s.dynamic.changeLocked(ctx, byItself("client.registration_deleted", r.ClientID), func(tx *sqldb.Tx, shared bool) error {
		authorized = false
		deleted, err := tx.Exec(ctx, s.dynamic.text.deleteRegistration, r.ClientID, r.Token.Bytes())
		switch {
		case err != nil:
			return err
		case deleted == 0:
			return dynamic.ErrToken
		case shared:
			return nil
		}
		return tx.QueryRow(ctx, s.dynamic.text.erase, r.ClientID).Scan(&authorized)
	})
	return authorized && err == nil, err
}

// changeLocked runs a change of a client while its row is locked, so that no registration joins it
// meanwhile, and returns when every replica reflects it. It returns dynamic.ErrToken for an unknown
// client.
func (d *dynamicClients) changeLocked(ctx context.Context, e outbox.Event, change func(tx *sqldb.Tx, shared bool) error) error {
	err := d.events.Change(ctx, e, dynamicObject(e.ClientID), func(tx *sqldb.Tx) error {
		var shared bool
		if err := tx.QueryRow(ctx, d.text.lock, e.ClientID).Scan(&shared); err != nil {
			return sqldb.NotFoundAs(dynamic.ErrToken, err)
		}
		return change(tx, shared)
	})
	if err != nil {
		return err
	}
	return d.version.Changed(ctx)
}

// CountDynamic returns how many clients registered themselves, counting up to limit.
func (s *Store) CountDynamic(ctx context.Context, limit int) (count int, err error) {
	err = s.db.QueryRow(ctx, s.dynamic.text.count, limit).Scan(&count)
	return count, sqldb.Wrap("counting clients", err)
}

// AdmitUser adds a user to a client that registered itself, unless the client has limit users
// already (0 is any number), and keeps the client for a while. It returns dynamic.ErrUsers, or
// client.ErrUnknown if the client was deleted.
func (s *Store) AdmitUser(ctx context.Context, clientID, userID string, limit int, kept time.Duration) error {
	text := s.dynamic.text
	return s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		var shared bool
		if err := tx.QueryRow(ctx, text.lock, clientID).Scan(&shared); err != nil {
			return sqldb.NotFoundAs(client.ErrUnknown, err)
		}
		if _, err := tx.Exec(ctx, text.addUser, clientID, userID, limit); err != nil {
			return err
		}
		if err := sqldb.Demand(ctx, tx, dynamic.ErrUsers, text.findUser, clientID, userID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, text.authorize, clientID, kept.Microseconds())
		return err
	})
}

// UseDynamic keeps an enabled client that a user has approved for at least that long.
func (s *Store) UseDynamic(ctx context.Context, id string, kept time.Duration) error {
	_, err := s.db.Exec(ctx, s.dynamic.text.use, id, kept.Microseconds())
	return sqldb.Wrap("noting the use of a client", err)
}

// setDisabled disables or enables a client. It returns client.ErrUnknown.
func (d *dynamicClients) setDisabled(ctx context.Context, id string, disabled bool) error {
	event := outbox.Event{Kind: disabledKind(disabled), ClientID: id}.IfChanged()
	err := d.events.Change(ctx, event, dynamicObject(id), func(tx *sqldb.Tx) error {
		changed, err := tx.Exec(ctx, d.text.setDisabled, id, disabled, enabledFor.Microseconds())
		if err == nil && changed == 0 {
			return client.ErrUnknown
		}
		return err
	})
	if err != nil {
		return unlessUnknown("disabling a client", err)
	}
	return d.version.Changed(ctx)
}

// CleanUpDynamic disables clients that were not used for long, and deletes those that were disabled
// for removed or that no user approved in time. It reads only rows that are due, and changes them in
// slices. Abandoned registrations have no event: anyone can make as many as the limits allow.
func (s *Store) CleanUpDynamic(ctx context.Context, removed time.Duration) (disabled, deleted int64, err error) {
	d := s.dynamic
	disabled, err = d.retire(ctx, false, func(c retired) (outbox.Event, *sqldb.Statement) {
		changes := []outbox.Change{{Field: "status", Before: "enabled", After: "disabled"}}
		return outbox.Event{Kind: disabledKind(true), ClientID: c.id, Changes: changes}, sqldb.Stmt(d.text.expire, c.id, removed.Microseconds())
	})
	if err == nil {
		deleted, err = d.retire(ctx, true, func(c retired) (outbox.Event, *sqldb.Statement) {
			changes := []outbox.Change{{Field: "name", Before: c.name}, {Field: "redirect_uris", Before: c.uris}, {Field: "status", Before: "disabled"}}
			return outbox.Event{Kind: "client.registration_deleted", ClientID: c.id, Changes: changes}, sqldb.Stmt(d.text.erase, c.id)
		})
	}
	if err == nil {
		var abandoned int64
		abandoned, err = cleanup.Repeat(ctx, s.db, d.text.eraseAbandoned, cleanupSlice)
		deleted += abandoned
	}
	if err == nil {
		_, err = s.db.Exec(ctx, d.text.eraseInitial)
	}
	return disabled, deleted, sqldb.Wrap("cleaning up clients that registered themselves", err)
}

// retired is a client that is due.
type retired struct{ id, name, uris string }

// retire runs a statement for each client that users had approved and that is due, disabled or not, with its
// event.
func (d *dynamicClients) retire(ctx context.Context, disabled bool, change func(c retired) (outbox.Event, *sqldb.Statement)) (int64, error) {
	return cleanup.Slices(cleanupSlice, func() (count int64, err error) {
		err = d.db.InTx(ctx, func(tx *sqldb.Tx) error {
			read := sqldb.Read("reading the clients that are due", d.text.due, disabled, cleanupSlice)
			due, err := sqldb.List(ctx, tx, read, func(row sqldb.Row, c *retired) error { return row.Scan(&c.id, &c.name, &c.uris) })
			if err != nil {
				return err
			}
			var steps []*sqldb.Statement
			for _, c := range due {
				event, step := change(c)
				event.Actor = actor.Actor{Kind: actor.Service, ID: "authz"}
				steps = append(append(steps, step), d.events.Statements(ctx, event)...)
			}
			count = int64(len(due))
			return tx.Run(ctx, steps...)
		})
		return count, err
	})
}
