// Package run is what every process of Usher has in common: settings, logger, signals, the databases and connections it
// stands on, its listeners, and an end in order.
//
// It owns a process's life from the first argument to the exit status. It never knows a service: main hands it functions.
package run

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/vidocu/usher/internal/platform/config"
)

// Config is a struct of settings that embeds Settings.
type Config interface{ Common() *Settings }

// Process names one and how to start it.
type Process[C Config] struct {
	// Name is the service's: also its certificate's.
	Name string
	// Config holds the defaults.
	Config C
	// Check names what is wrong with the settings that only the process's own packages can read, without connecting; nil for none.
	Check func(config C) []error
	// Start builds the process's parts, which run until the context ends; its admin port is served afterwards.
	Start func(ctx context.Context, host *Host, config C) error
}

// flags are every process's.
type flags struct {
	Config string `help:"settings file, YAML; the environment (USHER_…) goes before it" placeholder:"FILE" env:"USHER_CONFIG_FILE"`
	Check  bool   `name:"check-config" help:"say what is wrong with the settings and the files that they name, and end; connects to nothing"`
}

// Main runs a process until a signal ends it, and answers its exit status.
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
	// It asks other programs to read their settings again. Files are read by themselves here, and the default is to end at once.
	signal.Ignore(syscall.SIGHUP)
	if _, err := Load(p.Name, p.Config, file, os.Environ()); err != nil {
		return err
	}
	host, err := NewHost(ctx, p.Name, p.Config.Common(), log)
	if err != nil {
		return err
	}
	Tune()
	share()
	if err := p.Start(host.ctx, host, p.Config); err != nil {
		return host.Abandon(err)
	}
	if err := host.ServeAdmin(); err != nil {
		return host.Abandon(err)
	}
	return host.Wait()
}

// share leaves half of the machine's cores to the other processes, unless the operator said how many this one may use: our
// processes are many and each does little, so that with all cores they spend a third of their time waking threads.
func share() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2))
	}
}

// gcPercent trades memory for time: our live heap is a few megabytes, so that the default collects all the time.
const gcPercent = 400

// Tune sets the garbage collector, unless the operator did.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
