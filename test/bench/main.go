package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// options are the command line's flags.
type options struct {
	duration    time.Duration
	concurrency int
	profile     string
	only        string
}

func main() {
	if len(os.Args) > 1 {
		if serve := roles()[os.Args[1]]; serve != nil {
			exit(serve(os.Args[2:]))
		}
	}
	var o options
	flag.DurationVar(&o.duration, "duration", 8*time.Second, "how long each load runs")
	flag.IntVar(&o.concurrency, "concurrency", 32, "how many callers at once")
	flag.StringVar(&o.profile, "profile", "", "folder to leave CPU profiles of our processes in")
	flag.StringVar(&o.only, "only", "", "measure only the operations whose name has this in it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, o))
}

// roles returns the servers that the benchmark runs as child processes of its own binary, by the
// first argument.
func roles() map[string]func(args []string) error {
	return map[string]func([]string) error{"echo-server": serveEcho, "upstream-server": serveUpstream, "proxy-server": serveProxy}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures the limits, then our operations, and prints both.
func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "usher-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	bins, err := harness.Build(filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	servers, err := harness.NewServers(ctx)
	if err != nil {
		return err
	}
	r := &report{}
	defer r.print(os.Stdout) // prints what was measured before an error, too
	limits, err := measureLimits(ctx, dir, o, servers)
	if err != nil {
		return err
	}
	r.limits(limits)
	at := place{dir: dir, bins: bins, servers: servers}
	if err := measureOurs(ctx, at, o, r); err != nil {
		return err
	}
	if strings.Contains("crowd", o.only) {
		if err := measureCrowd(ctx, at, o, r); err != nil {
			return err
		}
	}
	if strings.Contains("previous", o.only) {
		if err := measurePrevious(ctx, at, o, r); err != nil {
			return err
		}
	}
	if strings.Contains("push", o.only) {
		if err := measurePush(ctx, at, r); err != nil {
			return err
		}
	}
	return measureStart(bins, dir, r)
}
