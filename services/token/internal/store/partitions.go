package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// partitioned is a table that is partitioned by expiry.
type partitioned struct {
	table string
	// width is the span of expiries in one partition. A lifetime must span few partitions, so that
	// a look-up by hash stays one cheap statement.
	width time.Duration
	// group is the span of partitions that are created at once, a multiple of width: a release
	// before 0.2 finds a partition of the name that it expects.
	group time.Duration
	// kept is the retention of a row after its expiry, and life its maximum lifetime until then.
	kept, life time.Duration
}

// The widths. Look-ups have no upper bound on the expiry, since another replica may be configured
// with a longer lifetime; so they read every partition from now on, and there must be few: three
// for access tokens that live an hour.
const (
	accessWidth = 6 * time.Hour
	spentWidth  = 36 * time.Hour
	spentGroup  = 72 * time.Hour
	userWidth   = 72 * time.Hour
)

// partitionedTables returns all of them.
func partitionedTables(l grant.Lifetimes, r Retention) []partitioned {
	return []partitioned{
		{table: "access_tokens", width: accessWidth, group: accessWidth, life: max(l.Access, l.Service)},
		{table: "spent_refresh_tokens", width: spentWidth, group: spentGroup, life: l.Refresh},
		{table: "user_tokens", width: userWidth, group: userWidth, life: l.User, kept: r.userTokens()},
	}
}

// ahead is how far from now partitions must exist: a lifetime, plus the time that the service may
// go without cleanup before an insert finds no partition.
func (t partitioned) ahead() time.Duration { return t.life + t.group }

// droppedLate delays dropping a partition, for a row that expires while it is written.
const droppedLate = time.Minute

// dead reports whether the retention of every row of a partition is over.
func (t partitioned) dead(p partition, now int64) bool { return p.to+micros(t.kept+droppedLate) <= now }

// straddles reports whether some rows of a partition are dead and others may be live.
func (t partitioned) straddles(p partition, now int64) bool {
	return p.state == attached && p.from+micros(t.kept) < now && !t.dead(p, now)
}

// fineness is the inverse of the largest fraction of a table that may be dead: from a partition
// that covers more, expired rows are deleted before all of it has expired.
const fineness = 10

// eraseEvery is the interval at which dead rows are deleted one by one; 0 where dropping partitions
// is enough.
func (t partitioned) eraseEvery() time.Duration {
	if span := t.life + t.kept; t.width+droppedLate+longestRest > span/fineness {
		return span / (2 * fineness)
	}
	return 0
}

// The bounds of the interval between two cleanup runs.
const (
	longestRest  = 10 * time.Minute
	shortestRest = 10 * time.Second
)

// Rest returns the interval between two cleanup runs that keeps the dead rows of a table below a
// tenth.
func Rest(l grant.Lifetimes, r Retention) time.Duration {
	rest := longestRest
	for _, t := range partitionedTables(l, r) {
		if every := t.eraseEvery(); every > 0 {
			rest = min(rest, every)
		}
	}
	return max(rest, shortestRest)
}

// MakeRoom creates the partitions that rows written from now on may need. It does not block readers
// or writers. On SQLite it does nothing.
func (s *Store) MakeRoom(ctx context.Context, l grant.Lifetimes) error {
	if s.db.Engine() != sqldb.Postgres {
		return nil
	}
	for _, t := range partitionedTables(l, Retention{}) {
		if err := s.makeRoom(ctx, t); err != nil {
			return fmt.Errorf("creating partitions of %s: %w", t.table, err)
		}
	}
	return nil
}

