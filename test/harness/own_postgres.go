package harness

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// OwnPostgres is a PostgreSQL server of one test.
type OwnPostgres struct {
	// Databases maps each service to its database URL.
	Databases map[string]string

	server OwnServers
}

// StartOwnPostgres starts the server in dir, with one database per service.
func StartOwnPostgres(ctx context.Context, dir string) (*OwnPostgres, error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addrs[0])
	if err != nil {
		return nil, err
	}
	p := &OwnPostgres{server: OwnServers{dir: filepath.Join(dir, "pg"), pgPort: port}}
	if err := p.server.initdb(); err != nil {
		return nil, err
	}
	if err := configure(p.server.dir, withoutFsync, littleWAL); err != nil {
		return nil, err
	}
	if err := p.server.StartPostgres(); err != nil {
		return nil, err
	}
	servers, err := databasesOn(ctx, "postgres://postgres@127.0.0.1:"+port+"/postgres?sslmode=disable", "")
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.Databases = servers.Databases
	return p, nil
}

const (
	// withoutFsync: tests restart the server's processes and never the machine, and on a busy disk a
	// restart with fsync could take minutes.
	withoutFsync = "fsync = off\n"
	// littleWAL keeps the write-ahead log small, which otherwise grows to a gigabyte under load. A
	// standby would need more of it.
	littleWAL = "max_wal_size = 128MB\nmin_wal_size = 32MB\ncheckpoint_warning = 0\n"
)

// configure adds to the configuration of a server that is not running.
func configure(dir string, settings ...string) error {
	conf, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = conf.WriteString(strings.Join(settings, ""))
	return errors.Join(err, conf.Close())
}

// checkpointLimit is the timeout of a checkpoint on a busy disk.
const checkpointLimit = 5 * time.Minute

// Checkpoint runs CHECKPOINT, so that the shutdown that follows has little left to write.
func (p *OwnPostgres) Checkpoint(ctx context.Context) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(p.Databases["identity"]), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // a CHECKPOINT leaves nothing to close in order
	ctx, cancel := context.WithTimeout(ctx, checkpointLimit)
	defer cancel()
	_, err = db.Exec(ctx, "CHECKPOINT")
	return err
}

// Restart closes every connection, stops the server in order, and starts it again, as for a minor
// release.
func (p *OwnPostgres) Restart() error {
	return p.server.pg("pg_ctl", "-D", p.server.dir, "-s", "-w", "-m", "fast", "-l", filepath.Join(p.server.dir, "log"), "restart")
}

// Close stops the server and deletes its files.
func (p *OwnPostgres) Close() error { return p.server.remove() }
