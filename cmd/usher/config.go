package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/vidocu/usher/internal/platform/config"
)

type configCommand struct {
	Markdown bool `help:"Print the reference in docs/configuration.md instead."`
}

// Run lists the settings.
func (c configCommand) Run() error {
	if c.Markdown {
		_, err := os.Stdout.WriteString(reference())
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tENVIRONMENT\tDEFAULT\tBOUNDS\tWHAT IT IS")
	for _, s := range config.Settings(defaults()) {
		env := s.Env
		if s.Secret {
			env += " or " + s.EnvFile()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Key, env, s.Default, s.Bounds, s.Help)
	}
	return table.Flush()
}
