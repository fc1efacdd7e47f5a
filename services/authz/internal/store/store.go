package store

import (
	"context"
	"embed"
	"io/fs"
	"strings"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the migrations of the schema, one folder per database engine.
func Migrations() fs.FS { return migrations }

// Store stores clients in a database. Its methods may be called concurrently; they return
// sqldb.ErrUnavailable if the database cannot be reached.
type Store struct {
	db   *sqldb.DB
	text statements
	// batched loads the credentials of concurrent callers together; nil if that saves nothing.
	batched        *coalesce.Loader[lookup, []client.Record]
	expiredSecrets *cleanup.Sweep[string]
}

// lookup has the two client identifiers of one authentication.
type lookup struct{ first, second string }

// New returns a Store over a migrated database.
func New(db *sqldb.DB) *Store {
	s := &Store{db: db, text: prepare(db), expiredSecrets: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "client_secrets", Key: "client_id, hash", By: "client_id", Dead: "expires_at < {{now}}",
	})}
	if db.Engine() == sqldb.Postgres {
		s.batched = coalesce.New(s.credentialsOfMany)
	}
	return s
}

// CleanUp deletes the secrets whose overlap is over. It must not be called concurrently.
func (s *Store) CleanUp(ctx context.Context) error { return s.expiredSecrets.Run(ctx) }

// names splits a stored list.
func names(stored string) []string { return strings.Fields(stored) }
