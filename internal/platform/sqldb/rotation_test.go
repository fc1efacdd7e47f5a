package sqldb_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/test/harness"
)

// mounted is a secret in a file that its owner replaces.
type mounted struct {
	mu    sync.Mutex
	value string
}

func (m *mounted) read() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value
}

func (m *mounted) write(value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value = value
}

// rotation is a database with a role that needs a password, and a process that is logged in.
type rotation struct {
	t       *testing.T
	servers *harness.OwnServers
	secret  mounted
	db      *sqldb.DB
}

func newRotation(t *testing.T, servers *harness.OwnServers, role string) *rotation {
	t.Helper()
	r := &rotation{t: t, servers: servers}
	r.role(role, "first")
	r.secret.write(r.url(role, "first"))
	r.db = sqldbtest.Open(t, sqldb.Config{URL: secret.Live(r.secret.read)})
	r.works("at first")
	return r
}

// role creates a role that logs in by its password only.
func (r *rotation) role(name, password string) {
	r.t.Helper()
	if err := r.servers.SQL(r.t.Context(), "token", "CREATE ROLE "+name+" LOGIN PASSWORD '"+password+"'"); err != nil {
		r.t.Fatal(err)
	}
	if err := r.servers.DemandPassword(name); err != nil {
		r.t.Fatal(err)
	}
	// The server reloads its rules a moment after the signal. A refused login is retried, so the
	// first pause is short.
	var err error
	for limit := 50 * time.Millisecond; limit < 2*time.Minute; limit += limit / 4 {
		db := sqldbtest.Open(r.t, sqldb.Config{URL: secret.New(r.url(name, "none"))})
		ctx, cancel := context.WithTimeout(r.t.Context(), limit)
		err = db.Ping(ctx)
		cancel()
		if err != nil && strings.Contains(err.Error(), "28P01") {
			return
		}
		time.Sleep(limit / 4)
	}
	r.t.Fatalf("a wrong password of %s: %v", name, err)
}

func (r *rotation) url(role, password string) string {
	u, err := url.Parse(r.servers.Databases["token"])
	if err != nil {
		r.t.Fatal(err)
	}
	u.User = url.UserPassword(role, password)
	return u.String()
}

// sql runs a statement as the superuser.
func (r *rotation) sql(text string) {
	r.t.Helper()
	if err := r.servers.SQL(r.t.Context(), "token", text); err != nil {
		r.t.Fatal(err)
	}
}

// cut ends every connection of a role, as the end of its lifetime would.
func (r *rotation) cut(role string) {
	r.t.Helper()
	r.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '" + role + "'")
}

// works returns the role that is logged in, over more than one connection.
func (r *rotation) works(when string) (role string) {
	r.t.Helper()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			var name string
			// A query may get a connection that was cut: the pool does not check each one before.
			// The limit is for a test that hangs.
			err := errors.New("not queried")
			for end := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(end); {
				err = r.db.QueryRow(r.t.Context(), "SELECT current_user::text FROM pg_sleep(0.02)").Scan(&name)
			}
			if err != nil {
				r.t.Errorf("%s: %v", when, err)
			}
			if i == 0 {
				role = name
			}
		})
	}
	all.Wait()
	return role
}

func TestAPasswordIsRotatedWithoutARestartWhicheverChangesFirst(t *testing.T) {
	servers, err := harness.StartOwnServers(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := servers.Close(); err != nil {
			t.Error(err)
		}
	})

	t.Run("the file first", func(t *testing.T) {
		r := newRotation(t, servers, "ahead")
		r.secret.write(r.url("ahead", "second"))
		r.cut("ahead")
		r.works("while the server accepts only the old password")
		r.sql("ALTER ROLE ahead PASSWORD 'second'")
		r.cut("ahead")
		r.works("when the server has followed")
	})
	t.Run("the server first", func(t *testing.T) {
		r := newRotation(t, servers, "behind")
		r.sql("ALTER ROLE behind PASSWORD 'second'")
		r.works("while connections live from before")
		r.cut("behind")
		if err := r.db.Ping(t.Context()); !errors.Is(err, sqldb.ErrUnavailable) || strings.Contains(err.Error(), "second") {
			t.Errorf("with the old password alone: %v", err)
		}
		r.secret.write(r.url("behind", "second"))
		r.works("when the file has followed")
	})
	t.Run("during the wait for a connection", func(t *testing.T) {
		r := newRotation(t, servers, "slow")
		r.sql("ALTER ROLE slow PASSWORD 'second'")
		r.cut("slow")
		var reads atomic.Int32
		stale, fresh := r.url("slow", "first"), r.url("slow", "second")
		db := sqldbtest.Open(t, sqldb.Config{URL: secret.Live(func() string {
			if reads.Add(1) <= 3 { // opening reads it twice: once is the login that is refused
				return stale
			}
			return fresh
		}), MaxConns: 1})
		if err := db.Ping(t.Context()); err != nil || reads.Load() < 4 {
			t.Errorf("after %d looks at the file: %v", reads.Load(), err)
		}
	})
	t.Run("to another role", func(t *testing.T) {
		r := newRotation(t, servers, "blue")
		r.role("green", "new")
		r.secret.write(r.url("green", "new"))
		r.cut("blue")
		if role := r.works("as the other role"); role != "green" {
			t.Errorf("it is %q", role)
		}
	})
	t.Run("half a file", func(t *testing.T) {
		r := newRotation(t, servers, "half")
		r.secret.write("postgr")
		r.cut("half")
		r.works("with half a URL in the file")
	})
}
