package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// partitioned is a table whose rows lie in partitions by expiry.
type partitioned struct {
	table string
	// width is the span of expiries in one partition. It is what a dead row outlives its token by at most, and few
	// enough partitions must cover a lifetime that a look-up by hash stays one cheap statement.
	width time.Duration
	// kept is how long a row is remembered past its expiry.
	kept time.Duration
	// ahead is how far from now partitions must exist: the longest lifetime of a row and a margin.
	ahead time.Duration
}

// The widths. Look-ups name no upper bound, since another replica may issue for longer than this one does; so they touch
// every partition from now on, and there must be few: three for access tokens that live an hour.
const (
	accessWidth = 6 * time.Hour
	spentWidth  = 72 * time.Hour
	userWidth   = 72 * time.Hour
)

// partitionedTables lists all. What is ahead is a lifetime and one width, which is how long the service may go without
// housekeeping before an insert finds no partition.
func partitionedTables(l grant.Lifetimes) []partitioned {
	return []partitioned{
		{table: "access_tokens", width: accessWidth, ahead: l.Access + accessWidth},
		{table: "spent_refresh_tokens", width: spentWidth, ahead: l.Refresh + spentWidth},
		{table: "user_tokens", width: userWidth, kept: usertoken.KeptPastTime, ahead: l.User + userWidth},
	}
}

// advisoryKey names the lock that keeps replicas from creating the same partition at once.
const advisoryKey = 0x75736865

// MakeRoom creates the partitions that rows written from now on may need. Nobody who reads or writes waits for it. On
// SQLite there is nothing to do.
func (s *Store) MakeRoom(ctx context.Context, l grant.Lifetimes) error {
	if s.db.Engine() != sqldb.Postgres {
		return nil
	}
	for _, t := range partitionedTables(l) {
		err := s.alter(ctx, t.table, func(tx *sqldb.Tx, now int64, have map[string]bool) error {
			width := micros(t.width)
			for from := now - now%width; from < now+micros(t.ahead); from += width {
				if err := createPartition(ctx, tx, t.table, from, from+width, have); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("making room in %s: %w", t.table, err)
		}
	}
	s.roomMade.Press()
	return nil
}

// Room is how long rows of every lifetime still find a partition if nobody makes another: one width at most. Without
// partitions, as on SQLite, it is always that.
func (s *Store) Room() time.Duration { return accessWidth - s.roomMade.Since() }

// dropExpired drops what is wholly expired: partitions on PostgreSQL, small batches of rows on SQLite.
func (s *Store) dropExpired(ctx context.Context, t partitioned) error {
	if s.db.Engine() != sqldb.Postgres {
		return s.deleteExpired(ctx, t)
	}
	return s.alter(ctx, t.table, func(tx *sqldb.Tx, now int64, have map[string]bool) error {
		return dropPartitions(ctx, tx, t.table, now-micros(t.width+t.kept), have)
	})
}

// deleteExpired removes expired rows a thousand at a time, so that no writer waits long.
func (s *Store) deleteExpired(ctx context.Context, t partitioned) error {
	text := s.db.SQL(`DELETE FROM ` + t.table + ` WHERE hash IN (
    SELECT hash FROM ` + t.table + ` WHERE expires_at <= {{now}} - $1 LIMIT 1000)`)
	for {
		n, err := s.db.Exec(ctx, text, micros(t.kept))
		if err != nil || n == 0 {
			return err
		}
	}
}

// alter changes a table's partitions. While it waits for a lock, everybody else waits behind it: so it gives up at once
// where a long report holds the table, and is tried again later.
func (s *Store) alter(ctx context.Context, table string, change func(tx *sqldb.Tx, now int64, have map[string]bool) error) error {
	return s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(advisoryKey)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '100ms'`); err != nil {
			return err
		}
		var now int64
		if err := tx.QueryRow(ctx, s.db.SQL(`SELECT {{now}}`)).Scan(&now); err != nil {
			return err
		}
		have, err := s.partitionsOf(ctx, tx, table)
		if err != nil {
			return err
		}
		return change(tx, now, have)
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
	// Made apart and then attached, because that lets readers and writers of the table go on. Bounds are our own numbers; a
	// partition's bounds cannot be parameters.
	if _, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, name, table)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, table, name, from, to))
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
