package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	// MaxFileLines is the most lines that a file written by hand may have, tests included.
	MaxFileLines = 500
	// MaxFuncLines is the most lines that a function outside tests may have, from its first to its
	// last.
	MaxFuncLines = 80
)

// Source is one hand-written file.
type Source struct {
	// Path is relative to the repository's root, with slashes.
	Path string
	// Lines is the number of lines.
	Lines int
	// File and Set hold the syntax of a Go file; both are nil for other files.
	File *ast.File
	Set  *token.FileSet
}

// IsTest reports whether the file is compiled into tests only.
func (s Source) IsTest() bool { return strings.HasSuffix(s.Path, "_test.go") }

// notOurs are directories without hand-written files.
var notOurs = []string{".git", "bin", "data", "gen", "node_modules", "third_party", "testdata", "tmp"}

// written are the extensions of the files that the size limit applies to.
var written = []string{".go", ".proto", ".sql", ".sh", ".html", ".css"}

// Sources reads every hand-written file below root.
func Sources(root fs.FS) ([]Source, error) {
	var sources []Source
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(notOurs, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(written, path.Ext(name)) {
			return nil
		}
		source, generated, err := read(root, name)
		if err == nil && !generated {
			sources = append(sources, source)
		}
		return err
	})
	return sources, err
}

func read(root fs.FS, name string) (source Source, generated bool, err error) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return Source{}, false, err
	}
	source = Source{Path: name, Lines: bytes.Count(text, []byte("\n"))}
	if path.Ext(name) != ".go" {
		return source, false, nil
	}
	source.Set = token.NewFileSet()
	source.File, err = parser.ParseFile(source.Set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return Source{}, false, fmt.Errorf("parsing %s: %w", name, err)
	}
	return source, ast.IsGenerated(source.File), nil
}
