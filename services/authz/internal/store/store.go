package store

import (
	"context"
	"embed"
	"io/fs"
	"strings"

	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

//go:embed migrations
var migrations embed.FS

// Migrations are the schema's steps, a folder an engine.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded: this cannot fail at run time
	}
	return sub
}

// Store keeps apps in one database. Its methods may be called concurrently; they answer sqldb.ErrUnavailable when the
// database cannot be asked.
type Store struct {
	db   *sqldb.DB
	text statements
	// gathered collects credentials that are asked for at once; nil where that saves nothing.
	gathered *coalesce.Loader[asked, []client.Record]
	ended    *cleanup.Sweep[string]
}

// asked are the two identifiers of one authentication.
type asked struct{ first, second string }

// New prepares a store.
func New(db *sqldb.DB) *Store {
	s := &Store{db: db, text: prepare(db), ended: cleanup.NewSweep[string](db, cleanup.Table{
		Name: "client_secrets", Key: "client_id, hash", By: "client_id", Dead: "expires_at < {{now}}",
	})}
	if db.Engine() == sqldb.Postgres {
		s.gathered = coalesce.New(s.credentialsOfMany)
	}
	return s
}

// Housekeep drops the secrets whose overlap has ended. It is called by one goroutine at a time.
func (s *Store) Housekeep(ctx context.Context) error { return s.ended.Run(ctx) }

// names splits a list as it is stored.
func names(stored string) []string { return strings.Fields(stored) }
