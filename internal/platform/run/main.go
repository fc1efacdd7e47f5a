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
	"slices"
	"strings"
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
	// Start builds the process's parts; they run until the context ends.
	Start func(ctx context.Context, host *Host, config C) error
}

// Main runs a process until a signal ends it, and answers its exit status.
func Main[C Config](p Process[C]) int {
	var flags struct {
		Config string `help:"settings file, YAML; the environment (USHER_…) goes before it" placeholder:"FILE" env:"USHER_CONFIG_FILE"`
	}
	kong.Parse(&flags, kong.Name(p.Name), kong.Description("Usher's "+p.Name+" process. Its settings: usher config."))
	if err := p.run(flags.Config, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, p.Name+": "+err.Error())
		return 1
	}
	return 0
}

func (p Process[C]) run(file string, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	unknown, err := Load(p.Config, file, os.Environ())
	if err != nil {
		return err
	}
	host, err := NewHost(ctx, p.Name, p.Config.Common(), out)
	if err != nil {
		return err
	}
	if len(unknown) > 0 {
		host.Logger.Warn("environment variables that nobody reads", "names", strings.Join(unknown, " "))
	}
	Tune()
	share()
	if err := p.Start(host.ctx, host, p.Config); err != nil {
		return host.Abandon(err)
	}
	return host.Wait()
}

// services are the sections of a shared settings file.
func services() []string { return []string{"identity", "authz", "token", "consent", "gateway"} }

// Load reads settings over the defaults in c and checks those that every process shares. It answers variables with our
// prefix that nobody knows; those that Kubernetes and our own tests set are not among them.
func Load(c Config, file string, environ []string) (unknown []string, err error) {
	unknown, err = Read(c, file, environ)
	if err != nil {
		return nil, err
	}
	return unknown, c.Common().Validate()
}

// Read is Load without the check, for commands that need a few settings and not a process's.
func Read(c Config, file string, environ []string) (unknown []string, err error) {
	all, err := config.Load(c, config.Options{File: file, Environ: environ, Others: services()})
	if err != nil {
		return nil, err
	}
	own := config.Settings(c)
	for _, name := range all {
		if !foreign(name, own) {
			unknown = append(unknown, name)
		}
	}
	return unknown, nil
}

// foreign are variables that are not meant for this process: another service's settings, Kubernetes' service links, our
// own tests' servers.
func foreign(name string, own []config.Setting) bool {
	if name == "USHER_CONFIG_FILE" || strings.HasPrefix(name, "USHER_TEST_") || strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT") {
		return true
	}
	for _, service := range services() {
		if !strings.HasPrefix(name, config.Prefix+strings.ToUpper(service)+"_") {
			continue
		}
		return !slices.ContainsFunc(own, func(s config.Setting) bool { return strings.HasPrefix(s.Key, service+".") })
	}
	return false
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
