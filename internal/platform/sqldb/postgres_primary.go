package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errReadOnly is a server that cannot write: a standby, or one that was set read-only. It is not
// used for reads either, since a standby may not have received the last revocation yet.
var errReadOnly = errors.New("the server is read-only (a standby, or default_transaction_read_only is on), and every connection must be able to write")

// readOnlyTransaction is the SQLSTATE of a write on such a server (read_only_sql_transaction).
const readOnlyTransaction = "25006"

// primary keeps the connections of a pool at the server that can write. In a failover the old
// primary often continues as a standby, at an address that the URL names too or that a name server
// still returns.
type primary struct {
	// term counts the demotions that were detected. A connection from an earlier term is replaced
	// before it is used again.
	term atomic.Int64
}

// termKey is the key of a connection's term in its custom data.
const termKey = "usher.term"

// configure checks every new connection, and detects every demotion. It must be called before
// OnPgError is wrapped.
func (p *primary) configure(c *pgx.ConnConfig) {
	c.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		conn.CustomData()[termKey] = p.term.Load()
		return writable(ctx, conn)
	}
	closes := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code == readOnlyTransaction {
			p.term.Add(1)
			return false // pgx closes the connection
		}
		return closes(conn, err)
	}
}

// current reports whether a connection was made since the last demotion.
func (p *primary) current(conn *pgconn.PgConn) bool {
	return conn.CustomData()[termKey] == p.term.Load()
}

// check is a ping that also detects a server that was made read-only.
func (p *primary) check(ctx context.Context, conn *pgconn.PgConn) error {
	err := writable(ctx, conn)
	if errors.Is(err, errReadOnly) {
		p.term.Add(1)
	}
	return err
}

// writable checks that the server can write; one round trip.
func writable(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, "SHOW transaction_read_only").ReadAll()
	if err != nil {
		return err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || string(results[0].Rows[0][0]) != "off" {
		return errReadOnly
	}
	return nil
}

// validateTarget refuses a URL that requires a kind of server that we cannot use. Without the
// parameter every connection goes to a server that can write.
func validateTarget(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return nil //nolint:nilerr // pgx accepts hosts that net/url does not, and has found the rest valid
	}
	attrs := u.Query().Get("target_session_attrs")
	if slices.Contains([]string{"", "any", "read-write", "primary"}, attrs) {
		return nil
	}
	return fmt.Errorf("the database URL says target_session_attrs=%s: Usher writes with every connection; leave the parameter out, or give read-write", attrs)
}

// hosts counts the servers in a configuration. A server is listed twice where TLS is tried before
// plain text.
func hosts(c *pgx.ConnConfig) int {
	named := map[string]bool{net.JoinHostPort(c.Host, fmt.Sprint(c.Port)): true}
	for _, f := range c.Fallbacks {
		named[net.JoinHostPort(f.Host, fmt.Sprint(f.Port))] = true
	}
	return len(named)
}

// connectTimeout leaves time to try every server of the URL within one acquisition: the first may
// be a machine that is gone.
func connectTimeout(c *pgx.ConnConfig) time.Duration {
	if n := hosts(c); n > 1 {
		return acquireTimeout / time.Duration(n+1)
	}
	return acquireTimeout
}

// dialer detects within 8 s, also on an idle connection, that the other machine is gone.
func dialer() pgconn.DialFunc {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 3}}
	return d.DialContext
}
