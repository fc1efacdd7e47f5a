package arch

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var eventKind = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)

// kindsIn returns the literals of a file that have the form of a kind of event, sorted.
func kindsIn(file *ast.File) (kinds []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && eventKind.MatchString(text) {
			kinds = append(kinds, text)
		}
		return true
	})
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// TestTheKindsOfEventsAreThoseOfTheirPage: docs/activity.md lists every kind that a store writes, and no other, as
// usher audit --kind accepts them; and every kind for which the page of an account has words is one of them.
func TestTheKindsOfEventsAreThoseOfTheirPage(t *testing.T) {
	sources, err := Sources(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	var written, shown, accepted []string
	for _, s := range sources {
		switch {
		case s.File == nil || s.IsTest():
		case s.Path == "gateway/internal/account/trail.go":
			shown = kindsIn(s.File)
		case s.Path == "cmd/usher/internal/admin/event_kinds.go":
			accepted = kindsIn(s.File)
		case strings.HasPrefix(s.Path, "services/") && strings.Contains(s.Path, "/internal/store/") && !strings.Contains(s.Path, "storetest/"):
			written = append(written, kindsIn(s.File)...)
		}
	}
	slices.Sort(written)
	written = slices.Compact(written)
	var listed []string
	_, table, _ := strings.Cut(text(t, "docs/activity.md"), "| kinds | changes |")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			listed = append(listed, name[1])
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(written, listed); diff != "" || len(written) == 0 {
		t.Errorf("docs/activity.md does not list what the stores write (-written +listed):\n%s", diff)
	}
	if diff := cmp.Diff(written, accepted); diff != "" {
		t.Errorf("usher audit --kind does not accept what the stores write (-written +accepted):\n%s", diff)
	}
	for _, kind := range shown {
		if !slices.Contains(written, kind) {
			t.Errorf("the page of an account has words for %s, which no store writes", kind)
		}
	}
	if len(shown) == 0 {
		t.Error("the page of an account has words for no event")
	}
}
