package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

const (
	// familyGrace is how long a family stays after its last refresh token expired: longer than any access token or code
	// of it can live, so that nothing is forgotten that could still be asked about.
	familyGrace = 48 * time.Hour
	// logKept is how long a revocation stays in the log: longer than any follower may be away before it begins anew.
	logKept = 7 * 24 * time.Hour
	// slice is how many rows one statement looks at, so that nobody waits long for it.
	slice = 1000
	// slicesARun bounds one run; the next goes on where it stopped.
	slicesARun = 50
)

// Housekeep makes room ahead and drops what is dead. Any replica may run it at any time; what one run does not finish,
// the next does.
func (s *Store) Housekeep(ctx context.Context, l grant.Lifetimes) error {
	err := s.MakeRoom(ctx, l)
	for _, t := range partitionedTables(l) {
		if dropping := s.dropExpired(ctx, t); dropping != nil {
			err = errors.Join(err, fmt.Errorf("dropping what expired in %s: %w", t.table, dropping))
		}
	}
	_, erasing := s.EraseRetries(ctx)
	return errors.Join(err, erasing, s.sweepFamilies(ctx), s.trimLog(ctx))
}

// sweepFamilies walks the table by its primary key, a slice at a time, and deletes the families that are long dead. It
// needs no index on a column that every refresh changes.
func (s *Store) sweepFamilies(ctx context.Context) error {
	for range slicesARun {
		from := s.swept()
		var end []byte
		err := s.db.QueryRow(ctx, s.text.sliceEnd, from, slice-1).Scan(&end)
		switch {
		case errors.Is(err, sqldb.ErrNotFound):
			_, err = s.db.Exec(ctx, s.text.sweepRest, from, micros(familyGrace))
			s.setSwept(nil)
			return sweeping(err)
		case err != nil:
			return sweeping(err)
		}
		if _, err := s.db.Exec(ctx, s.text.sweepSlice, from, end, micros(familyGrace)); err != nil {
			return sweeping(err)
		}
		s.setSwept(end)
	}
	return nil
}

func sweeping(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sweeping families: %w", err)
}

// swept is where the last sweep stopped; never nil, which a database would take for unknown.
func (s *Store) swept() []byte {
	if at := s.sweptTo.Load(); at != nil {
		return *at
	}
	return []byte{}
}

func (s *Store) setSwept(at []byte) {
	if at == nil {
		at = []byte{}
	}
	s.sweptTo.Store(&at)
}

// trimLog drops the log's oldest entries.
func (s *Store) trimLog(ctx context.Context) error {
	for range slicesARun {
		n, err := s.db.Exec(ctx, s.text.trimLog, slice, micros(logKept))
		if err != nil {
			return fmt.Errorf("trimming the revocation log: %w", err)
		}
		if n < slice {
			return nil
		}
	}
	return nil
}

// EraseRetries forgets the sealed pairs whose retry window has ended. It answers how many.
func (s *Store) EraseRetries(ctx context.Context) (int64, error) {
	n, err := s.db.Exec(ctx, s.text.eraseRetries)
	if err != nil {
		return 0, fmt.Errorf("erasing sealed pairs: %w", err)
	}
	return n, nil
}
