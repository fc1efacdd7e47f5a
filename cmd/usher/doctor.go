package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	"github.com/vidocu/usher/cmd/usher/internal/doctor"
	"github.com/vidocu/usher/cmd/usher/internal/table"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/run"
)

type doctorCommand struct{}

// Run examines what the settings name, or the `usher dev` that runs here; it exits with 1 when something is wrong.
func (doctorCommand) Run(ctx context.Context, c *cli, s *admin.Session) error {
	findings := c.target().Examine(ctx)
	if err := printFindings(s.Out, c.Output, findings); err != nil {
		return err
	}
	if !doctor.Healthy(findings) {
		return errors.New("something is wrong: see above")
	}
	return nil
}

// readHere reads the settings as the process that runs here reads them: those of `usher dev`, whose data folder it returns, where its
// sockets are there and no service's address is set; else those of a process in production.
func (c *cli) readHere() (all *settings, devFolder string, loaded config.Loaded, err error) {
	all = defaults()
	loaded, err = run.Read(all, c.File, os.Environ())
	folder := cmp.Or(all.DataDir, admin.DefaultDataDir)
	if all.Peers != (run.Peers{}) || !localsock.Exists(folder, "identity") {
		return all, "", loaded, err
	}
	all = devDefaults()
	loaded, err = run.Read(all, c.File, os.Environ())
	all.derive(loaded)
	return all, folder, loaded, err
}

func (c *cli) target() doctor.Target {
	all, folder, loaded, err := c.readHere()
	return doctor.Target{
		Settings: &all.Settings, DevFolder: folder, Sections: all.sections(), TrustedProxies: all.Gateway.TrustedProxies,
		Faults: append(append(config.Each(err), loaded.Unknown...), run.Validate(all)...), Limit: c.Timeout,
	}
}

func printFindings(out io.Writer, format string, findings []doctor.Finding) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(map[string]any{"findings": findings})
	}
	t := table.Rows{{"CHECK", "STATE", "FINDING"}}
	for _, f := range findings {
		t.Add(f.Check, string(f.State), f.Text)
		if f.Fix != "" {
			t.Add("", "", "to do: "+f.Fix)
		}
	}
	_, err := table.Write(out, t, 0) // findings are sentences: a terminal breaks their lines
	return err
}
