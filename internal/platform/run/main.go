// Package run is the common part of every process of Usher: settings, logger, signals, databases
// and connections, listeners, and an orderly shutdown.
//
// It owns a process's lifetime from the first argument to the exit status, and the settings that
// the processes share (Settings), which name each of them. It starts no service by itself: main
// passes the functions.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/release"
)

// Config is a struct of settings that embeds Settings.
type Config interface{ Common() *Settings }

// Process is a process with its start function.
type Process[C Config] struct {
	// Name is the service's name, which is also in its certificate.
	Name string
	// Config holds the defaults.
	Config C
	// Check returns faults in settings that only the process's own packages can validate, without
	// connecting; nil for none.
	Check func(config C) []error
	// Start starts the process's parts, which run until the context ends. One that waits for a
	// dependency calls Host.ServeAdmin before: the process is not ready until Start has returned.
	Start func(ctx context.Context, host *Host, config C) error
}

// flags are the flags of every process.
type flags struct {
	Config string `help:"settings file, YAML; the environment (USHER_…) goes before it" placeholder:"FILE" env:"USHER_CONFIG_FILE"`
	Check  bool   `name:"check-config" help:"validate the settings and the files that they name, report every fault, and exit; connects to nothing"`
}

// Main runs a process until a signal ends it, and returns its exit status.
func Main[C Config](p Process[C]) int {
	var f flags
	kong.Parse(&f, kong.Name(p.Name), kong.Description("Usher's "+p.Name+" process. Its settings: usher config."))
	do := p.run
	if f.Check {
		do = p.check
	}
	if err := do(f.Config, os.Stdout, os.Stderr); err != nil {
		for _, fault := range config.Each(err) {
			fmt.Fprintln(os.Stderr, p.Name+": "+fault.Error())
		}
		return 1
	}
	return 0
}

func (p Process[C]) run(file string, _, log io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// SIGHUP asks other programs to reload their settings. Files are reloaded automatically here,
	// and the default action would end the process.
	signal.Ignore(syscall.SIGHUP)
	if _, err := Load(p.Name, p.Config, file, os.Environ()); err != nil {
		return err
	}
	host, err := NewHost(ctx, p.Name, p.Config.Common(), log)
	if err != nil {
		return err
	}
	build := release.Read()
	host.Logger.Info("the process starts", "service", p.Name, "version", build.Version, "commit", build.Commit)
	Tune()
	limitCores()
	var started atomic.Bool
	host.Checking(func(context.Context) error {
		if !started.Load() {
			return errStarting
		}
		return nil
	})
	if err := p.Start(host.ctx, host, p.Config); err != nil {
		err = host.Abandon(err)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // a signal ended it while it waited for a dependency
		}
		return err
	}
	if err := host.ServeAdmin(); err != nil {
		return host.Abandon(err)
	}
	started.Store(true)
	return host.Wait()
}

// errStarting makes a process not ready that has not started all of its parts.
var errStarting = errors.New("the process is starting")

// limitCores leaves half of the machine's cores to the other processes, unless the operator set
// GOMAXPROCS: our processes are many and each does little, so with all cores they spend a third of
// their time waking threads.
func limitCores() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2))
	}
}

// gcPercent trades memory for time: our live heap is a few megabytes, so the default would collect
// all the time.
const gcPercent = 400

// Tune sets the garbage collector, unless the operator did.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
