package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// previousRelease is the archive that test/upgrade runs as well.
const previousRelease = "test/upgrade/testdata/v0.1.0.tar.gz"

// measurePrevious compares how long the flow of a single user on a quiet system takes with this
// release and with the previous one, in turns: each has its own deployment and databases, on the
// same servers.
func measurePrevious(ctx context.Context, at place, o options, r *report) error {
	previous, err := harness.BuildRelease(filepath.Join(at.dir, "previous-release"), previousRelease)
	if err != nil {
		return err
	}
	o.concurrency = 1
	var sides []*side
	for name, run := range map[string]struct {
		bins     harness.Binaries
		settings map[string]string
	}{
		"previous": {at.bins.With(previous), map[string]string{"USHER_LOG_LEVEL": "warn"}}, // it has no limits to turn off
		"this":     {at.bins, withoutBudgets()},
	} {
		servers, err := harness.NewServers(ctx)
		if err != nil {
			return err
		}
		dir := filepath.Join(at.dir, "release-"+name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		d, err := harness.Processes(run.bins, dir, servers, run.settings)
		if err != nil {
			return err
		}
		defer d.Close() //nolint:errcheck // the measurement is done
		b, err := prepareBed(ctx, d, o, servers)
		if err != nil {
			return err
		}
		sides = append(sides, b.side(name, b.flow))
	}
	results, err := inTurns(ctx, o, sides...)
	if err != nil {
		return err
	}
	one := map[string]result{}
	for _, res := range results {
		one[res.name] = res
		err = errors.Join(err, res.firstErr)
	}
	before, now := one["previous"], one["this"]
	before.name, now.name = "code + PKCE flow of one user, release 0.1.0", "code + PKCE flow of one user, this release"
	r.ratio(before, "the limit of the next row", 1, 0)
	r.ratio(now, "times the p50 of it (at most 0.60)", float64(now.p50)/float64(before.p50), 0)
	return err
}
