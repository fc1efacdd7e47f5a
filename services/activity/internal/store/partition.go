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

// divided is into how many partitions a retention is divided. Every list without a bound of time locks each
// of them and its indexes, as a plan that does not know the values of its parameters does, and a restore drops
// all of them in one transaction: they have to fit in the lock table of PostgreSQL several times.
const divided = 16

// table is a table with partitions by day on PostgreSQL.
type table struct {
	name string
	// unit is how many units of the partition key a day has.
	unit int64
	// width is how many days a new partition has. Others may be in place, from another retention.
	width int64
}

const microsOfDay = int64(24 * time.Hour / time.Microsecond)

func (s *Store) requestsTable() table {
	return table{name: "requests", unit: 1, width: width(s.keep.Requests)}
}

func (s *Store) eventsTable() table {
	return table{name: "audit_events", unit: microsOfDay, width: width(s.keep.Events)}
}

// width returns the days of a partition of rows that are kept for a time.
func width(keep time.Duration) int64 {
	const part = divided * 24 * time.Hour
	return max(1, int64((keep+part-1)/part))
}

// partition returns the name of the partition of the days from from (inclusive) to to (exclusive).
func (t table) partition(from, to int64) string {
	if to == from+1 {
		return fmt.Sprintf("%s_day_%d", t.name, from)
	}
	return fmt.Sprintf("%s_days_%d_%d", t.name, from, to)
}

// parse returns the days of a partition's name; false for a table that is not one of ours, as a copy
// that an operator made.
func (t table) parse(name string) (from, to int64, ok bool) {
	if _, err := fmt.Sscanf(name, t.name+"_days_%d_%d", &from, &to); err != nil {
		if _, err := fmt.Sscanf(name, t.name+"_day_%d", &from); err != nil {
			return 0, 0, false
		}
		to = from + 1
	}
	return from, to, name == t.partition(from, to)
}

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
	for _, t := range []table{s.requestsTable(), s.eventsTable()} {
		for day := today - 1; day <= today+1; day++ {
			if err := s.makeRoom(ctx, t, day); err != nil {
				return err
			}
		}
	}
	return nil
}

// room is a day of a table that has a partition.
type room struct {
	table string
	day   int64
}

// makeRoom creates the partition of a day unless this process knows that it exists. A table is
// created and then attached, because that does not block readers and writers of the partitioned
// table. The bounds are formatted into the SQL, since they cannot be parameters; they are integers.
func (s *Store) makeRoom(ctx context.Context, t table, day int64) error {
	if s.db.Engine() != sqldb.Postgres || s.hasRoom(t, day) {
		return nil
	}
	err := s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(advisoryKey)); err != nil {
			return err
		}
		parts, err := partitions(ctx, tx, t)
		if err != nil {
			return err
		}
		from, to, err := t.room(parts, day)
		if err != nil || from == to {
			return err
		}
		name := t.partition(from, to)
		for _, text := range []string{
			fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lockWait.Milliseconds()),
			fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, name, t.name),
			fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, t.name, name, from*t.unit, to*t.unit),
		} {
			if _, err := tx.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("creating the partition of %s for day %d: %w", t.name, day, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[room{t.name, day}] = true
	return nil
}

// errDropping means that the partition of a day is partly dropped.
var errDropping = errors.New("the partition is being dropped")

// room returns the days of the partition to create for a day: as many as the table's width between those
// that exist, and none if one of them has the day.
func (t table) room(parts []partition, day int64) (from, to int64, err error) {
	from = day - day%t.width
	to = from + t.width
	for _, p := range parts {
		switch {
		case p.to <= day:
			from = max(from, p.to)
		case p.from > day:
			to = min(to, p.from)
		case p.state == attached:
			return 0, 0, nil
		default:
			return 0, 0, errDropping
		}
	}
	return from, to, nil
}

func (s *Store) hasRoom(t table, day int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[room{t.name, day}]
}

// CleanUp deletes what is older than its retention, and creates the next partitions. On PostgreSQL a row
// is deleted with its partition, when the youngest day of that is old enough. It is called by one goroutine
// at a time.
func (s *Store) CleanUp(ctx context.Context) error {
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	oldestRequest, oldestEvent := requestlog.Day(now.Add(-s.keep.Requests)), requestlog.Day(now.Add(-s.keep.Events))
	_, err = cleanup.Repeat(ctx, s.db, s.text.oldDays, eraseSlice, oldestRequest)
	if s.db.Engine() != sqldb.Postgres {
		_, more := cleanup.Repeat(ctx, s.db, s.text.oldRequests, eraseSlice, oldestRequest)
		_, most := cleanup.Repeat(ctx, s.db, s.text.oldEvents, eraseSlice, oldestEvent*microsOfDay)
		return errors.Join(err, more, most)
	}
	return errors.Join(err, s.MakeRoom(ctx), s.drop(ctx, s.requestsTable(), oldestRequest), s.drop(ctx, s.eventsTable(), oldestEvent))
}

// eraseSlice is how many rows one statement deletes.
const eraseSlice = 1000

// drop drops the partitions of days before the oldest that is kept. Dropping an attached partition
// would lock the whole table; detaching it concurrently does not.
func (s *Store) drop(ctx context.Context, t table, oldest int64) error {
	parts, err := partitions(ctx, s.db, t)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.to > oldest {
			continue
		}
		name := t.partition(p.from, p.to)
		if p.state != detached {
			how := "CONCURRENTLY"
			if p.state == detaching {
				how = "FINALIZE"
			}
			if err := s.db.ExecOutsideTx(ctx, lockWait, fmt.Sprintf(`ALTER TABLE %s DETACH PARTITION %s %s`, t.name, name, how)); err != nil {
				return fmt.Errorf("detaching %s: %w", name, err)
			}
		}
		if err := s.db.ExecOutsideTx(ctx, lockWait, `DROP TABLE IF EXISTS `+name); err != nil {
			return fmt.Errorf("dropping %s: %w", name, err)
		}
		s.removeRooms(t, p)
	}
	return nil
}

// removeRooms removes the days of a partition from those that are known to have one.
func (s *Store) removeRooms(t table, p partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for day := p.from; day < p.to; day++ {
		delete(s.rooms, room{t.name, day})
	}
}

// partition is a partition of the days from from (inclusive) to to (exclusive), in the catalog of PostgreSQL.
type partition struct {
	from, to int64
	state    int64
}

// The progress of dropping a partition.
const (
	attached int64 = 0
	// detaching is a partition whose DETACH CONCURRENTLY was interrupted.
	detaching int64 = 1
	detached  int64 = 2
)

// partitions returns a table's partitions, also those that are partly dropped.
func partitions(ctx context.Context, db sqldb.Querier, t table) (list []partition, err error) {
	read := sqldb.Read("reading the partitions", `
SELECT child.relname::text, CASE WHEN i.inhrelid IS NULL THEN 2 WHEN i.inhdetachpending THEN 1 ELSE 0 END::bigint
FROM pg_class parent
JOIN pg_class child ON child.relnamespace = parent.relnamespace AND child.relkind = 'r'
    AND starts_with(child.relname::text, parent.relname || '_day')
LEFT JOIN pg_inherits i ON i.inhrelid = child.oid AND i.inhparent = parent.oid
WHERE parent.oid = $1::text::regclass ORDER BY child.relname`, t.name)
	err = sqldb.Each(ctx, db, read, func(row sqldb.Row) error {
		var name string
		var p partition
		err := row.Scan(&name, &p.state)
		var ours bool
		if p.from, p.to, ours = t.parse(name); ours {
			list = append(list, p)
		}
		return err
	})
	return list, err
}
