package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/test/harness"
)

// The sizes at which uncached introspection is compared, and how many of the tokens are asked about.
const (
	fewTokens  = 10_000
	manyTokens = 1_000_000
)

// firstTouch is how long the ten thousand are asked about before it counts. A backend of PostgreSQL pays when it meets a page for
// the first time, and among a million tokens they lie in far more pages: that is the price of a start, not of a look-up.
const firstTouch = 15 * time.Second

// crowd is a deployment with so many live tokens, a part of which can be asked about.
type crowd struct {
	known []string
	conns []*grpc.ClientConn
	meter meter
}

// measureCrowd compares the cost of an uncached introspection among ten thousand and among a million live tokens, by turns: each
// has a deployment and databases of its own, on the same servers.
func measureCrowd(ctx context.Context, at place, o options, r *report) error {
	var sides []*side
	for _, size := range []int{fewTokens, manyTokens} {
		d, db, err := deployCrowd(ctx, at, size)
		if err != nil {
			return err
		}
		defer d.Close()  //nolint:errcheck // measured by then
		defer db.Close() //nolint:errcheck // nothing is left to flush
		c, err := gather(ctx, d, db, size)
		if err != nil {
			return err
		}
		sides = append(sides, &side{
			name: fmt.Sprintf("uncached introspection among %d tokens", size), meter: c.meter, op: c.introspect,
			profile: profiler(d, o.profile), warmUp: firstTouch,
		})
	}
	results, err := inTurns(ctx, o, sides...)
	if err != nil {
		return err
	}
	few, many := results[0], results[1]
	if err := errors.Join(few.firstErr, many.firstErr); err != nil {
		return err
	}
	r.ratio(few, "the limit of the next row", 1, 0)
	r.ratio(many, "times the CPU of it (at most 1.30)", float64(many.total())/float64(few.total()), 0)
	return nil
}

// deployCrowd starts what has no tokens yet and remembers none.
func deployCrowd(ctx context.Context, at place, size int) (*harness.Deployment, *sqldb.DB, error) {
	servers, err := harness.NewServers(ctx)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(at.dir, fmt.Sprintf("crowd-%d", size))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	set := withoutBudgets()
	set["USHER_TOKEN_INTROSPECTION_CACHE_SIZE"] = "0"
	d, err := harness.FiveProcesses(at.bins, dir, servers, set)
	if err != nil {
		return nil, nil, err
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(servers.Databases["token"]), MaxConns: 1})
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return d, db, nil
}

// gather adds the tokens and connects to the service that knows them.
func gather(ctx context.Context, d *harness.Deployment, db *sqldb.DB, size int) (*crowd, error) {
	c := &crowd{}
	var err error
	if c.known, err = addKnown(ctx, db); err != nil {
		return nil, err
	}
	if err := addStrangers(ctx, db, size-fewTokens); err != nil {
		return nil, err
	}
	pg, err := postgresPid()
	if err != nil {
		return nil, err
	}
	c.meter = meter{"token": oneProcess(d.Pids()["token"]), "postgres": withChildren(pg)}
	for range connections {
		conn, err := d.Dial("video-api", "token")
		if err != nil {
			return nil, err
		}
		c.conns = append(c.conns, conn)
	}
	return c, nil
}

func (c *crowd) introspect(ctx context.Context, i int) error {
	res, err := tokenv1.NewIntrospectionServiceClient(c.conns[i%len(c.conns)]).
		IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: c.known[rand.IntN(len(c.known))]})
	if err == nil && !res.GetActive() {
		err = errors.New("a live token was called inactive")
	}
	return err
}

// addKnown adds tokens that can be asked about.
func addKnown(ctx context.Context, db *sqldb.DB) ([]string, error) {
	tokens, hashes := make([]string, fewTokens), make([][]byte, fewTokens)
	for i := range tokens {
		tokens[i] = secret.Generate(secret.AccessToken).Reveal()
		hashes[i] = secret.Sum(tokens[i]).Bytes()
	}
	return tokens, add(ctx, db, `unnest($1::bytea[]) AS h(hash)`, hashes)
}

// addStrangers adds tokens that nobody knows.
func addStrangers(ctx context.Context, db *sqldb.DB, n int) error {
	const step = 50_000
	for from := 0; from < n; from += step {
		if err := add(ctx, db, `(SELECT sha256(('bench' || i)::bytea) AS hash FROM generate_series($1::int + 1, $1::int + 50000) AS i) AS h`, from); err != nil {
			return err
		}
	}
	return settle(ctx, db)
}

// settle has PostgreSQL do at once what it would otherwise do while introspections are measured: its CPU counts.
func settle(ctx context.Context, db *sqldb.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, text := range []string{`VACUUM (ANALYZE) families, access_tokens`, `CHECKPOINT`} {
		if _, err := db.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// add gives every hash of a source a family and an access token that lives for an hour. Its last use lies ahead, so that no use
// is recorded while something else is measured.
func add(ctx context.Context, db *sqldb.DB, source string, arg any) error {
	_, err := db.Exec(ctx, db.SQL(`
WITH h AS (SELECT hash FROM `+source+`), f AS (
    INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, redirect_uri, code_challenge,
        created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
    SELECT sha256(hash), 'usr_' || encode(substr(hash, 1, 8), 'hex'), 'vdo_client_abc123', 'ws_acme', 'Somebody', 'videos:read', 0,
        'https://yourapp.com/callback', '', {{now}}, {{now}} + 3600000000, sha256(sha256(hash)), {{now}}, {{now}} + 3600000000, {{now}} + 3600000000 FROM h
)
INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at)
SELECT hash, sha256(hash), 'videos:read', {{now}}, {{now}} + 3600000000 FROM h`), arg)
	return err
}
