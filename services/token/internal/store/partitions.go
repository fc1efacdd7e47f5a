package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// partitioned is a table whose rows lie in partitions by expiry.
type partitioned struct {
	table string
	// width is the span of expiries in one partition. It is what a dead row outlives its token by at most, and few
	// enough partitions must cover a lifetime that a look-up by hash stays one cheap statement.
	width time.Duration
	// ahead is how far from now partitions must exist: the longest lifetime of a row and a margin.
	ahead time.Duration
}

// margin is how long the service may go without housekeeping before an insert finds no partition.
const margin = 24 * time.Hour

func partitionedTables(access, refresh time.Duration) []partitioned {
	return []partitioned{
		{table: "access_tokens", width: time.Hour, ahead: access + margin},
		{table: "spent_refresh_tokens", width: 72 * time.Hour, ahead: refresh + 72*time.Hour},
	}
}

// advisoryKey names the lock that keeps replicas from creating the same partition at once.
const advisoryKey = 0x75736865

// Housekeep makes room ahead and drops what is wholly expired: partitions on PostgreSQL, small batches of rows on
// SQLite. Any replica may run it at any time.
func (s *Store) Housekeep(ctx context.Context, accessLifetime, refreshLifetime time.Duration) error {
	for _, t := range partitionedTables(accessLifetime, refreshLifetime) {
		var err error
		if s.db.Engine() == sqldb.Postgres {
			err = s.partition(ctx, t)
		} else {
			err = s.deleteExpired(ctx, t.table)
		}
		if err != nil {
			return fmt.Errorf("housekeeping %s: %w", t.table, err)
		}
	}
	_, err := s.EraseRetries(ctx)
	return err
}

// deleteExpired removes expired rows a thousand at a time, so that no writer waits long.
func (s *Store) deleteExpired(ctx context.Context, table string) error {
	text := s.db.SQL(`DELETE FROM ` + table + ` WHERE hash IN (SELECT hash FROM ` + table + ` WHERE expires_at <= {{now}} LIMIT 1000)`)
	for {
		n, err := s.db.Exec(ctx, text)
		if err != nil || n == 0 {
			return err
		}
	}
}

// partition creates the partitions that rows written until the next run may need, and drops the expired ones.
func (s *Store) partition(ctx context.Context, t partitioned) error {
	return s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(advisoryKey)); err != nil {
			return err
		}
		var now int64
		if err := tx.QueryRow(ctx, s.db.SQL(`SELECT {{now}}`)).Scan(&now); err != nil {
			return err
		}
		have, err := s.partitionsOf(ctx, tx, t.table)
		if err != nil {
			return err
		}
		width := micros(t.width)
		for from := now - now%width; from < now+micros(t.ahead); from += width {
			if err := createPartition(ctx, tx, t.table, from, from+width, have); err != nil {
				return err
			}
		}
		return dropPartitions(ctx, tx, t.table, now-width, have)
	})
}

// partitionsOf reads the names of a table's partitions; the name carries the upper bound.
func (s *Store) partitionsOf(ctx context.Context, tx *sqldb.Tx, table string) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `
SELECT child.relname::text FROM pg_inherits i
JOIN pg_class child ON child.oid = i.inhrelid WHERE i.inhparent = $1::text::regclass`, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := make(map[string]bool)
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		have[name] = true
	}
	return have, rows.Err()
}

func partitionName(table string, to int64) string { return fmt.Sprintf("%s_until_%d", table, to) }

func createPartition(ctx context.Context, tx *sqldb.Tx, table string, from, to int64, have map[string]bool) error {
	name := partitionName(table, to)
	if have[name] {
		return nil
	}
	// Bounds are our own numbers; a partition's bounds cannot be parameters.
	_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%d) TO (%d)`, name, table, from, to))
	return err
}

// dropPartitions drops the partitions whose every row expired before the given time.
func dropPartitions(ctx context.Context, tx *sqldb.Tx, table string, before int64, have map[string]bool) error {
	for name := range have {
		var to int64
		if _, err := fmt.Sscanf(name, table+"_until_%d", &to); err != nil || to > before {
			continue
		}
		if _, err := tx.Exec(ctx, `DROP TABLE `+name); err != nil {
			return err
		}
	}
	return nil
}
