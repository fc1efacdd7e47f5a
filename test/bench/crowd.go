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

// The numbers of live tokens at which uncached introspection is compared; fewTokens of them are
// introspected.
const (
	fewTokens  = 10_000
	manyTokens = 1_000_000
)

// firstTouch is the warm-up. A PostgreSQL backend pays when it reads a page for the first time, and
// among a million tokens those introspected are spread over far more pages: that is a cost of the
// start and not of a lookup.
const firstTouch = 15 * time.Second

// crowd is a deployment with a number of live tokens, of which measured are introspected.
type crowd struct {
	measured []string
	conns    []*grpc.ClientConn
	meter    meter
}

// measureCrowd compares the cost of an uncached introspection among ten thousand and among a
// million live tokens, in turns: each has its own deployment and databases, on the same servers.
func measureCrowd(ctx context.Context, at place, o options, r *report) error {
	var sides []*side
	for _, size := range []int{fewTokens, manyTokens} {
		d, db, err := deployCrowd(ctx, at, size)
		if err != nil {
			return err
		}
		defer d.Close()  //nolint:errcheck // the measurement is done
		defer db.Close() //nolint:errcheck // nothing is left to flush
		c, err := addAllTokens(ctx, d, db, size)
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

// deployCrowd starts a deployment without tokens and with the introspection cache off.
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
	d, err := harness.Processes(at.bins, dir, servers, set)
	if err != nil {
		return nil, nil, err
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(servers.Databases["token"]), MaxConns: 1})
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return d, db, nil
}

// addAllTokens inserts the tokens and connects to the token service.
func addAllTokens(ctx context.Context, d *harness.Deployment, db *sqldb.DB, size int) (*crowd, error) {
	c := &crowd{}
	var err error
	if c.measured, err = addMeasuredTokens(ctx, db); err != nil {
		return nil, err
	}
	if err := addOtherTokens(ctx, db, size-fewTokens); err != nil {
		return nil, err
	}
	pg, err := harness.PostgresPID()
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
		IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: c.measured[rand.IntN(len(c.measured))]})
	if err == nil && !res.GetActive() {
		err = errors.New("a live token is inactive")
	}
	return err
}

// addMeasuredTokens inserts the tokens that are introspected, and returns them.
func addMeasuredTokens(ctx context.Context, db *sqldb.DB) ([]string, error) {
	tokens, hashes := make([]string, fewTokens), make([][]byte, fewTokens)
	for i := range tokens {
		tokens[i] = secret.Generate(secret.AccessToken).Reveal()
		hashes[i] = secret.Sum(tokens[i]).Bytes()
	}
	return tokens, addTokens(ctx, db, `unnest($1::bytea[]) AS h(hash)`, hashes)
}

// addOtherTokens inserts tokens that are never introspected.
func addOtherTokens(ctx context.Context, db *sqldb.DB, n int) error {
	const step = 50_000
	for from := 0; from < n; from += step {
		if err := addTokens(ctx, db, `(SELECT sha256(('bench' || i)::bytea) AS hash FROM generate_series($1::int + 1, $1::int + 50000) AS i) AS h`, from); err != nil {
			return err
		}
	}
	return finishMaintenance(ctx, db)
}

// finishMaintenance makes PostgreSQL vacuum and checkpoint now, and not during the measurement,
// which would count the CPU time.
func finishMaintenance(ctx context.Context, db *sqldb.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, text := range []string{`VACUUM (ANALYZE) families, access_tokens`, `CHECKPOINT`} {
		if _, err := db.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// addTokens inserts a token family and an access token with a lifetime of one hour for each hash of
// a source. last_used_at is in the future, so that no introspection updates it during the
// measurement.
func addTokens(ctx context.Context, db *sqldb.DB, source string, arg any) error {
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
