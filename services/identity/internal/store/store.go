package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/session"
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
	// holders batches look-ups of sessions; nil where that saves nothing.
	holders *coalesce.Loader[session.Lookup, session.Holder]
	// ended, revoked and expired are the walks of Housekeep.
	ended   *cleanup.Sweep[[]byte]
	revoked *cleanup.Sweep[string]
	expired *cleanup.Sweep[[]byte]
}

// New prepares a store.
func New(db *sqldb.DB) *Store {
	s := &Store{
		db: db, text: prepare(db),
		ended: cleanup.NewSweep[[]byte](db, cleanup.Table{
			Name: "authentication_app_secrets", Key: "hash", By: "hash", Dead: "expires_at < {{now}}",
		}),
		revoked: cleanup.NewSweep[string](db, cleanup.Table{
			Name: "authentication_apps", Key: "id", By: "id", Dead: "revoked_at + $3 < {{now}}",
		}),
		expired: cleanup.NewSweep[[]byte](db, cleanup.Table{
			Name: "browser_sessions", Key: "hash", By: "hash", Dead: "expires_at < {{now}}",
		}),
	}
	if db.Engine() == sqldb.Postgres {
		s.holders = coalesce.New(s.findHolders)
	}
	return s
}

// Housekeep deletes the secrets of authentication apps whose overlap has ended, sessions that have expired, and the apps that were
// revoked longer ago than they are kept; 0 keeps all. It is called by one goroutine at a time.
func (s *Store) Housekeep(ctx context.Context, revokedKept time.Duration) error {
	err := errors.Join(s.ended.Run(ctx), s.expired.Run(ctx))
	if revokedKept > 0 {
		err = errors.Join(err, s.revoked.Run(ctx, revokedKept.Microseconds()))
	}
	return err
}