func (s *Store) makeRoom(ctx context.Context, t partitioned) error {
	now, have, err := s.partitions(ctx, s.db, t.table)
	if err != nil || len(t.missing(now, have)) == 0 {
		return err
	}
	return s.alter(ctx, t.table, func(tx *sqldb.Tx, now int64, have []partition) error {
		for _, p := range t.missing(now, have) {
			if err := createPartition(ctx, tx, t.table, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// missing returns the partitions that must exist and do not. A partition of another width counts
// for the span that it covers.
func (t partitioned) missing(now int64, have []partition) []partition {
	var missing []partition
	group, width := micros(t.group), micros(t.width)
	for begin := now - now%group; begin < now+micros(t.ahead()); begin += group {
		for from := begin; from < begin+group; from += width {
			p := partition{name: partitionName(t.table, from+width), from: from, to: from + width}
			if p.to > now && !slices.ContainsFunc(have, p.within) {
				missing = append(missing, p)
			}
		}
	}
	return missing
}

// dropExpired drops the partitions that have expired entirely, and deletes the dead rows of a
// partly expired one when they may be too many. It is for PostgreSQL.
func (s *Store) dropExpired(ctx context.Context, t partitioned) error {
	now, have, err := s.partitions(ctx, s.db, t.table)
	if err != nil {
		return err
	}
	// A partition whose detach is pending goes first: PostgreSQL detaches no other before it.
	slices.SortStableFunc(have, func(a, b partition) int { return int(b.state) - int(a.state) })
	for _, p := range have {
		if t.dead(p, now) {
			err = errors.Join(err, s.dropPartition(ctx, t.table, p))
		}
	}
	if every := t.eraseEvery(); every == 0 || now-s.lastErased[t.table] < micros(every) {
		return err
	}
	for _, p := range have {
		if t.straddles(p, now) {
			err = errors.Join(err, s.eraseExpired(ctx, t, p))
		}
	}
	s.lastErased[t.table] = now
	return err
}

// eraseBlocks is how many of a table's blocks, of 8 KiB each, one statement reads.
const eraseBlocks = 128

// eraseExpired scans a partition in physical order, a few blocks per statement, so that no index on
// the expiry is needed. No other transaction waits for a dead row.
func (s *Store) eraseExpired(ctx context.Context, t partitioned, p partition) error {
	var blocks int64
	err := s.db.QueryRow(ctx, `
SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint`, p.name).Scan(&blocks)
	if err != nil {
		return err
	}
	erase := s.db.SQL(`
DELETE FROM ` + p.name + ` WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND expires_at <= {{now}} - $3`)
	tid := func(block int64) string { return fmt.Sprintf("(%d,0)", block) }
	for from := int64(0); from < blocks; from += eraseBlocks {
		if _, err := s.db.Exec(ctx, erase, tid(from), tid(from+eraseBlocks), micros(t.kept)); err != nil {
			return err
		}
	}
	return nil
}

// expiredSlice is how many expired rows one statement deletes, so that no writer waits long.
const expiredSlice = 1000

// deleteExpired deletes expired rows. It is for SQLite.
func (s *Store) deleteExpired(ctx context.Context, t partitioned) error {
	text := s.db.SQL(strings.ReplaceAll(`DELETE FROM {table} WHERE hash IN (
    SELECT hash FROM {table} WHERE expires_at <= {{now}} - $1 LIMIT $2)`, "{table}", t.table))
	_, err := cleanup.Repeat(ctx, s.db, text, expiredSlice, micros(t.kept))
	return err
}

// RoomUntil returns, for every partitioned table, the time until which its partitions accept
// inserts. Empty on SQLite.
func (s *Store) RoomUntil(ctx context.Context, l grant.Lifetimes) (map[string]time.Time, error) {
	until := make(map[string]time.Time)
	if s.db.Engine() != sqldb.Postgres {
		return until, nil
	}
	for _, t := range partitionedTables(l, Retention{}) {
		_, have, err := s.partitions(ctx, s.db, t.table)
		if err != nil {
			return nil, fmt.Errorf("reading the partitions of %s: %w", t.table, err)
		}
		var last int64
		for _, p := range have {
			if p.state == attached {
				last = max(last, p.to)
			}
		}
		until[t.table] = fromMicros(last).Add(-t.life)
	}
	return until, nil
}
