package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/test/harness"
)

// connections is the number of connections that a measured client opens to a gRPC server.
const connections = 4

// limitResults are the bare costs of the parts of our operations.
type limitResults struct{ echo, transaction, keyRead result }

func measureLimits(ctx context.Context, dir string, o options, servers harness.Servers) (limitResults, error) {
	var l limitResults
	e, err := startEcho(dir)
	if err != nil {
		return l, err
	}
	l.echo, err = load(ctx, o, "gRPC echo, mTLS, 4 connections", meter{"echo": oneProcess(e.cmd.Process.Pid)}, e.call)
	if err != nil {
		return l, err
	}
	if err := e.close(); err != nil {
		return l, err
	}
	return l, measureDatabase(ctx, o, servers.Databases["token"], &l)
}

// rows is the number of rows from which the raw transaction picks one.
const rows = 4096

func measureDatabase(ctx context.Context, o options, url string, l *limitResults) error {
	pid, err := harness.PostgresPID()
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(url), MaxConns: 8})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is left to flush
	for _, text := range []string{
		`CREATE TABLE bench_families (hash BYTEA PRIMARY KEY, filler TEXT NOT NULL, used BIGINT NOT NULL) WITH (fillfactor = 80)`,
		`CREATE TABLE bench_tokens (hash BYTEA PRIMARY KEY, filler TEXT NOT NULL)`,
		`CREATE TABLE bench_spent (hash BYTEA PRIMARY KEY, filler TEXT NOT NULL)`,
	} {
		if _, err := db.Exec(ctx, text); err != nil {
			return err
		}
	}
	keys, err := fill(ctx, db)
	if err != nil {
		return err
	}
	m := meter{"postgres": withChildren(pid)}
	l.transaction, err = load(ctx, o, "pipelined transaction: update by hash, insert two 200-byte rows", m, func(ctx context.Context, _ int) error {
		return rawTransaction(ctx, db, keys[rand.IntN(len(keys))])
	})
	if err != nil {
		return err
	}
	l.keyRead, err = load(ctx, o, "primary-key read", m, func(ctx context.Context, _ int) error {
		var filler string
		key := keys[rand.IntN(len(keys))]
		return db.QueryRow(ctx, `SELECT filler FROM bench_families WHERE hash = $1`, key).Scan(&filler)
	})
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `DROP TABLE bench_families, bench_tokens, bench_spent`)
	return err
}

func fill(ctx context.Context, db *sqldb.DB) ([][]byte, error) {
	keys := make([][]byte, rows)
	for i := range keys {
		keys[i] = secret.Sum(fmt.Sprint(i)).Bytes()
		if _, err := db.Exec(ctx, `INSERT INTO bench_families (hash, filler, used) VALUES ($1, $2, 0)`, keys[i], filler()); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func filler() string { return fmt.Sprintf("%0160d", 7) }

func rawTransaction(ctx context.Context, db *sqldb.DB, key []byte) error {
	return db.Pipeline(ctx,
		sqldb.Stmt(`UPDATE bench_families SET used = used + 1 WHERE hash = $1`, key),
		sqldb.Stmt(`INSERT INTO bench_tokens (hash, filler) VALUES ($1, $2)`, secret.Sum(secret.NewCode().Reveal()).Bytes(), filler()),
		sqldb.Stmt(`INSERT INTO bench_spent (hash, filler) VALUES ($1, $2)`, secret.Sum(secret.NewCode().Reveal()).Bytes(), filler()),
	)
}
