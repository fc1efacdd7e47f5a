package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/emailaddress"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// statusLive is client.Live as it is stored.
const statusLive = "live"

func storedStatus(status client.Status) string { return cmp.Or(string(status), statusLive) }

// secretIDLength is how many bytes of a secret's hash name it.
const secretIDLength = 9

// secretID returns the name of a secret: a part of its hash, from which the secret cannot be derived.
func secretID(hash []byte) string {
	return base64.RawURLEncoding.EncodeToString(hash[:min(len(hash), secretIDLength)])
}

// secretUse begins the key identifiers under which client_key_uses has the uses of secrets.
const secretUse = "secret:"

// SecretUse returns the identifier under which TouchKey records that a client used a secret.
func SecretUse(hash secret.Hash) string { return secretUse + secretID(hash[:]) }

// CreateOwned registers a client of a workspace, unless the workspace has limit clients (0 is any
// number). It returns ownership.ErrTooMany, or client.ErrExists.
func (s *Store) CreateOwned(ctx context.Context, o ownership.Registration) error {
	event := outbox.Event{Kind: "client.created", ClientID: o.Client.ID}
	err := s.events.Change(ctx, event, clientObject(o.Client.ID), func(tx *sqldb.Tx) error {
		taken, err := tx.Exec(ctx, s.text.takeClient, o.Client.Owner.WorkspaceID, o.Limit)
		if err == nil && taken == 0 {
			err = ownership.ErrTooMany
		}
		if err != nil {
			return err
		}
		steps := append([]*sqldb.Statement{clientRow(s.text.insert, o.Client), s.identityRow(o.Client), s.backchannelRow(o.Client)}, s.uriAndSecretRows(o.Client, o.Secret)...)
		return tx.Run(ctx, append(steps, s.keyRows(o.Client.ID, o.Keys)...)...)
	})
	switch {
	case isConflict(err):
		return client.ErrExists
	case err != nil:
		return fmt.Errorf("registering a client of a workspace: %w", err)
	}
	return s.version.Changed(ctx)
}

// ListOwned returns the clients of a workspace by name, without redirect URIs and secrets, and how many
// users have approved each: it counts at most limit of each.
func (s *Store) ListOwned(ctx context.Context, workspaceID string, limit int) ([]registry.Client, map[string]int, error) {
	list, err := s.listRegistrations(ctx, s.text.owned, workspaceID)
	if err != nil {
		return nil, nil, err
	}
	people := map[string]int{}
	err = sqldb.Each(ctx, s.db, sqldb.Read("counting users", s.text.people, workspaceID, limit), func(row sqldb.Row) error {
		var id string
		var count int
		err := row.Scan(&id, &count)
		people[id] = count
		return err
	})
	return list, people, err
}

// ListSubmitted returns at most limit clients that wait for a review, after the given one.
func (s *Store) ListSubmitted(ctx context.Context, after time.Time, afterID string, limit int) ([]registry.Client, error) {
	return s.listRegistrations(ctx, s.text.submitted, after.UnixMicro(), afterID, limit)
}

// CountOwnedUsers returns how many users have approved a client of a workspace, at most limit.
func (s *Store) CountOwnedUsers(ctx context.Context, clientID string, limit int) (count int, err error) {
	err = s.db.QueryRow(ctx, s.text.countPeople, clientID, limit).Scan(&count)
	return count, sqldb.Wrap("counting users", err)
}

// AdmitOwnedUser counts a user of a client, unless limit others (0 is any number) are counted, and records
// the use of a redirect URI. It returns ownership.ErrUsers, or client.ErrUnknown.
func (s *Store) AdmitOwnedUser(ctx context.Context, a ownership.Approval) error {
	known, err := sqldb.Exists(ctx, s.db, s.text.findPerson, a.ClientID, a.UserID)
	if err == nil && !known {
		err = s.addPerson(ctx, a)
	}
	if err == nil && a.RedirectURI != "" {
		_, err = s.db.Exec(ctx, s.text.touchURI, a.ClientID, a.RedirectURI)
	}
	return sqldb.Wrap("counting a user", err)
}

func (s *Store) addPerson(ctx context.Context, a ownership.Approval) error {
	return s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := sqldb.Demand(ctx, tx, client.ErrUnknown, s.text.lockAny, a.ClientID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, s.text.addPerson, a.ClientID, a.UserID, a.Limit); err != nil {
			return err
		}
		return sqldb.Demand(ctx, tx, ownership.ErrUsers, s.text.findPerson, a.ClientID, a.UserID)
	})
}

// Submit asks for a review of a client, and Withdraw takes that back. Both change nothing where there is
// nothing to change.
func (s *Store) Submit(ctx context.Context, clientID string) error {
	return s.changeStatus(ctx, "client.submitted", sqldb.Stmt(s.text.submit, clientID), clientID)
}

