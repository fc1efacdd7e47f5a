package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// options are the command line's flags.
type options struct {
	perMinute int
	// rounds is the least number of rounds, most the largest.
	rounds, most int
	length       time.Duration
	profile      string
	send         bool
}

func main() {
	var o options
	flag.IntVar(&o.perMinute, "per-minute", 100_000, "how many refused requests a minute are sent")
	flag.IntVar(&o.rounds, "rounds", 12, "how often each gateway receives the flood at least")
	flag.IntVar(&o.most, "most", 24, "how often at most: rounds are added until the intervals are on one side of the limit")
	flag.DurationVar(&o.length, "slice", 5*time.Second, "how long a gateway receives the flood at a time")
	flag.StringVar(&o.profile, "profile", "", "folder to leave CPU profiles of a slice with the log in; such a run's ratios are not valid")
	flag.BoolVar(&o.send, "send", false, "be the process that sends; it reads from its standard input what to send")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, o options) error {
	if o.send {
		return send(ctx, os.Stdin, os.Stdout)
	}
	return run(ctx, o)
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "usher-flood-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	bins, err := harness.Build(mkdir(dir, "bin"))
	if err != nil {
		return err
	}
	servers, err := harness.NewServers(ctx)
	if err != nil {
		return err
	}
	d, err := harness.Processes(bins, mkdir(dir, "processes"), servers, map[string]string{
		"USHER_LOG_LEVEL":           "warn", // development logs every refused request at info, other servers none of them
		"USHER_TOKEN_REFRESH_LIMIT": "0",    // the refreshes here are measurements
	})
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the measurement is done
	m := measurement{options: o, d: d, sentinel: secret.NewCode().Reveal()}
	return m.run(ctx)
}

func mkdir(parts ...string) string {
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err) // it is a temporary folder of our own
	}
	return dir
}
