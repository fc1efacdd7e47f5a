// Command rolling replaces every part of a deployment under load for a given time, and prints the
// failures that clients noticed.
//
// It owns its command line. Package rolling runs the load and counts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/vidocu/usher/test/rolling"
)

func main() {
	o := rolling.Options{Load: rolling.Load{Flows: 4, Chains: 8, Revokers: 2, Introspectors: 2}}
	flag.DurationVar(&o.For, "for", 5*time.Minute, "how long to go on; one round of everything is always done")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "rolling:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o rolling.Options) error {
	dir, err := os.MkdirTemp("", "usher-rolling-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	report, err := rolling.Run(ctx, dir, o)
	if report != nil {
		report.Print(os.Stdout)
		for _, detail := range report.Details() {
			fmt.Fprintln(os.Stderr, detail)
		}
		if broken := report.Broken(); err == nil && len(broken) > 0 {
			err = errors.New(strings.Join(broken, "; "))
		}
	}
	return err
}
