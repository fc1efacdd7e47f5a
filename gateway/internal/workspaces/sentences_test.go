package workspaces_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway/internal/workspaces"
)

const root = "../../../"

// writtenKinds returns the kinds of events that the services write, from their sources. An event of a
// client's approval is put together of two literals.
func writtenKinds(t *testing.T) []string {
	t.Helper()
	literal := regexp.MustCompile(`"((?:user|workspace|member|authentication_app|client|registration_token|grant|user_token|api_key)\.[a-z_]*[a-z])"`)
	approval := regexp.MustCompile(`approvalEvent\("([a-z]+)"`)
	var kinds []string
	err := filepath.WalkDir(root+"services", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/storetest/") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // a source of this repository
		for _, found := range literal.FindAllStringSubmatch(string(source), -1) {
			kinds = append(kinds, found[1])
		}
		for _, found := range approval.FindAllStringSubmatch(string(source), -1) {
			kinds = append(kinds, "workspace.app_"+found[1])
		}
		return err
	})
	if err != nil || len(kinds) < 50 {
		t.Fatalf("%d kinds in the sources, %v", len(kinds), err)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// TestEveryKindOfEventHasASentence, and docs/activity.md lists it.
func TestEveryKindOfEventHasASentence(t *testing.T) {
	text, err := os.ReadFile(root + "docs/activity.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\|").FindAllStringSubmatch(string(text), -1) {
		for _, found := range regexp.MustCompile("`([a-z_]+\\.[a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			documented = append(documented, found[1])
		}
	}
	slices.Sort(documented)
	spoken := slices.Sorted(maps.Keys(workspaces.Sentences()))
	for _, kind := range writtenKinds(t) {
		if !slices.Contains(spoken, kind) || !slices.Contains(documented, kind) {
			t.Errorf("%s: a sentence %v, documented %v", kind, slices.Contains(spoken, kind), slices.Contains(documented, kind))
		}
	}
	if written := writtenKinds(t); !slices.Equal(spoken, written) || !slices.Equal(documented, written) {
		t.Errorf("sentences for\n%v\ndocumented\n%v\nand written\n%v", spoken, documented, written)
	}
}
