package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/vidocu/usher/internal/platform/config"
)

type configCommand struct{}

// Run lists the settings.
func (configCommand) Run() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tENVIRONMENT\tDEFAULT\tWHAT IT IS")
	for _, s := range config.Settings(defaults()) {
		env := s.Env
		if s.Secret {
			env += " or " + s.Env + "_FILE"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Key, env, s.Default, s.Help)
	}
	return table.Flush()
}
