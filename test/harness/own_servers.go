package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// OwnServers are a PostgreSQL and a Redis server of one test, which it can stop and empty without
// disturbing others.
type OwnServers struct {
	Servers

	dir, pgPort string
	redis       *exec.Cmd
	client      *redis.Client
}

// StartOwnServers starts both servers with their files in dir.
func StartOwnServers(ctx context.Context, dir string) (*OwnServers, error) {
	addrs, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addrs[0])
	if err != nil {
		return nil, err
	}
	o := &OwnServers{dir: filepath.Join(dir, "pg"), pgPort: port}
	if err := o.initdb(); err != nil {
		return nil, err
	}
	if err := configure(o.dir, littleWAL); err != nil {
		return nil, err
	}
	if err := o.StartPostgres(); err != nil {
		return nil, err
	}
	if err := o.startRedis(ctx, addrs[1]); err != nil {
		return nil, errors.Join(err, o.StopPostgres())
	}
	o.Servers, err = databasesOn(ctx, o.URL(), addrs[1])
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// pg runs one of PostgreSQL's commands as the user that the server runs under, which is never root.
func (o *OwnServers) pg(command string, args ...string) error {
	line := append([]string{filepath.Join(os.Getenv("USHER_TEST_PG_BIN"), command)}, args...)
	if name := os.Getenv("USHER_TEST_PG_USER"); name != "" {
		line = append([]string{"runuser", "-u", name, "--"}, line...)
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = "/"
	log, err := os.CreateTemp("", "usher-pg-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(log.Name()) }()
	// A file instead of a pipe: the server that pg_ctl leaves running would keep a pipe open.
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		out, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return nil
}

func (o *OwnServers) initdb() error {
	if os.Getenv("USHER_TEST_PG_BIN") == "" {
		return errors.New("no PostgreSQL: run the tests through scripts/with-deps.sh (make test does)")
	}
	if err := os.Mkdir(o.dir, 0o700); err != nil {
		return err
	}
	if name := os.Getenv("USHER_TEST_PG_USER"); name != "" {
		if err := handOver(o.dir, name); err != nil {
			return err
		}
	}
	return o.pg("initdb", "-D", o.dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
}

// handOver makes a user the owner of a folder, and makes every folder above it accessible.
func handOver(dir, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	for parent := filepath.Dir(dir); parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o711); err != nil {
			return err
		}
	}
	return os.Chown(dir, uid, -1)
}

// StartPostgres starts the server and waits until it accepts connections. fsync is off: no test
// crashes the machine.
func (o *OwnServers) StartPostgres() error {
	if err := os.MkdirAll(filepath.Dir(o.note()), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(o.note(), []byte(o.dir), 0o644); err != nil {
		return err
	}
	return o.pg("pg_ctl", "-D", o.dir, "-s", "-w", "-l", filepath.Join(o.dir, "log"), "-o",
		"-p "+o.pgPort+" -c listen_addresses=127.0.0.1 -c unix_socket_directories="+o.dir+" -c max_connections=200 -c fsync=off", "start")
}

// DemandPassword makes the server require a role's password; all other roles need none.
func (o *OwnServers) DemandPassword(role string) error {
	path := filepath.Join(o.dir, "pg_hba.conf")
	others, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append([]byte("host all "+role+" 127.0.0.1/32 scram-sha-256\n"), others...), 0o600); err != nil {
		return err
	}
	return o.pg("pg_ctl", "-D", o.dir, "-s", "reload")
}

// SQL runs statements as the superuser, in the database of a service, or in the server's default
// database when service is empty.
func (o *OwnServers) SQL(ctx context.Context, service string, statements ...string) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(cmp.Or(o.Databases[service], o.URL())), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the statements have committed or failed
	for _, text := range statements {
		if _, err := db.Exec(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// note is a file with the path of a running server's files. A signal that ends the tests does not end the server:
// scripts/with-deps.sh stops those whose notes are left.
func (o *OwnServers) note() string {
	return filepath.Join(os.Getenv("USHER_TEST_BIN"), "servers", o.pgPort)
}

// StopPostgres stops the server immediately, as a crash would.
func (o *OwnServers) StopPostgres() error {
	if err := o.pg("pg_ctl", "-D", o.dir, "-s", "-w", "-m", "immediate", "stop"); err != nil {
		return err
	}
	return os.Remove(o.note())
}

// remove stops the server and deletes its files.
func (o *OwnServers) remove() error { return errors.Join(o.StopPostgres(), os.RemoveAll(o.dir)) }

func (o *OwnServers) startRedis(ctx context.Context, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	o.redis = exec.Command(RedisServer(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	o.redis.Dir = filepath.Dir(o.dir)
	if err := o.redis.Start(); err != nil {
		return err
	}
	o.client = redis.NewClient(&redis.Options{Addr: addr})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := o.client.Ping(ctx).Err()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// RedisServer is the Redis program, or the one that replaces it (scripts/with-deps.sh).
func RedisServer() string { return cmp.Or(os.Getenv("USHER_TEST_REDIS_SERVER"), "redis-server") }

// Redis returns a client of the Redis server, to read, restore and flush its data.
func (o *OwnServers) Redis() *redis.Client { return o.client }

// URL returns the superuser's URL of the PostgreSQL server.
func (o *OwnServers) URL() string {
	return "postgres://postgres@127.0.0.1:" + o.pgPort + "/postgres?sslmode=disable"
}

// PauseRedis stops the Redis process with SIGSTOP: it accepts connections and sends no reply, as on
// a machine that hangs. resume continues it.
func (o *OwnServers) PauseRedis() (resume func() error, err error) {
	if err := o.redis.Process.Signal(stopSignal); err != nil {
		return nil, err
	}
	return func() error { return o.redis.Process.Signal(continueSignal) }, nil
}

// Close stops both servers and deletes PostgreSQL's files.
func (o *OwnServers) Close() error { return errors.Join(o.closeRedis(), o.remove()) }

func (o *OwnServers) closeRedis() error {
	err := errors.Join(o.client.Close(), o.redis.Process.Kill())
	_ = o.redis.Wait() // it was killed
	return err
}

// StartOwnRedis starts a Redis server alone, and returns its address.
func StartOwnRedis(ctx context.Context, dir string) (addr string, stop func() error, err error) {
	if addr, err = FreeAddr(); err != nil {
		return "", nil, err
	}
	o := &OwnServers{dir: filepath.Join(dir, "redis")}
	return addr, o.closeRedis, o.startRedis(ctx, addr)
}

// Tool returns the path of one of PostgreSQL's commands.
func (*OwnServers) Tool(name string) string {
	return filepath.Join(os.Getenv("USHER_TEST_PG_BIN"), name)
}