// Withdraw is described at Submit.
func (s *Store) Withdraw(ctx context.Context, clientID string) error {
	return s.changeStatus(ctx, "client.withdrawn", sqldb.Stmt(s.text.withdraw, clientID), clientID)
}

// changeStatus runs a statement that may have nothing to change, of which there is no event then.
func (s *Store) changeStatus(ctx context.Context, kind string, one *sqldb.Statement, clientID string) error {
	err := s.changeOne(ctx, clientChange{kind: kind, id: clientID}, one)
	if errors.Is(err, client.ErrUnknown) {
		return nil
	}
	return sqldb.Wrap("changing the status of a client", err)
}

// Review makes the operator's decision about a client of a workspace. It returns client.ErrUnknown if the
// client does not wait for it: a suspension always can, and an approval lifts one.
func (s *Store) Review(ctx context.Context, r ownership.Review) error {
	var submitted int64
	if !r.SubmittedAt.IsZero() {
		submitted = r.SubmittedAt.UnixMicro()
	}
	kind, step := "client.refused", sqldb.Stmt(s.text.refuse, r.ClientID, r.Note)
	switch {
	case r.Suspend:
		kind, step = "client.suspended", sqldb.Stmt(s.text.suspend, r.ClientID, r.Note)
	case r.Approve:
		kind, step = "client.approved", sqldb.Stmt(s.text.approve, r.ClientID, r.Note, r.Verified, submitted)
	}
	return s.changeOne(ctx, clientChange{kind: kind, id: r.ClientID}, step)
}

// AddRedirectURI registers another redirect URI, unless there are r.Limit. It returns ownership.ErrTooMany,
// or ownership.ErrSubmitted for one that is reviewed while the client waits for its review.
func (s *Store) AddRedirectURI(ctx context.Context, r ownership.RedirectURI) error {
	return s.changeOwned(ctx, ownedEvent("client.redirect_uri_added", r.ClientID).IfChanged(), func(tx *sqldb.Tx) error {
		var one int
		if r.Reviewed {
			waits := sqldb.Stmt(s.text.waits, r.ClientID).Scan(&one)
			if err := tx.Run(ctx, waits, sqldb.Stmt(s.text.unverify, r.ClientID)); err != nil || waits.Found() {
				return cmp.Or(err, ownership.ErrSubmitted)
			}
		}
		added, err := tx.Exec(ctx, s.text.addURI, r.ClientID, r.URI, r.Limit)
		if err == nil && added == 0 {
			err = sqldb.Demand(ctx, tx, ownership.ErrTooMany, s.text.hasURI, r.ClientID, r.URI)
		}
		return err
	})
}

// RemoveRedirectURI removes a redirect URI. It returns ownership.ErrLast for the last one, and
// ownership.ErrUsed for one that was used within unused.
func (s *Store) RemoveRedirectURI(ctx context.Context, clientID, uri string, unused time.Duration) error {
	return s.changeOwned(ctx, ownedEvent("client.redirect_uri_removed", clientID).IfChanged(), func(tx *sqldb.Tx) error {
		if unused > 0 {
			if used, err := sqldb.Exists(ctx, tx, s.text.uriUse, clientID, uri, unused.Microseconds()); err != nil || used {
				return cmp.Or(err, ownership.ErrUsed)
			}
		}
		removed, err := tx.Exec(ctx, s.text.removeURI, clientID, uri)
		if err != nil || removed > 0 {
			return err
		}
		left, err := sqldb.Exists(ctx, tx, s.text.hasURI, clientID, uri)
		if left {
			return ownership.ErrLast
		}
		return err // without one, it was removed before
	})
}

func ownedEvent(kind, clientID string) outbox.Event {
	return outbox.Event{Kind: kind, ClientID: clientID}
}

// changeOwned runs a change with its event while the client's row is locked, and returns when every
// replica reflects it. It returns client.ErrUnknown.
func (s *Store) changeOwned(ctx context.Context, event outbox.Event, change func(tx *sqldb.Tx) error) error {
	err := s.events.Change(ctx, event, clientObject(event.ClientID), func(tx *sqldb.Tx) error {
		if err := sqldb.Demand(ctx, tx, client.ErrUnknown, s.text.lockAny, event.ClientID); err != nil {
			return err
		}
		return change(tx)
	})
	if err != nil {
		return fmt.Errorf("changing a client of a workspace: %w", err)
	}
	return s.version.Changed(ctx)
}

