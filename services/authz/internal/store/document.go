package store

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// documents are the clients with a document that an operator disabled, in memory under the version of
// the operator's clients.
type documents struct {
	find, disable, enable, list string
	disabled                    *lease.Cache[bool]
}

func newDocuments(db *sqldb.DB, version *lease.Version) documents {
	return documents{
		find:     `SELECT 1 FROM disabled_documents WHERE id = $1`,
		disable:  db.SQL(`INSERT INTO disabled_documents (id, disabled_at) VALUES ($1, {{now}}) ON CONFLICT (id) DO NOTHING`),
		enable:   `DELETE FROM disabled_documents WHERE id = $1`,
		list:     `SELECT id, disabled_at FROM disabled_documents WHERE id > $1 ORDER BY id LIMIT $2`,
		disabled: lease.NewCache[bool](version, maxClients),
	}
}

// DocumentDisabled reports whether an operator disabled the client of a document.
func (s *Store) DocumentDisabled(ctx context.Context, id string) (bool, error) {
	return s.documents.disabled.Get(ctx, id, func(ctx context.Context) (bool, time.Duration, error) {
		disabled, err := sqldb.Exists(ctx, s.db, s.documents.find, id)
		return disabled, maxAge, sqldb.Wrap("reading whether a document is disabled", err)
	})
}

// setDocumentDisabled disables or enables the client of a document, which need not have been used
// here. Enabling returns client.ErrUnknown for one that is not disabled. Of concurrent changes the one
// that inserts or deletes the row has an event, which needs no lock: its fields are known.
func (s *Store) setDocumentDisabled(ctx context.Context, id string, disabled bool) error {
	change := outbox.Change{Field: "status", Before: "disabled", After: "enabled"}
	if !disabled {
		return s.changeOne(ctx, clientChange{kind: disabledKind(false), id: id, changes: []outbox.Change{change}}, sqldb.Stmt(s.documents.enable, id))
	}
	change.Before, change.After = change.After, change.Before
	err := s.changeOne(ctx, clientChange{kind: disabledKind(true), id: id, changes: []outbox.Change{change}}, sqldb.Stmt(s.documents.disable, id))
	if errors.Is(err, client.ErrUnknown) {
		return s.version.Changed(ctx) // it was disabled before, and that change may still be waiting
	}
	return err
}

// ListDisabledDocuments returns at most limit clients of documents that are disabled, after the given
// one, by URL.
func (s *Store) ListDisabledDocuments(ctx context.Context, after string, limit int) ([]registry.DisabledDocument, error) {
	read := sqldb.Read("listing disabled documents", s.documents.list, after, limit)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, d *registry.DisabledDocument) error {
		return row.Scan(&d.ID, sqldb.Time(&d.At))
	})
}
