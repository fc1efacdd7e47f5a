package sqldb

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// connLifetime is how long a connection lives at most, give or take connJitter: so long after its rotation an old password
	// or role is still in use.
	connLifetime = 30 * time.Minute
	connJitter   = 3 * time.Minute
	// refusedPause is the wait after a refused log-in, before another is tried.
	refusedPause = 100 * time.Millisecond
	// refusedMemory is how long a URL that was refused is not tried while another one works.
	refusedMemory = 10 * time.Second
)

// login decides with which URL a connection is made. The secret may change while the process runs, and never in the same moment
// at the server and in every process: for a while one of them is ahead. So a new URL that is refused leaves the last one that
// worked in use, and is tried again soon.
type login struct {
	url secret.String

	mu              sync.Mutex
	worked, refused string
	refusedAt       time.Time
}

// choose answers the URL for the next connection.
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

// before points a connection that is about to be made to where the secret says now, and hears how the log-in ends. A URL that
// makes no sense, such as half of one, leaves the connection as the process began.
func (l *login) before(_ context.Context, c *pgx.ConnConfig) error {
	url := l.choose()
	// The pool's parser: pgx's own would take the pool's settings for the server's.
	if fresh, err := pgxpool.ParseConfig(url); err == nil && isPostgres(url) {
		to := fresh.ConnConfig
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

// refuses recognises a log-in that was refused: invalid_authorization_specification, invalid_password.
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
