package store

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

//go:embed migrations
var migrations embed.FS

// Migrations are the schema's steps, a folder an engine.
func Migrations() fs.FS { return migrations }

// Store persists credentials in one database. Its methods may be called concurrently; they return
// sqldb.ErrUnavailable when the database is unavailable.
type Store struct {
	// RevocationLog reads the revocation log.
	RevocationLog *revlog.Reader

	db   *sqldb.DB
	log  *revlog.Log
	text statements
	// access batches look-ups of access tokens; nil on SQLite.
	access *coalesce.Loader[secret.Hash, introspect.Facts]
	// rotations batches rotations; nil on SQLite.
	rotations *coalesce.Loader[*grant.Rotation, grant.Issued]
	// deadFamilies and deadKeys delete the rows that are over.
	deadFamilies *cleanup.Sweep[[]byte]
	deadKeys     *cleanup.Sweep[string]
	// lastErased is when the dead rows of a table were last deleted one by one, by the database's
	// clock.
	lastErased map[string]int64
}

// New returns a store. Its methods that revoke return when barrier does.
func New(db *sqldb.DB, barrier revlog.RevocationBarrier) *Store {
	s := &Store{
		RevocationLog: revlog.NewReader(db), db: db, log: revlog.New(db, barrier), text: prepare(db), lastErased: make(map[string]int64),
	}
	s.prepareSweeps()
	if db.Engine() == sqldb.Postgres {
		s.access = coalesce.New(s.findManyAccess)
		s.rotations = coalesce.New(s.rotateMany)
	}
	return s
}

// prepare expands every statement once.
func prepare(db *sqldb.DB) statements {
	t := portable
	for _, s := range t.all() {
		*s = db.SQL(*s)
	}
	t.prepareKeys(db)
	t.prepareUser(db)
	t.prepareRevocations(db)
	t.preparePairs(db)
	t.prepareInspection(db)
	t.prepareCounts(db)
	t.prepareExplain(db)
	t.prepareInstallations(db)
	t.prepareService(db)
	t.prepareSigning(db)
	t.prepareLogout(db)
	return t
}

// queryRow runs a statement that returns at most one row, in a transaction or by itself.
type queryRow func(ctx context.Context, text string, args ...any) sqldb.Row

// micros converts a duration to microseconds, the database's unit.
func micros(d time.Duration) int64 { return d.Microseconds() }

// fromMicros converts a stored time.
func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// inTx runs a transaction that revokes nothing. Its errors begin with what.
func (s *Store) inTx(ctx context.Context, what string, work func(*sqldb.Tx) error) error {
	return sqldb.Wrap(what, s.db.InTx(ctx, work))
}
