package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/session"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the migrations of the schema, one folder per database engine.
func Migrations() fs.FS { return migrations }

// Store stores users in a database. Its methods may be called concurrently; they return
// sqldb.ErrUnavailable if the database cannot be reached.
type Store struct {
	db   *sqldb.DB
	text statements
	// events is the log that the audit trail follows.
	events *outbox.Log
	// sessions batches lookups of sessions; nil if that saves nothing.
	sessions *coalesce.Loader[session.Lookup, session.Stored]
	// These are the deletions of CleanUp.
	expiredSecrets  *cleanup.Sweep[[]byte]
	revokedApps     *cleanup.Sweep[string]
	expiredSessions *cleanup.Sweep[[]byte]
	oldEvents       *cleanup.Sweep[string]
	oldEndings      *cleanup.Sweep[[]byte]
}

// New returns a Store over a migrated database.
func New(db *sqldb.DB) *Store {
	s := &Store{
		db: db, text: prepare(db), events: outbox.New(db),
		expiredSecrets: cleanup.NewSweep[[]byte](db, cleanup.Table{
			Name: "authentication_app_secrets", Key: "hash", By: "hash", Dead: "expires_at < {{now}}",
		}),
		revokedApps: cleanup.NewSweep[string](db, cleanup.Table{
			Name: "authentication_apps", Key: "id", By: "id", Dead: "revoked_at + $3 < {{now}}",
		}),
		expiredSessions: cleanup.NewSweep[[]byte](db, cleanup.Table{
			Name: "browser_sessions", Key: "hash", By: "hash", Dead: "expires_at < {{now}}",
		}),
		oldEvents: cleanup.NewSweep[string](db, cleanup.Table{
			Name: "account_events", Key: "user_id, happened_at, kind", By: "user_id", Dead: "happened_at + $3 < {{now}}",
		}),
		oldEndings: cleanup.NewSweep[[]byte](db, cleanup.Table{
			Name: "ended_sessions", Key: "hash", By: "hash", Dead: "successor IS NULL AND ended_at + $3 < {{now}}",
		}),
	}
	if db.Engine() == sqldb.Postgres {
		s.sessions = coalesce.New(s.getSessions)
	}
	return s
}

// Events returns the log that the audit trail follows.
func (s *Store) Events() *outbox.Log { return s.events }

// Retention is how long records stay that no decision needs.
type Retention struct {
	// RevokedApps is how long a revoked authentication app is still listed; 0 is for ever.
	RevokedApps time.Duration
	// Events is how long the events of accounts are listed.
	Events time.Duration
}

// CleanUp deletes the authentication apps' secrets whose overlap is over, expired sessions, and
// what is older than its retention. It must not be called concurrently.
func (s *Store) CleanUp(ctx context.Context, kept Retention) error {
	err := errors.Join(s.expiredSecrets.Run(ctx), s.expiredSessions.Run(ctx), s.oldEvents.Run(ctx, kept.Events.Microseconds()),
		s.oldEndings.Run(ctx, endedKept.Microseconds()), s.events.Trim(ctx))
	if kept.RevokedApps > 0 {
		err = errors.Join(err, s.revokedApps.Run(ctx, kept.RevokedApps.Microseconds()))
	}
	return err
}
