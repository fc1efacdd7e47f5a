package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/run"
)

// The exit statuses.
const (
	succeeded  = 0
	failed     = 1
	wrongUsage = 2
)

const description = `Usher, the authorization server of a video platform.

Administration commands reach the services at peers.identity and peers.token with the operator's certificate, or an all-in-one on this machine
through its socket in data_dir. Run "usher <command> --help" for more.`

// execute runs one command and answers the exit status.
func execute(args []string, streams admin.Streams) int {
	var c cli
	session := admin.New(streams, &c.Options, c.settings)
	left := false // kong's --help asks to leave, and then goes on to miss a command
	parser, err := kong.New(&c, kong.Name("usher"), kong.Description(description),
		kong.Writers(streams.Out, streams.Err), kong.Exit(func(int) { left = true }), kong.Bind(&c, session),
		kong.BindSingletonProvider(interruptible), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Vars{
			"grant_types":         oauth.JoinNames(oauth.GrantTypeNames(nil), "or"),
			"default_grant_types": oauth.JoinNames(oauth.DefaultGrantTypes(), "and"),
		},
		kong.ExplicitGroups([]kong.Group{{Key: "administration", Title: "Administration:"}}))
	if err != nil {
		return report(streams, err, failed)
	}
	// A shell that asks what may come next names the line in its environment (COMP_LINE).
	kongcompletion.Register(parser)
	if left {
		return succeeded
	}
	command, err := parser.Parse(args)
	if left {
		return succeeded
	}
	if err != nil {
		return usage(streams, err)
	}
	if err := errors.Join(command.Run(), session.Close()); err != nil {
		return report(streams, err, failed)
	}
	return succeeded
}

func report(streams admin.Streams, err error, status int) int {
	for _, fault := range config.Each(err) {
		fmt.Fprintln(streams.Err, "usher: "+fault.Error())
	}
	return status
}

// usage says how the command is meant, and what was wrong.
func usage(streams admin.Streams, err error) int {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		wrong.Context.Stdout = streams.Err                            // the answer's place stays empty
		_ = wrong.Context.PrintUsage(wrong.Context.Selected() != nil) // a terminal that is gone cannot be told
	}
	return report(streams, err, wrongUsage)
}

// interruptible is the life of an administration command: until a signal. The other commands see to their signals themselves.
func interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	return ctx
}

// settings are those that every process shares, as far as the administration commands need them.
func (c *cli) settings() (*run.Settings, error) {
	all, err := c.read()
	return &all.Settings, err
}

// read reads the settings of every process; a name that nobody knows is refused, as it is by a process.
func (c *cli) read() (*settings, error) {
	all := defaults()
	loaded, err := run.Read(all, c.File, os.Environ())
	return all, errors.Join(append(config.Each(err), loaded.Unknown...)...)
}
