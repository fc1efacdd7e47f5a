package main

import (
	"os"

	"github.com/vidocu/usher/cmd/usher/internal/table"
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
	t := table.Rows{{"SETTING", "ENVIRONMENT", "DEFAULT", "BOUNDS", "MEANING"}}
	for _, s := range config.Settings(defaults()) {
		env := s.Env
		if s.Secret {
			env += " or " + s.EnvFile()
		}
		t.Add(s.Key, env, s.Default, s.Bounds, s.Help)
	}
	_, err := table.Write(os.Stdout, t, 0) // the meanings are sentences: a terminal breaks their lines
	return err
}
