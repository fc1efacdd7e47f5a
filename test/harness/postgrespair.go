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

// PostgresPair is a primary PostgreSQL server and its streaming standby, of one test.
type PostgresPair struct {
	// Primary and Standby swap with each Failover.
	Primary, Standby *OwnServers
}

// StartPostgresPair starts both in dir. The standby is a copy of the primary's files from before
// its first start.
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
	if err := errors.Join(pair.Primary.initdb(), configure(pair.Primary.dir, withoutFsync), pair.Standby.copyOf(pair.Primary)); err != nil {
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

// copyOf copies the files of a stopped server, with their owner and mode.
func (o *OwnServers) copyOf(other *OwnServers) error {
	return exec.Command("cp", "-a", other.dir, o.dir).Run()
}

// URL returns a connection URL of the database that names both servers, the original primary first.
func (p *PostgresPair) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%s,127.0.0.1:%s/%s?sslmode=disable", p.Primary.pgPort, p.Standby.pgPort, database)
}

// NewServers creates one database per service on the pair, and uses the Redis that
// scripts/with-deps.sh started.
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

// Failover stops the primary in order, promotes the standby, and starts the old primary again as
// the standby of the new one. It returns when all three are done; clients are not notified. It
// waits for a standby that has just started, since a primary sends its last records only to a
// standby that is streaming.
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

// awaitStandby waits until the standby streams from the primary.
func (p *PostgresPair) awaitStandby(ctx context.Context) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(p.Primary.URL()), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read from
	return within(takeOverLimit, "a standby that follows the primary", func() bool {
		var following bool
		err := db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE state = 'streaming')`).Scan(&following)
		return err == nil && following
	})
}

// follow writes the configuration that makes a stopped server the standby of another one at its
// next start.
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

// Port is the PostgreSQL server's port on loopback.
func (o *OwnServers) Port() string { return o.pgPort }

// ReadOnly turns default_transaction_read_only on or off; each session applies it from its next
// transaction on. Some managed servers do this when their disk is full.
func (p *PostgresPair) ReadOnly(ctx context.Context, on bool) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(p.Primary.URL() + "&default_transaction_read_only=off"), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the setting was applied or an error is returned
	if err := db.ExecOutsideTx(ctx, checkpointLimit, fmt.Sprintf("ALTER SYSTEM SET default_transaction_read_only = %t", on)); err != nil {
		return err
	}
	return p.Primary.pg("pg_ctl", "-D", p.Primary.dir, "-s", "reload")
}

// Close stops both servers and deletes their files.
func (p *PostgresPair) Close() error {
	return errors.Join(p.Primary.remove(), p.Standby.remove())
}
