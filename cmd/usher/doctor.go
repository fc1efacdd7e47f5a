package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	"github.com/vidocu/usher/cmd/usher/internal/doctor"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/run"
)

type doctorCommand struct{}

// Run examines what the settings speak of; exit 1 when something is wrong.
func (doctorCommand) Run(ctx context.Context, c *cli, s *admin.Session) error {
	all := defaults()
	loaded, err := run.Read(all, c.File, os.Environ())
	faults := append(config.Each(err), loaded.Unknown...)
	findings := doctor.Patient{
		Settings: &all.Settings, Sections: all.sections(), TrustedProxies: all.Gateway.TrustedProxies, Faults: append(faults, run.Validate(all)...), Limit: c.Timeout,
	}.Examine(ctx)
	if err := printFindings(s.Out, c.Output, findings); err != nil {
		return err
	}
	if !doctor.Healthy(findings) {
		return errors.New("something is wrong: see above")
	}
	return nil
}

// sections are the services' databases.
func (s *settings) sections() []doctor.Section {
	var sections []doctor.Section
	for _, schema := range s.schemas() {
		sections = append(sections, doctor.Section{Service: schema.service, DatabaseURL: schema.url, Migrations: schema.steps})
	}
	return sections
}

func printFindings(out io.Writer, format string, findings []doctor.Finding) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(map[string]any{"findings": findings})
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHECK\tSTATE\tFINDING")
	for _, f := range findings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Check, f.State, f.Text)
		if f.Fix != "" {
			fmt.Fprintf(table, "\t\tto do: %s\n", f.Fix)
		}
	}
	return table.Flush()
}
