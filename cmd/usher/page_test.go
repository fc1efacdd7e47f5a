package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/run"
)

// yamlOf is the first YAML of a page.
func yamlOf(t *testing.T, page string) string {
	t.Helper()
	return yamlsOf(t, page)[0]
}

// yamlsOf returns the blocks of YAML of a page, one or more.
func yamlsOf(t *testing.T, page string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no YAML", page)
	}
	return blocks
}

func yamlFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheSettingsOfThePagesAreAccepted: the file of docs/operations.md serves every process, with the databases' URLs that
// it leaves out; and so does the section of docs/telemetry.md.
func TestTheSettingsOfThePagesAreAccepted(t *testing.T) {
	password := yamlFile(t, "postgres://token@db:5432/usher")
	settings := strings.ReplaceAll(yamlOf(t, "operations.md"), "/run/secrets/token-database", password) + yamlOf(t, "telemetry.md")
	file := yamlFile(t, settings)
	environ := []string{
		"USHER_IDENTITY_DATABASE_URL=postgres://identity@db/usher", "USHER_AUTHZ_DATABASE_URL=postgres://authz@db/usher",
		"USHER_CONSENT_DATABASE_URL=postgres://consent@db/usher", "USHER_ACTIVITY_DATABASE_URL=postgres://activity@db/usher",
	}
	for _, process := range policy.Services() {
		loaded, err := run.Load(process, defaults(), file, environ)
		if err != nil || len(loaded.Unknown) > 0 {
			t.Errorf("%s: %v %v", process, err, loaded.Unknown)
		}
	}
}

// TestTheCatalogOfThePageIsOne: docs/catalog.md shows a file that is accepted, and one with resources.
func TestTheCatalogOfThePageIsOne(t *testing.T) {
	blocks := yamlsOf(t, "catalog.md")
	for _, text := range []string{blocks[0], strings.Join(blocks, "")} {
		if _, err := catalog.Load(yamlFile(t, text)); err != nil {
			t.Error(err)
		}
	}
}

// TestEveryCommandOfThePagesIsOne: a command that a page prints exists, with its flags. Complete ones stand in blocks; between
// backticks arguments may be missing.
func TestEveryCommandOfThePagesIsOne(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, page := range append(pages, "../../README.md", "../../UPGRADE.md", "../../SECURITY.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "```") {
			commands := regexp.MustCompile("`(?:bin/)?usher ([a-z][^`<\n]*)`").FindAllStringSubmatch(part, -1)
			if i%2 == 1 {
				commands = regexp.MustCompile(`(?m)(?:^|\| |\|\| )usher ([a-z][^#|<>&\n]*)`).FindAllStringSubmatch(part, -1)
			}
			for _, command := range commands {
				seen++
				if err := parses(words(command[1])); err != nil && (i%2 == 1 || !strings.HasPrefix(err.Error(), "expected ")) {
					t.Errorf("%s: usher %s: %v", page, command[1], err)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d commands were found", seen)
	}
}

// parses reads a command as main does, and runs nothing.
func parses(args []string) error {
	parser, err := kong.New(newCLI(), kong.Name("usher"), helpVars())
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

// words splits a command as a shell does that knows double quotes alone.
func words(command string) (all []string) {
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}
