package store

import (
	"embed"
	"io/fs"
	"time"

	"github.com/vidocu/usher/internal/platform/coalesce"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/introspect"
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

// Store keeps credentials in one database. Its methods may be called concurrently; they answer sqldb.ErrUnavailable
// when the database cannot be asked.
type Store struct {
	db   *sqldb.DB
	text statements
	keys keyStatements
	user userStatements
	ends endingStatements
	sees oversightStatements
	why  explainStatements
	// access gathers look-ups of access tokens; nil where that saves nothing.
	access *coalesce.Loader[secret.Hash, introspect.Facts]
	// rotations gathers rotations, likewise.
	rotations *coalesce.Loader[*grant.Rotation, grant.Issued]
	sweeps    sweeps
	// erased is when dead rows of a table were last erased one by one, by the database's clock.
	erased map[string]int64
}

// New prepares a store.
func New(db *sqldb.DB) *Store {
	s := &Store{
		db: db, text: prepare(db), keys: prepareKeys(db), user: prepareUser(db), ends: prepareEndings(db), sees: prepareOversight(db),
		why:    prepareExplain(db),
		sweeps: prepareSweeps(db), erased: make(map[string]int64),
	}
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
	return t
}

// micros is a duration as the database counts it.
func micros(d time.Duration) int64 { return d.Microseconds() }

// fromMicros is a stored time.
func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
