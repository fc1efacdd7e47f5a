package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
)

type versionCommand struct{}

// Run prints the version in one line.
func (versionCommand) Run(s *admin.Session) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this binary was built without its version")
	}
	set := map[string]string{}
	for _, setting := range info.Settings {
		set[setting.Key] = setting.Value
	}
	state := ""
	if set["vcs.modified"] == "true" {
		state = ", modified"
	}
	_, err := fmt.Fprintf(s.Out, "usher %s (commit %s%s, %s)\n", cmp.Or(info.Main.Version, "(devel)"), cmp.Or(set["vcs.revision"], "unknown"), state, info.GoVersion)
	return err
}
