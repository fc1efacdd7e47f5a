package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// partition is a partition as the catalog of PostgreSQL has it: of expiries from from up to but not
// to, in microseconds.
type partition struct {
	name     string
	from, to int64
	state    partitionState
}

// partitionState is how far a partition is on its way out.
type partitionState int

const (
	attached partitionState = iota
	// detached is a table that was a partition, or was to be one.
	detached
	// detaching is one whose detaching waits for those who were there before, or was broken off.
	detaching
)

// within says that all of p lies in other.
func (p partition) within(other partition) bool {
	return other.state == attached && other.from <= p.from && p.to <= other.to
}

func partitionName(table string, to int64) string { return fmt.Sprintf("%s_until_%d", table, to) }

const (
	// advisoryKey names the lock that keeps replicas from creating the same partition at once.
	advisoryKey = 0x75736865
	// lockWait is the longest wait for a lock: others may stand behind us meanwhile.
	lockWait = 40 * time.Millisecond
	// detachTries is how often one run tries to detach a partition; a report that goes on for
	// longer wins until the next.
	detachTries = 5
)

// asker is a database or a transaction.
type querier interface {
	Query(ctx context.Context, text string, args ...any) (sqldb.Rows, error)
	QueryRow(ctx context.Context, text string, args ...any) sqldb.Row
}

// partitions reads a table's partitions and what is left of some, and the database's time.
func (s *Store) partitions(ctx context.Context, db querier, table string) (now int64, have []partition, err error) {
	if err := db.QueryRow(ctx, s.text.now).Scan(&now); err != nil {
		return 0, nil, err
	}
	rows, err := db.Query(ctx, `
SELECT child.relname::text, COALESCE(pg_get_expr(child.relpartbound, child.oid), ''), i.inhdetachpending
FROM pg_class parent
JOIN pg_class child ON child.relnamespace = parent.relnamespace AND child.relkind = 'r'
    AND starts_with(child.relname::text, parent.relname || '_until_')
LEFT JOIN pg_inherits i ON i.inhrelid = child.oid AND i.inhparent = parent.oid
WHERE parent.oid = $1::text::regclass ORDER BY child.relname`, table)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		p := partition{state: detached}
		var bound string
		var pending *bool
		if err := rows.Scan(&p.name, &bound, &pending); err != nil {
			return 0, nil, err
		}
		if _, err := fmt.Sscanf(p.name, table+"_until_%d", &p.to); err != nil || pending == nil && p.name != partitionName(table, p.to) {
			continue // not one of ours: somebody's copy
		}
		if pending != nil {
			p.state = attached
			if *pending {
				p.state = detaching
			}
			if _, err := fmt.Sscanf(bound, "FOR VALUES FROM ('%d') TO ('%d')", &p.from, &p.to); err != nil {
				return 0, nil, fmt.Errorf("the bounds of %s are %s: %w", p.name, bound, err)
			}
		}
		have = append(have, p)
	}
	return now, have, rows.Err()
}

// alter changes a table's partitions while no other replica does.
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

// createPartition makes a partition apart and then attaches it, because that lets readers and
// writers of the table go on. Bounds are our own numbers; a partition's bounds cannot be
// parameters.
func createPartition(ctx context.Context, tx *sqldb.Tx, table string, p partition) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, p.name, table)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, table, p.name, p.from, p.to))
	return err
}

// dropPartition takes a partition out without a lock that others would wait for, and drops it then.
// Dropping it where it is would lock the whole table, and everybody would stand behind us while we
// wait for whoever is reading it.
func (s *Store) dropPartition(ctx context.Context, table string, p partition) error {
	for try := 1; p.state != detached; try++ {
		how := "CONCURRENTLY"
		if p.state == detaching {
			how = "FINALIZE"
		}
		err := s.db.Alone(ctx, lockWait, fmt.Sprintf(`ALTER TABLE %s DETACH PARTITION %s %s`, table, p.name, how))
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
	if err := s.db.Alone(ctx, lockWait, `DROP TABLE IF EXISTS `+p.name); err != nil {
		return fmt.Errorf("dropping %s: %w", p.name, err)
	}
	return nil
}

// again reads how far a partition has come.
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
