package harness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Counts holds the numbers of calls between the services and of requests to their stores since the
// servers started.
type Counts struct {
	// Calls counts gRPC calls between services, by the method's name without its service.
	Calls map[string]int
	// Statements counts SQL statements by database and text, BEGIN and COMMIT too, without those that
	// processes send at intervals.
	Statements map[string]int
	// Commands counts Redis commands by name.
	Commands map[string]int
}

// Counter reads the Counts of a deployment and of the test servers below it. Redis
// commands of concurrent tests on the same server are counted as well.
type Counter struct {
	d       *Deployment
	servers Servers
	db      *sqldb.DB
	redis   *redis.Client
}

// NewCounter connects to the test servers that scripts/with-deps.sh started.
func NewCounter(ctx context.Context, d *Deployment, servers Servers) (*Counter, error) {
	// Only a hang reaches the timeout: the servers are shared with other tests.
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(os.Getenv("USHER_TEST_POSTGRES_URL")), MaxConns: 1, AcquireTimeout: 5 * time.Minute})
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return nil, fmt.Errorf("counting statements: %w", err)
	}
	if err := track(ctx, db, `ALTER SYSTEM SET pg_stat_statements.track = 'top'`); err != nil {
		return nil, err
	}
	return &Counter{d: d, servers: servers, db: db, redis: redis.NewClient(&redis.Options{Addr: servers.RedisAddr})}, nil
}

// track changes which statements the server counts: a server that is measured counts none unless a
// Counter is open.
func track(ctx context.Context, db *sqldb.DB, setting string) error {
	for _, statement := range []string{setting, `SELECT pg_reload_conf()`} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return fmt.Errorf("counting statements: %w", err)
		}
	}
	return nil
}

// Close closes the connections and ends the counting.
func (c *Counter) Close() error {
	_ = c.redis.Close() // a client that only reads loses nothing
	return errors.Join(track(context.Background(), c.db, `ALTER SYSTEM RESET pg_stat_statements.track`), c.db.Close())
}

// Count reads the current counts.
func (c *Counter) Count(ctx context.Context) (Counts, error) {
	counts := Counts{Calls: map[string]int{}, Statements: map[string]int{}, Commands: map[string]int{}}
	for _, admin := range c.d.AdminURLs() {
		if err := addCalls(ctx, admin+"/metrics", counts.Calls); err != nil {
			return counts, err
		}
	}
	if err := c.addStatements(ctx, counts.Statements); err != nil {
		return counts, err
	}
	return counts, c.addCommands(ctx, counts.Commands)
}

// served matches one method's line in /metrics. Health checks are no part of an operation.
var served = regexp.MustCompile(`^usher_rpc_calls_total\{.*method="/?(?:[\w.]+\.)?([\w./]+)".*\} ([0-9.e+]+)$`)

func addCalls(ctx context.Context, url string, into map[string]int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(io.LimitReader(res.Body, 4<<20))
	for lines.Scan() {
		m := served.FindStringSubmatch(lines.Text())
		if m == nil || strings.Contains(m[1], "Watch") || strings.HasSuffix(m[1], "EndedSessions") || strings.HasPrefix(m[1], "Health") {
			continue
		}
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return err
		}
		into[m[1]] += int(n)
	}
	return lines.Err()
}

// clockwork are the statements that processes send at intervals, whatever the load: reading the
// revocation log, the events and the version of the clients, the outboxes of logout tokens, and the checks of readiness.
var clockwork = regexp.MustCompile(`^SELECT cursor, kind, reason|^SELECT version FROM client_version|^SELECT \(SELECT CASE WHEN is_called|^SELECT trimmed_cursor|^SELECT COALESCE\(string_agg\(virtualtransaction|^SELECT cursor, kind, actor_kind|^UPDATE event_head SET read_cursor|logout_position|logout_deliveries|ended_sessions|to_regclass|goose_db_version|^SHOW `)

func (c *Counter) addStatements(ctx context.Context, into map[string]int) error {
	rows, err := c.db.Query(ctx, `SELECT d.datname, s.query, sum(s.calls)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid GROUP BY 1, 2`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var database, query string
		var calls int
		if err := rows.Scan(&database, &query, &calls); err != nil {
			return err
		}
		if clockwork.MatchString(query) {
			continue
		}
		for service, url := range c.servers.Databases {
			if service == younger { // it works behind the requests, in batches
				continue
			}
			if strings.Contains(url, "/"+database+"?") {
				into[service+": "+strings.Join(strings.Fields(query), " ")] += calls
			}
		}
	}
	return rows.Err()
}

func (c *Counter) addCommands(ctx context.Context, into map[string]int) error {
	info, err := c.redis.Info(ctx, "commandstats").Result()
	if err != nil {
		return err
	}
	for line := range strings.Lines(info) {
		name, rest, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "cmdstat_"), ":calls=")
		if !found || slices.Contains([]string{"info", "hello", "client|setinfo", "ping"}, name) {
			continue
		}
		calls, _, _ := strings.Cut(rest, ",")
		n, err := strconv.Atoi(calls)
		if err != nil {
			return err
		}
		into[name] += n
	}
	// Redis counts the commands of a script as well: those of a compare-and-set are no round trips.
	into["get"] -= into["evalsha"]
	into["set"] -= into["evalsha"]
	return nil
}

// Per returns the difference from an earlier count, divided by a number of operations and rounded;
// a call that happens less than once in two operations, such as a heartbeat, is left out.
func (c Counts) Per(before Counts, operations int) Counts {
	per := func(after, before map[string]int) map[string]int {
		each := map[string]int{}
		for what, n := range after {
			if n = (n - before[what] + operations/2) / operations; n > 0 {
				each[what] = n
			}
		}
		return each
	}
	return Counts{per(c.Calls, before.Calls), per(c.Statements, before.Statements), per(c.Commands, before.Commands)}
}

// Totals returns the total numbers of calls, statements and commands.
func (c Counts) Totals() (calls, statements, commands int) {
	sum := func(m map[string]int) (n int) {
		for v := range maps.Values(m) {
			n += v
		}
		return n
	}
	return sum(c.Calls), sum(c.Statements), sum(c.Commands)
}

// String lists every count, most frequent first.
func (c Counts) String() string {
	var b strings.Builder
	for name, list := range map[string]map[string]int{"calls": c.Calls, "statements": c.Statements, "commands": c.Commands} {
		fmt.Fprintf(&b, "%s\n", name)
		for _, what := range slices.SortedFunc(maps.Keys(list), func(x, y string) int {
			return strings.Compare(fmt.Sprintf("%09d%s", -list[x]+1e8, x), fmt.Sprintf("%09d%s", -list[y]+1e8, y))
		}) {
			fmt.Fprintf(&b, "%5d  %.140s\n", list[what], what)
		}
	}
	return b.String()
}
