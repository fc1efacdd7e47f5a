package store

import (
	"embed"
	"io/fs"

	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
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

// Store keeps people in one database. Its methods may be called concurrently; they answer sqldb.ErrUnavailable when the
// database cannot be asked.
type Store struct {
	db   *sqldb.DB
	text statements
	// users gathers look-ups of users; nil where that saves nothing.
	users *coalesce.Loader[string, account.User]
}

// New prepares a store.
func New(db *sqldb.DB) *Store {
	s := &Store{db: db, text: prepare(db)}
	if db.Engine() == sqldb.Postgres {
		s.users = coalesce.New(s.findUsers)
	}
	return s
}
