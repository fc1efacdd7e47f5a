package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// partition is a partition in the catalog of PostgreSQL, for expiries from from (inclusive) to to
// (exclusive), in microseconds.
type partition struct {
	name     string
	from, to int64
	state    partitionState
}

// partitionState is the progress of dropping a partition.
type partitionState int

const (
	attached partitionState = iota
	// detached is a table that was detached, or was never attached.
	detached
	// detaching is a partition whose DETACH CONCURRENTLY waits for older transactions, or was
	// interrupted.
	detaching
)

// within reports whether other covers all of p.
func (p partition) within(other partition) bool {
	return other.state == attached && other.from <= p.from && p.to <= other.to
}

func partitionName(table string, to int64) string { return fmt.Sprintf("%s_until_%d", table, to) }

const (
	// advisoryKey is the advisory lock under which one replica at a time changes partitions.
	advisoryKey = 0x75736865
	// lockWait is the lock_timeout: other transactions queue behind a lock that we wait for.
	lockWait = 40 * time.Millisecond
	// detachTries is how often one run tries to detach a partition. A long read transaction can
	// outlast them; the next run retries.
	detachTries = 5
)

// partitions returns a table's partitions, also those that are partly dropped, and the database's
// time.
func (s *Store) partitions(ctx context.Context, db sqldb.Querier, table string) (now int64, have []partition, err error) {
	err = sqldb.Each(ctx, db, sqldb.Read("reading the time", s.text.now), func(row sqldb.Row) error { return row.Scan(&now) })
	if err != nil {
		return 0, nil, err
	}
	read := sqldb.Read("reading the partitions", `
SELECT child.relname::text, COALESCE(pg_get_expr(child.relpartbound, child.oid), ''), i.inhdetachpending
FROM pg_class parent
JOIN pg_class child ON child.relnamespace = parent.relnamespace AND child.relkind = 'r'
    AND starts_with(child.relname::text, parent.relname || '_until_')
LEFT JOIN pg_inherits i ON i.inhrelid = child.oid AND i.inhparent = parent.oid
WHERE parent.oid = $1::text::regclass ORDER BY child.relname`, table)
	err = sqldb.Each(ctx, db, read, func(row sqldb.Row) error {
		p := partition{state: detached}
		var bound string
		var pending *bool
		if err := row.Scan(&p.name, &bound, &pending); err != nil {
			return err
		}
		if _, err := fmt.Sscanf(p.name, table+"_until_%d", &p.to); err != nil || pending == nil && p.name != partitionName(table, p.to) {
			return nil // not one of ours: a copy that an operator made
		}
		if pending != nil {
			p.state = attached
			if *pending {
				p.state = detaching
			}
			if _, err := fmt.Sscanf(bound, "FOR VALUES FROM ('%d') TO ('%d')", &p.from, &p.to); err != nil {
				return fmt.Errorf("the bounds of %s are %s: %w", p.name, bound, err)
			}
		}
		have = append(have, p)
		return nil
	})
	return now, have, err
}

// alter changes a table's partitions under the advisory lock.
func (s *Store) alter(ctx context.Context, table string, change func(tx *sqldb.Tx, now int64, have []partition) error) error {
	return s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(advisoryKey)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lockWait.Milliseconds())); err != nil {
			return err
		}
		now, have, err := s.partitions(ctx, tx, table)
		if err != nil {
			return err
		}
		return change(tx, now, have)
	})
}

// createPartition creates a table and then attaches it, because that does not block readers and
// writers of the partitioned table. The bounds are formatted into the SQL, since a partition's
// bounds cannot be parameters; they are integers.
func createPartition(ctx context.Context, tx *sqldb.Tx, table string, p partition) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, p.name, table)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, table, p.name, p.from, p.to))
	return err
}

// dropPartition detaches a partition concurrently, which takes no lock that other transactions wait
// for, and then drops it. Dropping an attached partition would lock the whole table, and every
// transaction would queue behind the lock while it waits for readers.
func (s *Store) dropPartition(ctx context.Context, table string, p partition) error {
	for try := 1; p.state != detached; try++ {
		how := "CONCURRENTLY"
		if p.state == detaching {
			how = "FINALIZE"
		}
		err := s.db.ExecOutsideTx(ctx, lockWait, fmt.Sprintf(`ALTER TABLE %s DETACH PARTITION %s %s`, table, p.name, how))
		if err == nil {
			break
		}
		if try == detachTries || !errors.Is(err, sqldb.ErrUnavailable) {
			return fmt.Errorf("detaching %s: %w", p.name, err)
		}
		if p, err = s.reload(ctx, table, p); err != nil {
			return err
		}
	}
	return sqldb.Wrap("dropping "+p.name, s.db.ExecOutsideTx(ctx, lockWait, `DROP TABLE IF EXISTS `+p.name))
}

// reload returns the current state of a partition.
func (s *Store) reload(ctx context.Context, table string, p partition) (partition, error) {
	_, have, err := s.partitions(ctx, s.db, table)
	if err != nil {
		return p, err
	}
	for _, h := range have {
		if h.name == p.name {
			return h, nil
		}
	}
	p.state = detached // and dropped, by another replica
	return p, nil
}
