package sqldb

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/metric/noop"
)

// postgres is an engine over a pool.
type postgres struct {
	timeouts

	pool   *pgxpool.Pool
	outage outage
	login  *login

	primary primary
}

// parsePostgres parses a URL. The parser's own error is left out, since it may quote from the URL.
func parsePostgres(url string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database URL is not a valid PostgreSQL URL, or names files that cannot be read; in its password, %-encode what is neither a letter nor a digit")
	}
	return c, validateTarget(url)
}

// openPostgres prepares a pool.
func openPostgres(ctx context.Context, own Config) (*postgres, error) {
	url := own.URL.Reveal()
	c, err := parsePostgres(url)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns=") { // the operator's setting takes precedence over ours
		c.MaxConns = int32(own.MaxConns)
	}
	if !strings.Contains(url, "pool_max_conn_lifetime=") {
		c.MaxConnLifetime, c.MaxConnLifetimeJitter = connLifetime, connJitter
	}
	c.PingTimeout = acquireTimeout / 2
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = connectTimeout(c.ConnConfig)
	}
	c.ConnConfig.DialFunc = dialer()
	if _, ok := c.ConnConfig.RuntimeParams["application_name"]; !ok {
		c.ConnConfig.RuntimeParams["application_name"] = "usher"
	}
	p := &postgres{timeouts: timeouts{acquire: own.AcquireTimeout}}
	p.login = newLogin(own.URL)
	// The login repeats this for the URL of each connection; an invalid one leaves these.
	trust(&c.ConnConfig.Config, p.login.authorities)
	p.primary.configure(c.ConnConfig)
	c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		p.outage.end()
		// Our statements look rows up by key: planning them again costs more than running them, and
		// never finds another plan.
		_, err := conn.Exec(ctx, `SET plan_cache_mode = force_generic_plan`)
		return err
	}
	c.BeforeConnect = p.login.before
	// An idle connection that the server closed is replaced before it is used: otherwise a restart,
	// or a firewall, fails one caller for each connection. A connection to a server that was
	// demoted is replaced too.
	c.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) {
		return p.primary.current(conn.PgConn()) && silent(conn.PgConn().Conn()), nil
	}
	if own.Tracer != nil {
		// Parameters are never recorded: they are hashes, addresses and names.
		c.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(own.Tracer), otelpgx.WithMeterProvider(noop.NewMeterProvider()))
	}
	if p.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return nil, errors.New("the PostgreSQL pool cannot be set up")
	}
	return p, nil
}

// acquire takes a connection; its timeout is shorter than the caller's. It waits for a server that
// is being restarted. A refused login is retried while there is time: the next attempt reads the
// secret again, and another caller's connection may have become free.
func (p *postgres) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	short, cancel := context.WithTimeout(ctx, p.timeouts.acquire)
	defer cancel()
	var refused error
	for {
		conn, err := p.pool.Acquire(short)
		if err == nil {
			return conn, nil
		}
		again := false
		switch {
		case loginRefused(err):
			refused = err
			again = pause(short, refusedPause)
		case away(err):
			again = p.outage.wait(short, p.knock)
		}
		if !again {
			// In every case the statement was not sent. The cause of the last refusal is more
			// specific than the timeout.
			return nil, translate(cmp.Or(refused, err), unavailable)
		}
	}
}

// knock reports whether the server still accepts no connections; a connection that succeeds goes to
// the pool.
func (p *postgres) knock(ctx context.Context) bool {
	conn, err := p.pool.Acquire(ctx)
	if err == nil {
		conn.Release()
		p.outage.end() // it may be an older connection, which ended no outage
	}
	return away(err)
}

func (p *postgres) exec(ctx context.Context, text string, args []any) (int64, error) {
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	tag, err := conn.Exec(ctx, text, args...)
	return tag.RowsAffected(), postgresError(err)
}

func (p *postgres) query(ctx context.Context, text string, args []any) (Rows, error) {
	ctx, cancel := p.bounded(ctx)
	conn, err := p.acquire(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	rows, err := conn.Query(ctx, text, args...)
	if err != nil {
		conn.Release()
		cancel()
		return nil, postgresError(err)
	}
	return &postgresRows{rows: rows, conn: conn, cancel: cancel}, nil
}

func (p *postgres) begin(ctx context.Context) (transaction, error) {
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		conn.Release()
		return nil, postgresError(err)
	}
	return &postgresTx{tx: tx, conn: conn}, nil
}

// pipeline sends all statements and one Sync: the server runs them in an implicit transaction,
// which the Sync commits. A connection prepares a statement when it first runs it, which costs one
// more round trip.
func (p *postgres) pipeline(ctx context.Context, statements []*Statement) error {
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	batch := pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, len(statements))}
	for _, s := range statements {
		batch.Queue(s.text, s.args...)
	}
	results := conn.SendBatch(ctx, &batch)
	for _, s := range statements {
		if err := s.readBatch(results); err != nil {
			_ = results.Close() // returns the same error again
			return err
		}
	}
	// The commit itself may fail, for example on a deferred constraint.
	return postgresError(results.Close())
}

// readBatch takes the statement's result from the next one of a batch.
func (s *Statement) readBatch(results pgx.BatchResults) error {
	if len(s.dest) == 0 {
		tag, err := results.Exec()
		s.affected = tag.RowsAffected()
		return postgresError(err)
	}
	rows, err := results.Query()
	if err != nil {
		return postgresError(err)
	}
	defer rows.Close()
	return s.read(&postgresRows{rows: rows})
}

func (p *postgres) ping(ctx context.Context) error {
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return postgresError(p.primary.check(ctx, conn.Conn().PgConn()))
}

func (p *postgres) contended(err error) bool { return postgresKind(err) == contended }

func (p *postgres) close() error {
	p.pool.Close()
	return nil
}

// postgresTx is a transaction on a connection of its own.
type postgresTx struct {
	tx   pgx.Tx
	conn *pgxpool.Conn
}

func (t *postgresTx) exec(ctx context.Context, text string, args []any) (int64, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	tag, err := t.tx.Exec(ctx, text, args...)
	return tag.RowsAffected(), postgresError(err)
}

func (t *postgresTx) query(ctx context.Context, text string, args []any) (Rows, error) {
	ctx, cancel := bounded(ctx)
	rows, err := t.tx.Query(ctx, text, args...)
	if err != nil {
		cancel()
		return nil, postgresError(err)
	}
	return &postgresRows{rows: rows, cancel: cancel}, nil
}

func (t *postgresTx) commit(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return postgresError(t.tx.Commit(ctx))
}

// rollback also returns the connection to the pool, so it is called however the transaction ended.
// The caller's context may be done; if the server does not respond soon, the connection is closed,
// which rolls back too.
func (t *postgresTx) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = t.tx.Rollback(ctx) // nothing to undo after a commit, and nothing to report after an error
	t.conn.Release()
}
