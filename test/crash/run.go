package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Options configure a run.
type Options struct {
	// Rounds is the number of rounds with each window.
	Rounds  int
	Windows []time.Duration
	// Seed determines the moments of the faults.
	Seed uint64
}

// Row counts the rounds with one window.
type Row struct {
	Window      time.Duration
	Kills, Cuts int
	// Of counts the rounds of each operation.
	Of map[operation]int
	// AtOnce counts rounds whose first request returned 200, Recovered those whose retry did;
	// Refused counts those that ended with 401 and no live token.
	AtOnce, Recovered, Refused int
	// Wrong are the rounds that broke a promise.
	Wrong []string
}

// Report is the result of a run.
type Report struct {
	Rows []*Row
	// Spread is the time within which the faults occurred.
	Spread time.Duration
	// Stuck counts the transactions and lock waits that crashed processes left open in the
	// database.
	Stuck int
}

// Print writes the counts.
func (r *Report) Print(out io.Writer) {
	fmt.Fprintf(out, "Faults at random within %s of the sending.\n\n", r.Spread.Round(time.Millisecond))
	fmt.Fprintln(out, "| retry window | rounds | killed / PostgreSQL cut | redemptions / refreshes / devices / services | tokens at once | tokens by the retry | refused, none active | wrong |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, row := range r.Rows {
		fmt.Fprintf(out, "| %s | %d | %d / %d | %d / %d / %d / %d | %d | %d | %d | %d |\n", row.Window, row.Kills+row.Cuts, row.Kills, row.Cuts,
			row.Of[redemption], row.Of[refresh], row.Of[device], row.Of[service], row.AtOnce, row.Recovered, row.Refused, len(row.Wrong))
	}
	fmt.Fprintf(out, "\nTransactions and lock waits left behind: %d.\n", r.Stuck)
}

// Run plays the rounds on separate processes in dir. Progress goes to log, a line for each round.
func Run(ctx context.Context, dir string, o Options, log io.Writer) (*Report, error) {
	b, err := newBench(ctx, dir)
	if err != nil {
		return nil, err
	}
	report, err := b.run(ctx, o, log)
	return report, errors.Join(err, b.close())
}

func (b *bench) run(ctx context.Context, o Options, log io.Writer) (*Report, error) {
	if err := b.measure(); err != nil {
		return nil, err
	}
	report := &Report{Spread: b.spread}
	fmt.Fprintf(log, "seed %d, spread %s\n", o.Seed, b.spread)
	for _, window := range o.Windows {
		if err := b.setRetryWindow(window); err != nil {
			return nil, err
		}
		row := &Row{Window: window, Of: map[operation]int{}}
		report.Rows = append(report.Rows, row)
		for number := range o.Rounds {
			r := newRound(number, window, o.Seed, b.spread)
			wrong, err := b.play(ctx, r)
			if err != nil {
				return report, err
			}
			row.count(r, wrong)
			fmt.Fprintln(log, r, wrong)
		}
	}
	var err error
	report.Stuck, err = b.stuck(ctx)
	return report, err
}

func (row *Row) count(r *round, wrong string) {
	if r.cut {
		row.Cuts++
	} else {
		row.Kills++
	}
	row.Of[r.operation]++
	switch {
	case wrong != "":
		row.Wrong = append(row.Wrong, r.String()+": "+wrong)
	case r.last == http.StatusUnauthorized:
		row.Refused++
	case r.retried:
		row.Recovered++
	default:
		row.AtOnce++
	}
}

// stuck counts the transactions that no process continues, and the waits for locks. It first waits
// for running ones to end.
func (b *bench) stuck(ctx context.Context) (n int, err error) {
	for deadline := time.Now().Add(recovery); ; time.Sleep(100 * time.Millisecond) {
		err = b.db.QueryRow(ctx, `
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state LIKE 'idle in transaction%' OR wait_event_type = 'Lock')`).Scan(&n)
		if err != nil || n == 0 || time.Now().After(deadline) {
			return n, err
		}
	}
}
