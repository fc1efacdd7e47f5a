package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the migrations of the schema, one folder per database engine.
func Migrations() fs.FS { return migrations }

const (
	// maxClients is how many clients are cached at most.
	maxClients = 10_000
	// maxAge is how long a cached client is used at most: the version is what ends it.
	maxAge = time.Hour
)

// Store stores clients in a database. Its methods may be called concurrently; they return
// sqldb.ErrUnavailable if the database cannot be reached.
type Store struct {
	db   *sqldb.DB
	text statements
	// events is the log that the audit trail follows.
	events *outbox.Log
	// version is that of all clients, and registrations and records are the clients of it.
	version       *lease.Version
	registrations *lease.Cache[client.Registration]
	records       *lease.Cache[client.Record]
	// batched loads the credentials of concurrent callers together; nil if that saves nothing.
	batched        *coalesce.Loader[string, record]
	expiredSecrets *cleanup.Sweep[string]
	dynamic        *dynamicClients
	expiredKeys    *cleanup.Sweep[string]
	oldUses        *cleanup.Sweep[string]
	oldURIUses     *cleanup.Sweep[string]
	oldScopeUses   *cleanup.Sweep[string]
	documents      documents
}

// New returns a Store over a migrated database.
func New(db *sqldb.DB) *Store {
	s := &Store{db: db, text: prepare(db), events: outbox.New(db), dynamic: newDynamicClients(db), expiredSecrets: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "client_secrets", Key: "client_id, hash", By: "client_id", Dead: "expires_at < {{now}}",
	}), expiredKeys: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "client_keys", Key: "client_id, kid", By: "client_id", Dead: "expires_at < {{now}}",
	}), oldUses: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "client_key_uses", Key: "client_id, kid", By: "client_id", Dead: "used_at < {{now}} - $3",
	}), oldURIUses: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "redirect_uri_uses", Key: "client_id, uri", By: "client_id", Dead: "used_at < {{now}} - $3",
	}), oldScopeUses: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "client_scope_uses", Key: "client_id, scope", By: "client_id", Dead: "used_on < ({{now}} - $3) / 86400000000",
	})}
	if db.Engine() == sqldb.Postgres {
		s.batched = coalesce.New(s.recordsOfMany)
	}
	s.version = lease.NewVersion(s.readVersion, db.Engine() == sqldb.SQLite)
	s.registrations, s.records = lease.NewCache[client.Registration](s.version, maxClients), lease.NewCache[client.Record](s.version, maxClients)
	s.documents = newDocuments(db, s.version)
	return s
}

func (s *Store) readVersion(ctx context.Context) (version int64, err error) {
	err = s.db.QueryRow(ctx, s.text.version).Scan(&version)
	return version, sqldb.Wrap("reading the version of the clients", err)
}

// change runs the statements of a change in one transaction, and returns when every replica
// reflects it.
func (s *Store) change(ctx context.Context, steps ...*sqldb.Statement) error {
	if err := s.db.Pipeline(ctx, steps...); err != nil {
		return err
	}
	return s.version.Changed(ctx)
}

// keptUses is how long the last use of a key, of a redirect URI or of a scope is stored.
const keptUses = 90 * 24 * time.Hour

// CleanUp deletes the secrets whose overlap is over, the keys that have expired, and the uses that
// are long ago. It must not be called concurrently.
func (s *Store) CleanUp(ctx context.Context) error {
	return errors.Join(s.expiredSecrets.Run(ctx), s.expiredKeys.Run(ctx), s.oldUses.Run(ctx, keptUses.Microseconds()),
		s.oldURIUses.Run(ctx, keptUses.Microseconds()), s.oldScopeUses.Run(ctx, keptUses.Microseconds()), s.events.Trim(ctx))
}

func isConflict(err error) bool { return errors.Is(err, sqldb.ErrConflict) }

// microsOrNull converts an optional duration to microseconds, the database's unit.
func microsOrNull(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	micros := d.Microseconds()
	return &micros
}

// durationOrNil converts a stored duration, which may be NULL.
func durationOrNil(micros *int64) *time.Duration {
	if micros == nil {
		return nil
	}
	d := time.Duration(*micros) * time.Microsecond
	return &d
}

// names splits a stored list; nil if it is empty.
func names(stored string) []string {
	if stored == "" {
		return nil
	}
	return strings.Fields(stored)
}
