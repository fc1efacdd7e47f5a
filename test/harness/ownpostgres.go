package harness

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// OwnPostgres is a PostgreSQL of a test's own.
type OwnPostgres struct {
	// Databases holds one URL a service.
	Databases map[string]string

	server OwnServers
}

// StartOwnPostgres starts it in dir, with a database a service.
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
	if err := quick(p.server.dir); err != nil {
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

// quick has the server leave writing to the operating system: the processes are restarted here and never the machine, and a disk
// that others keep busy would make a restart take as long as it likes.
func quick(dir string) error {
	conf, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = conf.WriteString("fsync = off\n")
	return errors.Join(err, conf.Close())
}

// checkpointLimit is how long a checkpoint may take on a busy disk.
const checkpointLimit = 5 * time.Minute

// Checkpoint has the server write what it would have to write before it ends, which makes a restart short.
func (p *OwnPostgres) Checkpoint(ctx context.Context) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(p.Databases["identity"]), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is lost with it
	ctx, cancel := context.WithTimeout(ctx, checkpointLimit)
	defer cancel()
	_, err = db.Exec(ctx, "CHECKPOINT")
	return err
}

// Restart ends every connection, lets the server end in order, and starts it again, as for a minor release.
func (p *OwnPostgres) Restart() error {
	return p.server.pg("pg_ctl", "-D", p.server.dir, "-s", "-w", "-m", "fast", "-l", filepath.Join(p.server.dir, "log"), "restart")
}

// Close ends the server.
func (p *OwnPostgres) Close() error { return p.server.StopPostgres() }
