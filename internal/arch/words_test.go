package arch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestPrivateWordsAreRefused in comments, documents and help texts. To list those of a folder that is not swept
// yet: make words UNDER=services/token.
func TestPrivateWordsAreRefused(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	skip := func(name string) bool {
		return slices.ContainsFunc(Unswept(), func(prefix string) bool { return within(name, prefix) })
	}
	if under := os.Getenv("USHER_TEST_WORDS"); under != "" {
		skip = func(name string) bool { return !within(name, under) }
	}
	breaches, err := PrivateWords(root, Words(), skip)
	if err != nil {
		t.Fatal(err)
	}
	none(t, breaches)
}

func within(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

func TestPrivateWordsAreFound(t *testing.T) {
	files := fstest.MapFS{
		"a.go":      {Data: []byte("package a\n\n// Find answers who it is. What is no\n// address is refused.\nvar app = \"who answers\" // for the app\n")},
		"c.go":      {Data: []byte("package c\n\ntype t struct {\n\tA int `help:\"how often an app's token is remembered\"`\n}\n")},
		"b.proto":   {Data: []byte("// An app and an authentication app.\n")},
		"README.md": {Data: []byte("An app's page: nothing\nthat it tells `answers`.\n```\nwhoever\n```\n")},
		"d.sql":     {Data: []byte("SELECT 1; -- the lead\n")},
		"e.txt":     {Data: []byte("whoever\n")},
	}
	got, err := PrivateWords(files, Words(), func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`README.md:2: "nothing that"`, `README.md:2: "tells"`, `a.go:3: "answers"`, `a.go:3: "What"`, `a.go:5: "app"`, `b.proto:1: "app"`,
		`c.go:4: "remembered"`, `d.sql:1: "the lead"`,
	}
	if len(got) != len(want) {
		t.Fatalf("found %q, want %q", got, want)
	}
	for i, breach := range got {
		if !strings.HasPrefix(breach, want[i]) {
			t.Errorf("found %q, want %q", breach, want[i])
		}
	}
}
