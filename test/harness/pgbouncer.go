package harness

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

// PgBouncer is a connection pooler in front of the test PostgreSQL server.
type PgBouncer struct {
	// URL is the URL of the given database through the pooler.
	URL string

	cmd *exec.Cmd
}

// StartPgBouncer starts a pooler in dir, with pool_mode session or transaction, in front of the
// server that the database URL names.
func StartPgBouncer(dir, mode, database string) (*PgBouncer, error) {
	u, err := url.Parse(database)
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	own := filepath.Join(dir, "pgbouncer-"+mode)
	if err := os.Mkdir(own, 0o700); err != nil {
		return nil, err
	}
	files := map[string]string{
		"users.txt": `"postgres" ""` + "\n",
		"pgbouncer.ini": fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\n"+
			"auth_type = trust\nauth_file = %s\npool_mode = %s\n", u.Hostname(), u.Port(), port, filepath.Join(own, "users.txt"), mode),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(own, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	line := []string{"pgbouncer", "-q", filepath.Join(own, "pgbouncer.ini")}
	if name := os.Getenv("USHER_TEST_PG_USER"); name != "" { // it refuses to run as root
		if err := handOver(own, name); err != nil {
			return nil, err
		}
		line = append([]string{"setpriv", "--reuid", name, "--clear-groups"}, line...)
	}
	u.Host = addr
	b := &PgBouncer{URL: u.String(), cmd: exec.Command(line[0], line[1:]...)}
	b.cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin")
	b.cmd.Dir, b.cmd.Stderr = "/", os.Stderr
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	return b, within(startLimit, "PgBouncer", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close() // the pooler listens
		}
		return err == nil
	})
}

// Close stops the pooler.
func (b *PgBouncer) Close() error {
	_ = b.cmd.Process.Kill() // it may have exited already
	_ = b.cmd.Wait()
	return nil
}
