package stores_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	neturl "net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/internal/platform/stores"
	"github.com/vidocu/usher/test/harness"
)

func host(t *testing.T) *run.Host {
	t.Helper()
	return hostUntil(t, context.Background())
}

// allInOne returns the host of a process with exclusive use of its stores.
func allInOne(t *testing.T) *run.Host {
	t.Helper()
	s := run.Default()
	h, err := run.NewAllInOne(context.Background(), &s, run.AllInOne{Network: inproc.NewNetwork()}, io.Discard)
	must(t, err)
	return h.For("token")
}

// hostUntil returns a host that ends with the context.
func hostUntil(t *testing.T, ctx context.Context) *run.Host { //nolint:revive // t goes before everything in a test's helper
	t.Helper()
	s := run.Default()
	h, err := run.NewHost(ctx, "token", &s, io.Discard)
	must(t, err)
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func migrations(n int) fs.FS {
	step := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE things (id BIGINT PRIMARY KEY);\n")}
	more := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE others (id BIGINT PRIMARY KEY);\n")}
	all := fstest.MapFS{"migrations/sqlite/00001_things.sql": step, "migrations/postgres/00001_things.sql": step}
	if n > 1 {
		all["migrations/sqlite/00002_others.sql"], all["migrations/postgres/00002_others.sql"] = more, more
	}
	return all
}

func TestAServiceDoesNotStartOnASchemaThatIsBehind(t *testing.T) {
	for engine, create := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			url := secret.New(create(t))
			h := host(t)
			defer func() { must(t, h.Wait()) }()
			refused := func(steps int) {
				t.Helper()
				if _, err := stores.Database(t.Context(), h, url, migrations(steps)); err == nil || !strings.Contains(err.Error(), "usher migrate up") {
					t.Errorf("with steps pending: %v, want what to do", err)
				}
			}
			refused(1)
			migrating := allInOne(t)
			defer func() { must(t, migrating.Wait()) }()
			_, err := stores.Database(t.Context(), migrating, url, migrations(1))
			must(t, err)
			db, err := stores.Database(t.Context(), h, url, migrations(1))
			must(t, err)
			must(t, h.Ready(t.Context()))
			if _, err := db.Exec(t.Context(), "INSERT INTO things (id) VALUES (1)"); err != nil {
				t.Errorf("the database does not work: %v", err)
			}
			refused(2)
			must(t, db.Close())
			if err := h.Ready(t.Context()); !errors.Is(err, sqldb.ErrUnavailable) {
				t.Errorf("the database is closed, and the process is ready: %v", err)
			}
		})
	}
}

// TestAStartNamesASchemaThatTheRoleMayNotUse, and does not propose a migration, which would not help.
func TestAStartNamesASchemaThatTheRoleMayNotUse(t *testing.T) {
	url := sqldbtest.Postgres(t)
	owner := sqldbtest.Open(t, sqldb.Config{URL: secret.New(url)})
	must(t, sqldb.Migrate(t.Context(), owner, migrations(1)))
	role := strings.ToLower(secret.NewID("role"))
	for _, statement := range []string{"CREATE ROLE " + role + " LOGIN PASSWORD 'sentinel'", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "GRANT SELECT ON goose_db_version TO " + role} {
		_, err := owner.Exec(t.Context(), statement)
		must(t, err)
	}
	t.Cleanup(func() {
		_, err := owner.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role)
		must(t, err)
		_, err = owner.Exec(context.WithoutCancel(t.Context()), "DROP ROLE "+role)
		must(t, err)
	})
	as, err := neturl.Parse(url)
	must(t, err)
	as.User = neturl.UserPassword(role, "sentinel")
	h := host(t)
	defer func() { must(t, h.Wait()) }()
	_, err = stores.Database(t.Context(), h, secret.New(as.String()), migrations(1))
	if !errors.Is(err, sqldb.ErrSchemaPrivilege) || !strings.Contains(err.Error(), "GRANT USAGE ON SCHEMA public TO "+role) || strings.Contains(err.Error(), "migrate") {
		t.Errorf("%v", err)
	}
	_, err = owner.Exec(t.Context(), "GRANT USAGE ON SCHEMA public TO "+role)
	must(t, err)
	db, err := stores.Database(t.Context(), h, secret.New(as.String()), migrations(1))
	must(t, err)
	must(t, db.Close())
}

