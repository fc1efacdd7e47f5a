package harness

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// NewServers creates one database per service on the test servers that scripts/with-deps.sh
// started.
func NewServers(ctx context.Context) (Servers, error) {
	server, redis := os.Getenv("USHER_TEST_POSTGRES_URL"), os.Getenv("USHER_TEST_REDIS_ADDR")
	if server == "" || redis == "" {
		return Servers{}, errors.New("no test servers: run the tests through scripts/with-deps.sh (make test does)")
	}
	s, err := databasesOn(ctx, server, redis)
	s.dropAt = server
	return s, err
}

// Drop drops the databases of NewServers, also where connections are open; of servers of one test,
// whose files are deleted, it drops none.
func (s Servers) Drop() error {
	if s.dropAt == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), creation)
	defer cancel()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(s.dropAt), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the databases are dropped, or an error is returned
	for _, name := range s.names {
		if _, err := db.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			return fmt.Errorf("dropping %s: %w", name, err)
		}
	}
	return nil
}

// creation is a deadline that only a hang reaches: to create a database copies one, and to drop one
// deletes its files, which takes a while on a loaded machine.
const creation = 5 * time.Minute

// databasesOn creates the databases on a server.
func databasesOn(ctx context.Context, server, redis string) (Servers, error) {
	ctx, cancel := context.WithTimeout(ctx, creation)
	defer cancel()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(server), MaxConns: 1})
	if err != nil {
		return Servers{}, err
	}
	defer db.Close() //nolint:errcheck // the databases exist, or an error is returned
	unique := strings.ToLower(secret.NewID("t"))
	s := Servers{Databases: map[string]string{}, RedisAddr: redis, RedisPrefix: unique + ":"}
	for _, service := range services() {
		if service == "gateway" {
			continue
		}
		name := fmt.Sprintf("usher_%s_%s", service, unique)
		if _, err := db.Exec(ctx, `CREATE DATABASE `+name); err != nil {
			return Servers{}, fmt.Errorf("creating %s: %w", name, err)
		}
		u, err := url.Parse(server)
		if err != nil {
			return Servers{}, err
		}
		u.Path = "/" + name
		s.Databases[service] = u.String()
		s.names = append(s.names, name)
	}
	return s, nil
}
