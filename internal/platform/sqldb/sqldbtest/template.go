package sqldbtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Migrated returns the URL of a fresh database of the engine with the migrations in fsys applied. It
// is a copy of a template, which all test packages on the same servers share: the migrations run
// once for all, and not for each test.
func Migrated(t testing.TB, engine sqldb.Engine, fsys fs.FS) string {
	t.Helper()
	if engine == sqldb.SQLite {
		return migratedSQLite(t, fsys)
	}
	return postgres(t, postgresTemplate(t, fsys))
}

// digest returns a name for the contents of the files in fsys.
func digest(t testing.TB, fsys fs.FS) string {
	t.Helper()
	sum := sha256.New()
	err := fs.WalkDir(fsys, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(fsys, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:12])
}

// postgresTemplate returns the name of the template with the migrations in fsys, and creates it
// where it does not exist. Concurrent creators, in other processes too, wait for the first; one that
// is interrupted leaves no template, since a template gets its name when it is complete.
func postgresTemplate(t testing.TB, fsys fs.FS) string {
	t.Helper()
	name := "usher_template_" + digest(t, fsys)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Minute)
	defer cancel()
	db := connect(ctx, t)
	defer db.Close() //nolint:errcheck // the lock ends with the connection
	if _, err := db.Exec(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		t.Fatal(err)
	}
	var exists bool
	if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		return name
	}
	making := "making_" + name
	for _, text := range []string{"DROP DATABASE IF EXISTS " + making + " WITH (FORCE)", "CREATE DATABASE " + making} {
		if _, err := db.Exec(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	migrate(ctx, t, serverURL(t, making), fsys)
	for _, text := range []string{
		"ALTER DATABASE " + making + " RENAME TO " + name, "ALTER DATABASE " + name + " ALLOW_CONNECTIONS false",
	} {
		if _, err := db.Exec(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// migratedSQLite copies the template from USHER_TEST_BIN, the folder that test packages share;
// without one it migrates a database of its own.
func migratedSQLite(t testing.TB, fsys fs.FS) string {
	t.Helper()
	shared := os.Getenv("USHER_TEST_BIN")
	if shared == "" {
		database := SQLite(t)
		migrate(t.Context(), t, database, fsys)
		return database
	}
	template := filepath.Join(shared, "template-"+digest(t, fsys)+".db")
	content, err := os.ReadFile(template) //nolint:gosec // the folder is the test run's own
	if errors.Is(err, fs.ErrNotExist) {
		// Concurrent processes may create it twice: the contents are equal, and renaming is atomic.
		database := SQLite(t)
		migrate(t.Context(), t, database, fsys)
		content, err = publish(filePath(database), template)
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, content, 0o600); err != nil { //nolint:gosec // the folder is the test's own
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// publish copies a closed database under a name that others read, and returns its content.
func publish(from, to string) ([]byte, error) {
	content, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil { //nolint:gosec // as above
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(to), "template-*")
	if err != nil {
		return nil, err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return content, os.Rename(file.Name(), to) //nolint:gosec // the folder is the test run's own
}

// filePath returns the path in the URL of a SQLite database.
func filePath(database string) string { return database[len("sqlite:"):] }

// migrate applies the migrations to a database and closes it.
func migrate(ctx context.Context, t testing.TB, database string, fsys fs.FS) {
	t.Helper()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(database)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqldb.Migrate(ctx, db, fsys), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// serverURL returns the URL of a database on USHER_TEST_POSTGRES_URL's server, which
// scripts/with-deps.sh starts; with an empty name, of the one that is there from the beginning.
func serverURL(t testing.TB, name string) string {
	t.Helper()
	server := os.Getenv("USHER_TEST_POSTGRES_URL")
	if server == "" {
		t.Fatal("USHER_TEST_POSTGRES_URL is not set: run the tests through scripts/with-deps.sh (make test does)")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("USHER_TEST_POSTGRES_URL is not a URL")
	}
	if name != "" {
		u.Path = "/" + name
	}
	return u.String()
}

// connect returns a database of one connection to the server.
func connect(ctx context.Context, t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(serverURL(t, "")), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	return db
}
