package harness

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Stored returns everything that a service stores durably: of the all-in-one the bytes of its SQLite files,
// else every row of its database as text, in which bytes are hexadecimal.
func (d *Deployment) Stored(ctx context.Context, service string) (string, error) {
	if d.authority == nil {
		return d.storedInFiles(service)
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(d.envOf(service, fmt.Sprintf("USHER_%s_DATABASE_URL", upper(service)))), MaxConns: 1})
	if err != nil {
		return "", err
	}
	defer db.Close() //nolint:errcheck // it was only read
	tables, err := column(ctx, db, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, table := range tables {
		rows, err := column(ctx, db, `SELECT t::text FROM ONLY `+table+` t`)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&all, table)
		for _, row := range rows {
			fmt.Fprintln(&all, row)
		}
	}
	return all.String(), nil
}

func column(ctx context.Context, db *sqldb.DB, query string) (values []string, err error) {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// storedInFiles reads the database and the files beside it, which have what is not yet in it.
func (d *Deployment) storedInFiles(service string) (string, error) {
	var all strings.Builder
	for _, name := range []string{service + ".db", service + ".db-wal", service + ".db-journal"} {
		text, err := os.ReadFile(filepath.Join(d.envOf("usher", "USHER_DATA_DIR"), name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// CheckStored returns an error where a service stores a secret that was recorded, as text or as bytes.
func (d *Deployment) CheckStored(ctx context.Context, service string) error {
	text, err := d.Stored(ctx, service)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	wanted := map[string]string{}
	for value, kind := range d.secrets {
		wanted[value], wanted[hex.EncodeToString([]byte(value))] = kind, kind+" in hexadecimal"
	}
	var errs []error
	for value, at := range findSecrets(text, wanted) {
		line, _, _ := strings.Cut(text[strings.LastIndex(text[:at], "\n")+1:], "\n")
		errs = append(errs, fmt.Errorf("%s of %s stores a %s: %.400s", service, d.Name, wanted[value], strings.ReplaceAll(line, value, "…")))
	}
	return errors.Join(errs...)
}
