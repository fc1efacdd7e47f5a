package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/stores"
)

// skewLimit is the largest difference of a machine's clock and the database's: stored expiries are compared with the database's clock,
// and sessions with the machine's.
const skewLimit = 2 * time.Second

func (t Target) database(ctx context.Context, s Section) []Finding {
	check := s.Service + " database"
	if s.DatabaseURL.IsZero() {
		return []Finding{{Check: check, State: Skipped, Text: s.Service + ".database_url is not set"}}
	}
	ctx, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	db, err := reach(ctx, s)
	if err != nil {
		return []Finding{{check, Wrong, err.Error(), "start the database, or correct " + s.Service + ".database_url"}}
	}
	defer db.Close() //nolint:errcheck // nothing was written
	findings := []Finding{schema(ctx, check, db, s.Migrations)}
	if db.Engine() == sqldb.Postgres && findings[0].State == OK {
		findings = append(findings, privileges(ctx, s.Service+" privileges", db))
	}
	return append(findings, clock(ctx, s.Service+" clock", "the database", databaseClock(db)))
}

// reach opens a database that exists. SQLite would create a missing file.
func reach(ctx context.Context, s Section) (*sqldb.DB, error) {
	if path, ok := strings.CutPrefix(s.DatabaseURL.Reveal(), "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: s.DatabaseURL})
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(db.CheckSessions(ctx), db.Ping(ctx)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func schema(ctx context.Context, check string, db *sqldb.DB, steps fs.FS) Finding {
	all, err := sqldb.MigrationStatus(ctx, db, steps)
	if errors.Is(err, sqldb.ErrSchemaPrivilege) {
		return Finding{check, Wrong, err.Error(), "grant it as the schema's owner: docs/kubernetes.md has the statements"}
	}
	if err != nil {
		return Finding{check, Wrong, err.Error(), "the role needs the schema that `usher migrate up` creates"}
	}
	pending := 0
	for _, step := range all {
		if step.Pending() {
			pending++
		}
	}
	if pending > 0 {
		return Finding{check, Wrong, fmt.Sprintf("reachable, %d of %d migrations are pending", pending, len(all)), "run `usher migrate up`"}
	}
	return Finding{Check: check, State: OK, Text: fmt.Sprintf("reachable, all %d migrations are applied", len(all))}
}

// databaseClock returns a function that reads the clock of a database.
func databaseClock(db *sqldb.DB) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (time.Time, error) {
		var micros int64
		err := db.QueryRow(ctx, db.SQL("SELECT {{now}}")).Scan(&micros)
		return time.UnixMicro(micros), err
	}
}

// clock compares this machine's clock with a server's, which is assumed to have been read in the middle of the call.
func clock(ctx context.Context, check, server string, read func(context.Context) (time.Time, error)) Finding {
	before := time.Now()
	there, err := read(ctx)
	if err != nil {
		return Finding{check, Wrong, err.Error(), "see why " + server + " does not respond"}
	}
	took := time.Since(before)
	skew := there.Sub(before.Add(took / 2)).Abs().Round(time.Millisecond)
	if skew > skewLimit+took/2 {
		return Finding{check, Wrong, "this machine and " + server + " are " + skew.String() + " apart", "synchronise both clocks (NTP)"}
	}
	return Finding{Check: check, State: OK, Text: "within " + (skew + took/2).Round(time.Millisecond).String() + " of " + server + "'s"}
}

func (t Target) redis(ctx context.Context) []Finding {
	const check = "redis"
	r := t.Settings.Redis
	if t.DevFolder != "" {
		return []Finding{{Check: check, State: Skipped, Text: "`usher dev` keeps short-lived data in its memory"}}
	}
	if len(r.Addrs) == 0 {
		return []Finding{{Check: check, State: Skipped, Text: "redis.addrs is not set"}}
	}
	config := stores.RedisConfig(t.Settings)
	config.Logger = slog.New(slog.DiscardHandler) // the findings have its errors
	store, err := shortlived.OpenRedis(config)
	if err != nil {
		return []Finding{{check, Wrong, err.Error(), "correct redis.*"}}
	}
	defer store.Close() //nolint:errcheck // nothing was written
	ctx, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	if err := cmp.Or(store.CheckTopology(ctx), store.Ping(ctx)); err != nil {
		return []Finding{{check, Wrong, err.Error(), "start Redis, or correct redis.addrs, redis.cluster, redis.master_name, the users and passwords, and redis.tls"}}
	}
	return []Finding{
		{Check: check, State: OK, Text: strings.Join(r.Addrs, ", ") + " responds"},
		memory(ctx, store),
		clock(ctx, "redis clock", "Redis", store.Time),
	}
}

// memory warns of a Redis that deletes entries when its memory is full, such as counters of attempts.
func memory(ctx context.Context, store *shortlived.Redis) Finding {
	const check = "redis memory"
	policy, err := store.EvictionPolicy(ctx)
	switch {
	case err != nil:
		return Finding{Check: check, State: Skipped, Text: "INFO is refused: " + err.Error()}
	case policy != "":
		return Finding{
			check, Warning, "a full Redis deletes codes and counters of attempts: maxmemory-policy is " + policy,
			"set maxmemory-policy to noeviction",
		}
	}
	return Finding{Check: check, State: OK, Text: "nothing is deleted before it expires"}
}
