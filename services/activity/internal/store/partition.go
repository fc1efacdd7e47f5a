package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
)

// table is a table with a partition for each day on PostgreSQL.
type table struct {
	name string
	// unit is how many units of the partition key a day has.
	unit int64
}

const microsOfDay = int64(24 * time.Hour / time.Microsecond)

func requestsTable() table { return table{name: "requests", unit: 1} }

func eventsTable() table { return table{name: "audit_events", unit: microsOfDay} }

func (t table) partition(day int64) string { return fmt.Sprintf("%s_day_%d", t.name, day) }

const (
	// advisoryKey is the advisory lock under which one replica at a time changes partitions.
	advisoryKey = 0x61637469
	// lockWait is the lock_timeout: other transactions queue behind a lock that we wait for.
	lockWait = 100 * time.Millisecond
)

// MakeRoom creates the partitions of yesterday, today and tomorrow. On SQLite it does nothing.
func (s *Store) MakeRoom(ctx context.Context) error {
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	today := requestlog.Day(now)
	for _, t := range []table{requestsTable(), eventsTable()} {
		for day := today - 1; day <= today+1; day++ {
			if err := s.makeRoom(ctx, t, day); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeRoom creates the partition of a day unless this process knows that it exists. A table is
// created and then attached, because that does not block readers and writers of the partitioned
// table. The bounds are formatted into the SQL, since they cannot be parameters; they are integers.
func (s *Store) makeRoom(ctx context.Context, t table, day int64) error {
	name := t.partition(day)
	if s.db.Engine() != sqldb.Postgres || s.hasRoom(name) {
		return nil
	}
	err := s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(advisoryKey)); err != nil {
			return err
		}
		var exists bool
		if err := tx.QueryRow(ctx, `SELECT to_regclass($1::text) IS NOT NULL`, name).Scan(&exists); err != nil || exists {
			return err
		}
		for _, text := range []string{
			fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lockWait.Milliseconds()),
			fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, name, t.name),
			fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, t.name, name, day*t.unit, (day+1)*t.unit),
		} {
			if _, err := tx.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[name] = true
	return nil
}

func (s *Store) hasRoom(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[name]
}

// CleanUp deletes what is older than its retention, and creates the next partitions. It is called by
// one goroutine at a time.
func (s *Store) CleanUp(ctx context.Context, requests, events time.Duration) error {
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	oldestRequest, oldestEvent := requestlog.Day(now.Add(-requests)), requestlog.Day(now.Add(-events))
	_, err = cleanup.Repeat(ctx, s.db, s.text.oldDays, eraseSlice, oldestRequest)
	if s.db.Engine() != sqldb.Postgres {
		_, more := cleanup.Repeat(ctx, s.db, s.text.oldRequests, eraseSlice, oldestRequest)
		_, most := cleanup.Repeat(ctx, s.db, s.text.oldEvents, eraseSlice, oldestEvent*microsOfDay)
		return errors.Join(err, more, most)
	}
	return errors.Join(err, s.MakeRoom(ctx), s.drop(ctx, requestsTable(), oldestRequest), s.drop(ctx, eventsTable(), oldestEvent))
}

// eraseSlice is how many rows one statement deletes.
const eraseSlice = 1000

// drop drops the partitions of days before the oldest that is kept. Dropping an attached partition
// would lock the whole table; detaching it concurrently does not.
func (s *Store) drop(ctx context.Context, t table, oldest int64) error {
	parts, err := s.partitions(ctx, t)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.day >= oldest {
			continue
		}
		if p.state != detached {
			how := "CONCURRENTLY"
			if p.state == detaching {
				how = "FINALIZE"
			}
			if err := s.db.ExecOutsideTx(ctx, lockWait, fmt.Sprintf(`ALTER TABLE %s DETACH PARTITION %s %s`, t.name, t.partition(p.day), how)); err != nil {
				return fmt.Errorf("detaching %s: %w", t.partition(p.day), err)
			}
		}
		if err := s.db.ExecOutsideTx(ctx, lockWait, `DROP TABLE IF EXISTS `+t.partition(p.day)); err != nil {
			return fmt.Errorf("dropping %s: %w", t.partition(p.day), err)
		}
		s.mu.Lock()
		delete(s.rooms, t.partition(p.day))
		s.mu.Unlock()
	}
	return nil
}

// dayPartition is the partition of a day in the catalog of PostgreSQL.
type dayPartition struct {
	day   int64
	state int64
}

// The progress of dropping a partition.
const (
	// detaching is a partition whose DETACH CONCURRENTLY was interrupted.
	detaching int64 = 1
	detached  int64 = 2
)

// partitions returns a table's partitions, also those that are partly dropped.
func (s *Store) partitions(ctx context.Context, t table) ([]dayPartition, error) {
	rows, err := s.db.Query(ctx, `
SELECT child.relname::text, CASE WHEN i.inhrelid IS NULL THEN 2 WHEN i.inhdetachpending THEN 1 ELSE 0 END::bigint
FROM pg_class parent
JOIN pg_class child ON child.relnamespace = parent.relnamespace AND child.relkind = 'r'
    AND starts_with(child.relname::text, parent.relname || '_day_')
LEFT JOIN pg_inherits i ON i.inhrelid = child.oid AND i.inhparent = parent.oid
WHERE parent.oid = $1::text::regclass ORDER BY child.relname`, t.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []dayPartition
	for rows.Next() {
		var name string
		var p dayPartition
		if err := rows.Scan(&name, &p.state); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscanf(name, t.name+"_day_%d", &p.day); err != nil || name != t.partition(p.day) {
			continue // not one of ours: a copy that an operator made
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
