package main

import (
	"fmt"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	"github.com/vidocu/usher/internal/platform/release"
)

type versionCommand struct{}

// Run prints the version in one line.
func (versionCommand) Run(s *admin.Session) error {
	build, state := release.Read(), ""
	if build.Modified {
		state = ", modified"
	}
	_, err := fmt.Fprintf(s.Out, "usher %s (commit %s%s, %s)\n", build.Version, build.Commit, state, build.Go)
	return err
}
