package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// PostgresPair is a primary PostgreSQL server and its streaming standby, of a test's own.
type PostgresPair struct {
	// Primary and Standby change places with each Failover.
	Primary, Standby *OwnServers
}

// StartPostgresPair starts both in dir. The standby is a copy of the primary's files from before its first start.
func StartPostgresPair(dir string) (*PostgresPair, error) {
	addrs, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	pair := &PostgresPair{}
	for i, server := range []**OwnServers{&pair.Primary, &pair.Standby} {
		_, port, err := net.SplitHostPort(addrs[i])
		if err != nil {
			return nil, err
		}
		*server = &OwnServers{dir: filepath.Join(dir, "pg-"+port), pgPort: port}
	}
	if err := errors.Join(pair.Primary.initdb(), quick(pair.Primary.dir), pair.Standby.copyOf(pair.Primary)); err != nil {
		return nil, err
	}
	if err := pair.Primary.StartPostgres(); err != nil {
		return nil, err
	}
	if err := errors.Join(pair.Standby.follow(pair.Primary), pair.Standby.StartPostgres()); err != nil {
		return nil, errors.Join(err, pair.Primary.StopPostgres())
	}
	return pair, nil
}

// copyOf copies the files of a server that does not run, with their owner and rights.
func (o *OwnServers) copyOf(other *OwnServers) error {
	return exec.Command("cp", "-a", other.dir, o.dir).Run()
}

// URL names both servers, the one that was the primary first in the first place, and the database.
func (p *PostgresPair) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%s,127.0.0.1:%s/%s?sslmode=disable", p.Primary.pgPort, p.Standby.pgPort, database)
}

// NewServers makes a database a service on the pair, beside the Redis that scripts/with-deps.sh started.
func (p *PostgresPair) NewServers(ctx context.Context) (Servers, error) {
	servers, err := databasesOn(ctx, p.Primary.URL(), os.Getenv("USHER_TEST_REDIS_ADDR"))
	if err != nil {
		return Servers{}, err
	}
	for service, url := range servers.Databases {
		name, _, _ := strings.Cut(url[strings.LastIndex(url, "/")+1:], "?")
		servers.Databases[service] = p.URL(name)
	}
	return servers, nil
}

// Failover stops the primary in order, promotes the standby, and starts the old primary again as the standby of the new one. It
// returns as soon as all of that has happened; no connection is told. A standby that has just started is waited for: the primary
// only sends what is left to one that follows it.
func (p *PostgresPair) Failover(ctx context.Context) error {
	if err := p.awaitStandby(ctx); err != nil {
		return err
	}
	old, next := p.Primary, p.Standby
	if err := old.pg("pg_ctl", "-D", old.dir, "-s", "-w", "-m", "fast", "stop"); err != nil {
		return err
	}
	if err := next.pg("pg_ctl", "-D", next.dir, "-s", "-w", "promote"); err != nil {
		return err
	}
	p.Primary, p.Standby = next, old
	return errors.Join(old.follow(next), old.StartPostgres())
}

// awaitStandby waits until the standby follows the primary.
func (p *PostgresPair) awaitStandby(ctx context.Context) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(p.Primary.URL()), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it was asked
	return within(takeOverLimit, "a standby that follows the primary", func() bool {
		var following bool
		err := db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE state = 'streaming')`).Scan(&following)
		return err == nil && following
	})
}

// follow writes what makes a stopped server the standby of another one at its next start.
func (o *OwnServers) follow(primary *OwnServers) error {
	conf, err := os.OpenFile(filepath.Join(o.dir, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, "primary_conninfo = 'host=127.0.0.1 port=%s user=postgres'\n", primary.pgPort)
	if err := errors.Join(err, conf.Close()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.dir, "standby.signal"), nil, 0o644)
}

// Port is where the PostgreSQL server listens on loopback.
func (o *OwnServers) Port() string { return o.pgPort }

// ReadOnly has every transaction of the primary be read-only, or no longer, from each session's next one on. It is how some managed
// servers behave when their disk is full.
func (p *PostgresPair) ReadOnly(ctx context.Context, on bool) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(p.Primary.URL() + "&default_transaction_read_only=off"), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is lost with it
	if err := db.ExecOutsideTx(ctx, checkpointLimit, fmt.Sprintf("ALTER SYSTEM SET default_transaction_read_only = %t", on)); err != nil {
		return err
	}
	return p.Primary.pg("pg_ctl", "-D", p.Primary.dir, "-s", "reload")
}

// Close ends both.
func (p *PostgresPair) Close() error {
	return errors.Join(p.Primary.StopPostgres(), p.Standby.StopPostgres())
}