// RedirectURIUses returns when the redirect URIs of a client were last used, where that was within kept.
func (s *Store) RedirectURIUses(ctx context.Context, clientID string, kept time.Duration) (map[string]time.Time, error) {
	uses := map[string]time.Time{}
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading uses", s.text.uriUses, clientID, kept.Microseconds()), func(row sqldb.Row) error {
		var uri string
		var used time.Time
		err := row.Scan(&uri, sqldb.Time(&used))
		uses[uri] = used
		return err
	})
	return uses, err
}

// AddTester adds a tester, unless there are limit. It returns ownership.ErrTooMany.
func (s *Store) AddTester(ctx context.Context, clientID string, address emailaddress.Address, limit int) error {
	return s.changeOwned(ctx, ownedEvent("client.tester_added", clientID).IfChanged(), func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, s.text.addTester, clientID, string(address), limit); err != nil {
			return err
		}
		return sqldb.Demand(ctx, tx, ownership.ErrTooMany, s.text.isTester, clientID, string(address))
	})
}

// RemoveTester removes a tester, if there is one.
func (s *Store) RemoveTester(ctx context.Context, clientID string, address emailaddress.Address) error {
	return s.changeOwned(ctx, ownedEvent("client.tester_removed", clientID).IfChanged(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, s.text.removeTester, clientID, string(address))
		return err
	})
}

// IsTester reports whether a client has a tester.
func (s *Store) IsTester(ctx context.Context, clientID string, address emailaddress.Address) (bool, error) {
	found, err := sqldb.Exists(ctx, s.db, s.text.isTester, clientID, string(address))
	return found, sqldb.Wrap("finding a tester", err)
}

// Testers returns the testers of a client, by address.
func (s *Store) Testers(ctx context.Context, clientID string) ([]ownership.Tester, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing testers", s.text.testers, clientID), func(row sqldb.Row, one *ownership.Tester) error {
		return row.Scan((*string)(&one.Address), sqldb.Time(&one.AddedAt))
	})
}

// AddSecret makes a new secret the current one, as RotateClientSecret does, if the newest one is that of
// the request and no other is valid. It returns ownership.ErrStale, ownership.ErrTooMany, or
// client.ErrUnknown.
func (s *Store) AddSecret(ctx context.Context, r ownership.SecretRequest, record secret.Record) error {
	return s.changeOwned(ctx, ownedEvent("client.secret_rotated", r.ClientID), func(tx *sqldb.Tx) error {
		if r.ReplaceKeys {
			if err := tx.Run(ctx, s.useSecrets(r.ClientID)...); err != nil {
				return err
			}
		}
		held, err := s.heldSecrets(ctx, tx, r.ClientID)
		switch {
		case err != nil:
			return err
		case held.newest != r.Newest:
			return ownership.ErrStale
		case len(held.hashes) >= client.MaxSecrets:
			return ownership.ErrTooMany
		}
		return tx.Run(ctx,
			sqldb.Stmt(s.text.deleteExpiring, r.ClientID), sqldb.Stmt(s.text.expireCurrent, r.ClientID, r.Overlap.Microseconds()),
			s.secretRow(r.ClientID, record))
	})
}

// RemoveSecret ends a secret; the other one stays valid without an end. It returns ownership.ErrLast.
func (s *Store) RemoveSecret(ctx context.Context, clientID, id string) error {
	return s.changeOwned(ctx, ownedEvent("client.secret_removed", clientID).IfChanged(), func(tx *sqldb.Tx) error {
		held, err := s.heldSecrets(ctx, tx, clientID)
		if err != nil {
			return err
		}
		hash, other := held.named(id)
		switch {
		case hash == nil:
			return nil // it has ended before
		case other == nil:
			return ownership.ErrLast
		}
		if _, err := tx.Exec(ctx, s.text.removeSecret, clientID, hash); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, s.text.endsNever, clientID, other)
		return err
	})
}

// heldSecrets are the valid secrets of a client.
type heldSecrets struct {
	hashes [][]byte
	// newest is the identifier of the current one; empty for none.
	newest string
}

// named returns the hash of a secret, and that of another one.
func (h heldSecrets) named(id string) (hash, other []byte) {
	for _, one := range h.hashes {
		if secretID(one) == id {
			hash = one
		} else {
			other = one
		}
	}
	return hash, other
}

func (s *Store) heldSecrets(ctx context.Context, tx *sqldb.Tx, clientID string) (held heldSecrets, err error) {
	err = sqldb.Each(ctx, tx, sqldb.Read("reading secrets", s.text.validSecrets, clientID), func(row sqldb.Row) error {
		var hash []byte
		var current bool
		err := row.Scan(&hash, &current)
		held.hashes = append(held.hashes, hash)
		if current {
			held.newest = secretID(hash)
		}
		return err
	})
	return held, err
}
