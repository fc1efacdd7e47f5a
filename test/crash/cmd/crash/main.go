// Command crash kills the token service at random moments, and prints the state of its client and
// its store afterwards.
//
// It owns its command line. Package crash runs and checks the rounds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/vidocu/usher/test/crash"
)

func main() {
	o := crash.Options{Windows: []time.Duration{0, 10 * time.Second}}
	flag.IntVar(&o.Rounds, "rounds", 200, "how many rounds, with each retry window")
	flag.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "decides the moments of the faults")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o crash.Options) error {
	dir, err := os.MkdirTemp("", "usher-crash-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	report, err := crash.Run(ctx, dir, o, os.Stderr)
	if report != nil {
		report.Print(os.Stdout)
		for _, row := range report.Rows {
			for _, wrong := range row.Wrong {
				fmt.Fprintln(os.Stdout, wrong)
			}
			if len(row.Wrong) > 0 && err == nil {
				err = fmt.Errorf("%d rounds with a window of %s went wrong", len(row.Wrong), row.Window)
			}
		}
	}
	return err
}