func TestADatabaseEndsWithTheProcess(t *testing.T) {
	h := allInOne(t)
	db, err := stores.Database(t.Context(), h, secret.New(sqldbtest.SQLite(t)), migrations(1))
	must(t, err)
	must(t, h.Wait())
	if _, err := db.Exec(context.Background(), "INSERT INTO things (id) VALUES (1)"); err == nil {
		t.Error("the database is open after the process ended")
	}
}

func TestAMissingURLIsNamed(t *testing.T) {
	h := host(t)
	defer func() { must(t, h.Wait()) }()
	if _, err := stores.Database(t.Context(), h, secret.String{}, migrations(1)); err == nil || !strings.Contains(err.Error(), "token.database_url") {
		t.Errorf("Database: %v", err)
	}
	if _, err := stores.ShortLived(t.Context(), h); err == nil || !strings.Contains(err.Error(), "redis.addrs") {
		t.Errorf("ShortLived: %v", err)
	}
}

func TestAWrongURLDoesNotShowItsPassword(t *testing.T) {
	h := host(t)
	defer func() { must(t, h.Wait()) }()
	if _, err := stores.Database(t.Context(), h, secret.New("mysql://usher:sentinel@db.test/usher"), migrations(1)); err == nil || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("%v", err)
	}
}

// TestAStartWaitsForADatabaseThatIsUnavailable, and says so; then it starts, or names the schema that
// is behind. A start that is ended meanwhile ends.
func TestAStartWaitsForADatabaseThatIsUnavailable(t *testing.T) {
	url := sqldbtest.Postgres(t)
	must(t, sqldb.Migrate(t.Context(), sqldbtest.Open(t, sqldb.Config{URL: secret.New(url)}), migrations(1)))
	way, err := neturl.Parse(url)
	must(t, err)
	proxy, err := harness.NewTCPProxy(way.Host)
	must(t, err)
	t.Cleanup(func() { must(t, proxy.Close()) })
	proxy.Blackhole(true)
	way.Host, way.User = proxy.Addr(), neturl.UserPassword(way.User.Username(), "sentinel") // the server trusts the user
	at := secret.New(way.String())
	log := logLines(make(chan string, 100))
	s := run.Default()
	s.AdminAddr = "127.0.0.1:0"
	h, err := run.NewHost(context.Background(), "token", &s, log)
	must(t, err)
	defer func() { must(t, h.Wait()) }()
	start := func(ctx context.Context, steps int) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := stores.Database(ctx, h, at, migrations(steps))
			done <- err
		}()
		return done
	}
	ended, end := context.WithCancel(t.Context())
	given := start(ended, 1)
	log.await(t, "the database cannot be used now")
	end()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("a start that was ended: %v", err)
	}
	current, behind := start(t.Context(), 1), start(t.Context(), 2)
	log.await(t, "the database cannot be used now")
	proxy.Blackhole(false)
	proxy.Cut()
	must(t, <-current)
	if err := <-behind; err == nil || !strings.Contains(err.Error(), "usher migrate up") {
		t.Errorf("with a step pending: %v", err)
	}
}

// logLines receives the lines of a log.
type logLines chan string

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func (l logLines) await(t *testing.T, text string) {
	t.Helper()
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) && !strings.Contains(line, "sentinel") {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("the log has no %q", text)
		}
	}
}

func TestMemoryKeepsWhatItIsGiven(t *testing.T) {
	h := allInOne(t)
	store, err := stores.ShortLived(t.Context(), h)
	must(t, err)
	must(t, store.Put(t.Context(), "key", []byte("value"), time.Minute))
	if value, found, err := store.Get(t.Context(), "key"); err != nil || !found || string(value) != "value" {
		t.Errorf("Get: %q, %v, %v", value, found, err)
	}
	must(t, h.Wait())
}
