// Package release names the release and the commit that a binary was built from.
//
// It owns the order of the sources: the linker's, which builds of images set, then those that the Go
// toolchain records. It compares no releases.
package release

import (
	"cmp"
	"runtime/debug"
)

// Set with -ldflags '-X …/release.version=v1.2.3 -X …/release.commit=…': a build without the repository's
// history, as in an image, has no other source.
var version, commit string //nolint:gochecknoglobals // the linker sets variables alone; no code does

// Info describes a build.
type Info struct {
	// Version is the release, such as v1.2.3, or "(devel)".
	Version string
	// Commit is the revision of the source, or "unknown"; Modified says that the source differed from it.
	Commit   string
	Modified bool
	// Go is the version of the toolchain; empty if the binary does not have it.
	Go string
}

// Read returns the build of this binary.
func Read() Info {
	set := map[string]string{}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	for _, setting := range build.Settings {
		set[setting.Key] = setting.Value
	}
	return Info{
		Version: cmp.Or(version, build.Main.Version, "(devel)"), Commit: cmp.Or(commit, set["vcs.revision"], "unknown"),
		Modified: commit == "" && set["vcs.modified"] == "true", Go: build.GoVersion,
	}
}
