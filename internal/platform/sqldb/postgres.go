package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresNow is STABLE, so that the planner can leave out partitions by it.
const postgresNow = `(extract(epoch from statement_timestamp()) * 1000000)::bigint`

// defaultMaxConns suits a service whose statements take a millisecond; more connections only queue inside the server.
const defaultMaxConns = 8

func openPostgres(ctx context.Context, config Config) (*DB, error) {
	c, err := pgxpool.ParseConfig(config.URL.Reveal())
	if err != nil {
		return nil, errors.New("the postgres:// URL cannot be read: check its form (its text is not repeated here, it may hold a password)")
	}
	c.MaxConns = defaultMaxConns
	if config.MaxConns > 0 {
		c.MaxConns = int32(min(config.MaxConns, 1000)) //nolint:gosec // bounded just here
	}
	c.ConnConfig.ConnectTimeout = acquireLimit
	c.MaxConnLifetime = time.Hour
	c.HealthCheckPeriod = 5 * time.Second
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("preparing the connections: %w", err)
	}
	return &DB{engine: Postgres, pool: pool, marks: marks(postgresNow, "FOR UPDATE", "FOR SHARE", config.ClockOffset)}, nil
}

// pgRows is an answer of PostgreSQL.
type pgRows struct {
	pgx.Rows
	ctx    context.Context //nolint:containedctx // names the caller's cancellation in Err
	cancel context.CancelFunc
}

func (r *pgRows) Err() error             { return unavailableIfRetry(classify(r.ctx, r.Rows.Err())) }
func (r *pgRows) Scan(dest ...any) error { return classify(r.ctx, r.Rows.Scan(dest...)) }

func (r *pgRows) Close() {
	r.Rows.Close()
	if r.cancel != nil {
		r.cancel()
	}
}

// pgPoolRow asks when it is scanned, so that its deadline ends with it.
type pgPoolRow struct {
	pool *pgxpool.Pool
	ctx  context.Context //nolint:containedctx // lives from QueryRow to Scan
	text string
	args []any
}

func (r pgPoolRow) Scan(dest ...any) error {
	ctx, cancel := bounded(r.ctx)
	defer cancel()
	return unavailableIfRetry(classify(r.ctx, r.pool.QueryRow(ctx, r.text, r.args...).Scan(dest...)))
}

// pgTxRow is a row inside a transaction.
type pgTxRow struct {
	row pgx.Row
	ctx context.Context //nolint:containedctx // lives from QueryRow to Scan
}

func (r pgTxRow) Scan(dest ...any) error { return classify(r.ctx, r.row.Scan(dest...)) }

// pipelinePostgres sends all statements at once with one Sync behind them: PostgreSQL runs them as one implicit
// transaction, in one round trip.
func (db *DB) pipelinePostgres(ctx context.Context, statements []*Statement) error {
	batch := &pgx.Batch{}
	for _, s := range statements {
		batch.Queue(s.text, s.args...)
	}
	results := db.pool.SendBatch(ctx, batch)
	for _, s := range statements {
		if err := s.readPostgres(results); err != nil {
			return errors.Join(err, ignoreAborted(results.Close(), err))
		}
	}
	return results.Close()
}

// ignoreAborted drops the echo of an error that is told already.
func ignoreAborted(closing, told error) error {
	if closing != nil && closing.Error() == told.Error() {
		return nil
	}
	return closing
}

func (s *Statement) readPostgres(results pgx.BatchResults) error {
	if s.dest == nil {
		tag, err := results.Exec()
		s.affected = tag.RowsAffected()
		return err
	}
	err := results.QueryRow().Scan(s.dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	s.found = err == nil
	return err
}
