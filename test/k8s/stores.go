package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// outside maps the host names in the overlay to the servers outside the cluster.
//
//go:embed stores.yaml
var outside []byte

// stores creates databases and roles, and the Secrets with their URLs.
func (e *env) stores(ctx context.Context) error {
	server := os.Getenv("USHER_TEST_POSTGRES_URL")
	if server == "" {
		return errors.New("USHER_TEST_POSTGRES_URL is not set: start this with make k8s-e2e")
	}
	if _, err := e.doWithInput(ctx, outside, "apply", "--filename", "-"); err != nil {
		return err
	}
	owners := map[string]string{}
	e.databases = map[string]string{}
	for _, service := range []string{"identity", "authz", "token", "consent", "activity"} {
		owner, own, err := roles(ctx, server, service)
		if err != nil {
			return fmt.Errorf("the roles of %s: %w", service, err)
		}
		owners[service], e.databases[service] = owner, own
		if err := e.secret(ctx, service+"-database", map[string]string{"url": own}); err != nil {
			return err
		}
	}
	if err := e.secret(ctx, "migrate-databases", owners); err != nil {
		return err
	}
	return e.secret(ctx, "redis", map[string]string{"password": os.Getenv("USHER_TEST_REDIS_PASSWORD")})
}

// roles creates a service's database, the role that owns its schema and the one that only reads and
// writes, and returns the URL of each. token and activity have one role for both, since they create
// and drop partitions.
func roles(ctx context.Context, server, service string) (owner, own string, err error) {
	if err := execute(ctx, server, "CREATE DATABASE "+service); err != nil {
		return "", "", err
	}
	owner, err = login(ctx, server, service, service+"_owner")
	if err != nil {
		return "", "", err
	}
	if err := execute(ctx, withDatabase(server, service), "GRANT CREATE ON SCHEMA public TO "+service+"_owner"); err != nil || service == "token" || service == "activity" {
		return owner, owner, err
	}
	own, err = login(ctx, server, service, service)
	if err != nil {
		return "", "", err
	}
	for _, what := range []string{"SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"} {
		if err := execute(ctx, owner, "ALTER DEFAULT PRIVILEGES GRANT "+what+" TO "+service); err != nil {
			return "", "", err
		}
	}
	return owner, own, nil
}

// login creates a role and returns the URL of a database for it, with the host name of the cluster.
func login(ctx context.Context, server, database, role string) (string, error) {
	password := rand.Text()
	if err := execute(ctx, server, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, password)); err != nil {
		return "", err
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password), Host: "postgresql:5432", Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String(), nil
}

// withDatabase returns a server's URL for another database.
func withDatabase(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server // sqldb returns the error
	}
	u.Path = "/" + database
	return u.String()
}

// execute runs one statement on a new connection.
func execute(ctx context.Context, at, statement string, args ...any) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(at), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the statement ran, or an error is returned
	_, err = db.Exec(ctx, statement, args...)
	return err
}

// rotate changes the password of a service's role as docs/kubernetes.md describes, and terminates
// the connections made with the old one, between two statements, so that new ones are made.
func (e *env) rotate(ctx context.Context, service string) error {
	at, err := url.Parse(e.databases[service])
	if err != nil {
		return err
	}
	role, password := at.User.Username(), rand.Text()
	at.User = url.UserPassword(role, password)
	patch, err := json.Marshal(map[string]any{"stringData": map[string]string{"url": at.String()}})
	if err != nil {
		return err
	}
	if _, err := e.do(ctx, "patch", "secret", service+"-database", "--patch", string(patch)); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Minute):
	}
	server := os.Getenv("USHER_TEST_POSTGRES_URL")
	if err := execute(ctx, server, fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", role, password)); err != nil {
		return err
	}
	before, err := connections(ctx, server, role)
	if err != nil {
		return err
	}
	end := `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND state = 'idle'`
	if err := execute(ctx, server, end, role); err != nil {
		return err
	}
	time.Sleep(15 * time.Second)
	after, err := connections(ctx, server, role)
	if err == nil && !after.After(before) {
		err = fmt.Errorf("%s has opened no connection since its password changed", service)
	}
	return err
}

// connections returns when a role's newest connection was opened.
func connections(ctx context.Context, server, role string) (youngest time.Time, err error) {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(server), MaxConns: 1})
	if err != nil {
		return time.Time{}, err
	}
	defer db.Close() //nolint:errcheck // only read from
	err = db.QueryRow(ctx, `SELECT COALESCE(max(backend_start), 'epoch') FROM pg_stat_activity WHERE usename = $1`, role).Scan(&youngest)
	return youngest, err
}
