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

Administration commands call the services at peers.identity, peers.authz, peers.token, peers.consent and peers.activity with the
operator's certificate, or where no peer is set an ` + "`usher dev`" + ` on this machine through its sockets in data_dir. Run "usher <command> --help" for more.`

// helpVars are the lists that help texts name.
func helpVars() kong.Vars {
	return kong.Vars{
		"grant_types":         oauth.JoinNames(oauth.GrantTypeNames(nil), "or"),
		"default_grant_types": oauth.JoinNames(oauth.DefaultGrantTypes(), "and"),
	}
}

// execute runs one command and returns the exit status.
func execute(args []string, streams admin.Streams) int {
	c := newCLI()
	session := admin.New(streams, &c.Options, c.settings)
	left := false // kong calls Exit for --help, and then goes on to report a missing command
	parser, err := kong.New(c, kong.Name("usher"), kong.Description(description),
		kong.Writers(streams.Out, streams.Err), kong.Exit(func(int) { left = true }), kong.Bind(c, session),
		kong.BindSingletonProvider(interruptible), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		helpVars(), kong.ExplicitGroups([]kong.Group{{Key: "administration", Title: "Administration:"}}))
	if err != nil {
		return report(streams, err, failed)
	}
	admin.ListCommands(parser.Model)
	// A shell that completes a line passes it in its environment (COMP_LINE).
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

// usage prints the usage of the command, and the error.
func usage(streams admin.Streams, err error) int {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		wrong.Context.Stdout = streams.Err                            // standard output stays empty
		_ = wrong.Context.PrintUsage(wrong.Context.Selected() != nil) // standard error may be closed
	}
	return report(streams, err, wrongUsage)
}

// interruptible is the context of an administration command, which a signal cancels. The other commands handle signals themselves.
func interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal terminates the process
	return ctx
}

// settings reads the settings that all processes share, for the administration commands.
func (c *cli) settings() (*run.Settings, error) {
	all, _, loaded, err := c.readHere()
	return &all.Settings, errors.Join(append(config.Each(err), loaded.Unknown...)...)
}

// read reads the settings of every process. An unknown name is an error, as it is for a process.
func (c *cli) read() (*settings, error) {
	all := defaults()
	loaded, err := run.Read(all, c.File, os.Environ())
	return all, errors.Join(append(config.Each(err), loaded.Unknown...)...)
}
