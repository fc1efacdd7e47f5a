package sqldb

import (
	"context"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vidocu/usher/internal/platform/authorities"
	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// connLifetime is the maximum age of a connection, give or take connJitter: an old password or
	// role stays in use for that long after its rotation.
	connLifetime = 30 * time.Minute
	connJitter   = 3 * time.Minute
	// refusedPause is the pause after a refused login, before the next attempt.
	refusedPause = 100 * time.Millisecond
	// refusedMemory is how long a refused URL is not retried while another one works.
	refusedMemory = 10 * time.Second
)

// login selects the URL for a new connection. The secret may change while the process runs, and
// never at the same moment at the server and in every process. So when a new URL is refused, the
// last one that worked stays in use, and the new one is retried soon.
type login struct {
	url secret.String
	// authorities returns the default authorities, which are loaded once, and only for a URL that
	// needs them.
	authorities func() *x509.CertPool

	mu              sync.Mutex
	worked, refused string
	refusedAt       time.Time
}

func newLogin(url secret.String) *login {
	return &login{url: url, authorities: sync.OnceValue(authorities.Default)}
}

// choose returns the URL for the next connection.
func (l *login) choose() string {
	now := l.url.Reveal()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now == l.refused && l.worked != "" && time.Since(l.refusedAt) < refusedMemory {
		return l.worked
	}
	return now
}

func (l *login) accept(url string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worked = url
}

func (l *login) refuse(url string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused, l.refusedAt = url, time.Now()
}

// before sets the address and credentials of a new connection from the current secret, and records
// whether the login succeeds. An invalid URL, such as a half-written one, leaves the connection
// with the URL of the start.
func (l *login) before(_ context.Context, c *pgx.ConnConfig) error {
	url := l.choose()
	// The pool's parser: pgx's own would send the pool's settings to the server.
	if fresh, err := pgxpool.ParseConfig(url); err == nil && isPostgres(url) {
		to := fresh.ConnConfig
		trust(&to.Config, l.authorities)
		c.Host, c.Port, c.Database, c.User, c.Password = to.Host, to.Port, to.Database, to.User, to.Password
		c.TLSConfig, c.Fallbacks = to.TLSConfig, to.Fallbacks
	}
	told := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if refuses(err.Code) {
			l.refuse(url)
		}
		return told(conn, err)
	}
	c.AfterConnect = func(context.Context, *pgconn.PgConn) error {
		l.accept(url)
		return nil
	}
	return nil
}

// refuses reports whether code is a refused login: invalid_authorization_specification,
// invalid_password.
func refuses(code string) bool { return code == "28000" || code == "28P01" }

func loginRefused(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && refuses(server.Code)
}

// pause waits, unless the context ends before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
