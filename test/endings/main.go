package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// options are the command line's flags.
type options struct {
	grants   int
	rounds   int
	callers  int
	quiet    time.Duration
	previous string
}

func main() {
	var o options
	flag.IntVar(&o.grants, "grants", 1_000_000, "how many grants and user tokens hang on each subject")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each revocation is measured")
	flag.IntVar(&o.callers, "callers", 20, "how many callers replay a spent token")
	flag.DurationVar(&o.quiet, "for", 15*time.Second, "how long others are measured, without replays and beside them")
	flag.StringVar(&o.previous, "previous", "", "an archive of a release (test/upgrade/testdata) whose processes are measured instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "endings:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "usher-endings-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	d, databases, err := deploy(ctx, dir, o.previous)
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, d, databases, o)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	return errors.Join(w.measure(ctx), w.close(), d.Close())
}

// deploy starts two replicas of every service, of this release or of another one on this release's
// schema.
func deploy(ctx context.Context, dir, previous string) (*harness.Deployment, map[string]string, error) {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, nil, err
	}
	bins, err := harness.Build(bin)
	if err != nil {
		return nil, nil, err
	}
	if previous != "" {
		old, err := harness.BuildRelease(filepath.Join(dir, "previous"), previous)
		if err != nil {
			return nil, nil, err
		}
		bins = bins.With(old)
	}
	servers, err := harness.NewServers(ctx)
	if err != nil {
		return nil, nil, err
	}
	d, err := harness.Replicated(bins, dir, servers, 2, map[string]string{
		"USHER_LOG_LEVEL": "warn", "USHER_TOKEN_REFRESH_LIMIT": "0", // the refreshes here are measurements
	})
	return d, servers.Databases, err
}
